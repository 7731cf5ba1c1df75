import fs from "node:fs";
import path from "node:path";
import { CtoError } from "@cto/errors";
import { type BundleFacts, type LedgerEntry, RUN_FILES, toCanonicalJson } from "@cto/evidence-interface";
import { readMarker } from "../active-marker.ts";
import { sha256 } from "../disk.ts";
import { type Ledger, readLedger } from "../ledger.ts";
import { runNames } from "../run-index.ts";
import { readFailed } from "../store-error.ts";
import { checkRoot, type StorePlaces, toStorePlaces } from "../store-root.ts";
import { stampBundle } from "./bundle-stamp.ts";
import type { Evidence, EvidenceCache, EvidenceOptions } from "./evidence.ts";
import { type KnownBundle, type KnownBundles, openKnownBundles } from "./evidence-cache.ts";
import { type BundleJudgement, verifyWithContents } from "./verify-with-contents.ts";

type Sealed = Extract<LedgerEntry, { kind: "sealed" }>;
type Judged<Value> =
  | { readonly kind: "verified"; readonly known: KnownBundle<Value> }
  | { readonly kind: "refused"; readonly reason: string };

/** A bundle whose youngest file is younger than this is not kept: a second change could hide behind the same time stamp. */
const settledMs = 2_000;

/**
 * Walks the ledger from its newest entry to its oldest and says of each what became of its bundle; first come sealed bundles that it does not have. Each
 * one is read when it is its turn, so a caller may stop early. Writes nothing but the cache, when the walk ends. Throws `STORE_HOME_UNSAFE`, `STORE_READ_FAILED`.
 */
export function* iterateEvidence<Value>(options: EvidenceOptions<Value>): Generator<Evidence<Value>, void, undefined> {
  const places = toStorePlaces(options.home, Date.now, 0);
  const { names, ledger } = open(places);
  const known = options.cache === null ? null : openKnownBundles(places, withTrust(options.cache, options.signatures));
  const judge = (runId: string): Judged<Value> => judgeRun(places.runDirectory(runId), options, known);
  try {
    yield* unlistedRuns(places, names, ledger.entries, judge);
    yield* listedRuns(places, ledger, judge);
  } finally {
    known?.save((runId) => isDirectory(places.runDirectory(runId)));
  }
}

/** A verdict depends on whose keys are trusted. */
function withTrust<Value>(cache: EvidenceCache<Value>, signatures: BundleFacts["signatures"]): EvidenceCache<Value> {
  return {
    ...cache,
    version: `${cache.version} ${sha256(toCanonicalJson(signatures?.trusted ?? null))} ${signatures !== undefined}`,
  };
}

/** The directories come first: a run that is sealed in between is then in the ledger and not among them. */
function open(places: StorePlaces): { readonly names: readonly string[]; readonly ledger: Ledger } {
  try {
    if (!checkRoot(places)) return { names: [], ledger: { entries: [], notes: [], breaks: [] } };
    const isSealed = (name: string): boolean => fs.existsSync(path.join(places.runDirectory(name), RUN_FILES.manifest));
    const names = runNames(places).filter(isSealed);
    return { names, ledger: readLedger(places) };
  } catch (error) {
    throw readFailed(".cto", error);
  }
}

function* unlistedRuns<Value>(
  places: StorePlaces,
  names: readonly string[],
  entries: readonly LedgerEntry[],
  judge: (runId: string) => Judged<Value>,
): Generator<Evidence<Value>> {
  const listed = new Set(entries.filter(({ kind }) => kind === "sealed").map(({ run_id }) => run_id));
  for (const run_id of names) {
    // A run at work has its manifest a moment before its line.
    if (listed.has(run_id) || readMarker(places, run_id) === "alive") continue;
    const judged = judge(run_id);
    const reason = `run ${run_id} is not in the ledger${judged.kind === "refused" ? `, and ${judged.reason}` : ""}`;
    const value = judged.kind === "verified" ? judged.known.value : null;
    yield { state: "unlisted", n: null, run_id, mode: null, value, reason };
  }
}

function* listedRuns<Value>(
  places: StorePlaces,
  { breaks, entries }: Ledger,
  judge: (runId: string) => Judged<Value>,
): Generator<Evidence<Value>> {
  const removed = new Set(entries.filter(({ kind }) => kind === "removed").map(({ run_id }) => run_id));
  // A run is as old as its first line: a second one would carry it past what came in between.
  const firstLines = new Map(
    entries
      .filter(({ kind }) => kind === "sealed")
      .toReversed()
      .map((entry) => [entry.run_id, entry]),
  );
  const notesBefore = new Map<number, string[]>();
  for (const { before, note } of breaks) notesBefore.set(before, [note, ...(notesBefore.get(before) ?? [])]);
  for (let index = entries.length; index >= 0; index -= 1) {
    const entry = entries[index];
    if (entry?.kind === "sealed") {
      const isRepeated = firstLines.get(entry.run_id) !== entry;
      yield judgeEntry(places, entry, { isRemoved: removed.has(entry.run_id), isRepeated }, judge);
    } else if (entry !== undefined && entry.manifest_sha256 !== null && !firstLines.has(entry.run_id)) {
      const { n, run_id } = entry;
      yield {
        state: "removed",
        n,
        run_id,
        mode: null,
        reason: `run ${run_id} was removed, and the ledger never had it`,
      };
    }
    for (const note of notesBefore.get(index) ?? [])
      yield { state: "gap", n: index, run_id: null, mode: null, reason: note.replace(/\.$/, "") };
  }
}

function judgeEntry<Value>(
  places: StorePlaces,
  { manifest_sha256, mode, n, run_id }: Sealed,
  { isRemoved, isRepeated }: { readonly isRemoved: boolean; readonly isRepeated: boolean },
  judge: (runId: string) => Judged<Value>,
): Evidence<Value> {
  const refuse = (state: "broken" | "missing" | "removed", reason: string): Evidence<Value> => ({
    state,
    n,
    run_id,
    mode,
    reason,
  });
  if (isRemoved) return refuse("removed", `run ${run_id} was removed`);
  if (isRepeated) return refuse("broken", `run ${run_id} stands in the ledger twice`);
  if (!isDirectory(places.runDirectory(run_id)))
    return refuse("missing", `run ${run_id} is in the ledger and not on the disk`);
  const judged = judge(run_id);
  if (judged.kind === "refused") return refuse("broken", judged.reason);
  const { known } = judged;
  if (known.manifest_sha256 !== manifest_sha256)
    return refuse("broken", `run ${run_id} is not the bundle that the ledger says was sealed`);
  if (known.mode !== mode)
    return {
      state: "broken",
      n,
      run_id,
      mode: null,
      reason: `the ledger says ${mode} of run ${run_id}, which is ${known.mode}`,
    };
  return { state: "verified", n, run_id, mode, manifest_sha256, value: known.value };
}

function judgeRun<Value>(
  directory: string,
  { derive, signatures }: EvidenceOptions<Value>,
  known: KnownBundles<Value> | null,
): Judged<Value> {
  const runId = path.basename(directory);
  const before = known === null ? undefined : stampBundle(directory);
  const cached = known?.get(runId);
  if (cached !== undefined && cached.stamp === before?.stamp) return { kind: "verified", known: cached };
  const judgement = judgeOrRefuse(directory, signatures);
  if (judgement.kind === "refused") return judgement;
  const { bundle, mode } = judgement;
  const { manifest_sha256 } = bundle;
  const fresh = { stamp: before?.stamp ?? "", mode, manifest_sha256, value: derive(bundle) };
  const isSettled = before !== undefined && Date.now() - before.changedMs > settledMs;
  if (isSettled && stampBundle(directory)?.stamp === before.stamp) known?.set(runId, fresh);
  return { kind: "verified", known: fresh };
}

/** A directory that cannot be read to its end, or that changes meanwhile, proves nothing. */
function judgeOrRefuse(directory: string, signatures: BundleFacts["signatures"]): BundleJudgement {
  try {
    return verifyWithContents(directory, signatures);
  } catch (error) {
    if (!CtoError.is(error)) throw error;
    return { kind: "refused", reason: `run ${path.basename(directory)} cannot be read` };
  }
}

function isDirectory(place: string): boolean {
  return fs.lstatSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
}
