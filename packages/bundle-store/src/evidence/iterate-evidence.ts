import fs from "node:fs";
import path from "node:path";
import { type BundleFacts, type LedgerEntry, RUN_FILES, toCanonicalJson } from "@cto/evidence-interface";
import { isAtWork } from "../active-marker.ts";
import { sha256 } from "../disk.ts";
import { type Ledger, readLedger } from "../ledger.ts";
import { runNames } from "../run-index.ts";
import { readFailed } from "../store-error.ts";
import { checkRoot, type StorePlaces, toStorePlaces } from "../store-root.ts";
import type { Evidence, EvidenceCache, EvidenceOptions } from "./evidence.ts";
import { openKnownBundles } from "./evidence-cache.ts";
import { type Judged, judgeBundle } from "./judge-bundle.ts";
import { findNamedRuns, type NamedRun } from "./lost-runs.ts";

type Sealed = Extract<LedgerEntry, { kind: "sealed" }>;
type Judge<Value> = (runId: string) => Judged<Value>;

/** What a walk goes through. `asks` is false for runs whose judgement nobody wants. */
interface Walk<Value> {
  readonly places: StorePlaces;
  readonly judge: Judge<Value>;
  readonly asks: (runId: string) => boolean;
}

/** What stands in a home. */
interface Records {
  /** Sealed runs that nobody works on. */
  readonly names: readonly string[];
  /** Runs that the ledger lacks and something else names, newest first. */
  readonly lost: readonly NamedRun[];
  readonly ledger: Ledger;
}

/**
 * Walks the ledger from its newest entry to its oldest and says of each what became of its bundle; first come sealed bundles that it does not have. Each
 * one is read when it is its turn, so a caller may stop early. Writes nothing but the cache, when the walk ends. Throws `STORE_HOME_UNSAFE`, `STORE_READ_FAILED`.
 */
export function* iterateEvidence<Value>(options: EvidenceOptions<Value>): Generator<Evidence<Value>, void, undefined> {
  yield* walkEvidence(options, () => true);
}

/**
 * What `iterateEvidence` says of one run, without a look at the others. `verified` only if that is all it says: one line in the ledger, no tombstone, and no gap
 * behind it. Null if it says nothing. Throws the same.
 */
export function readEvidenceOf<Value>(
  runId: string,
  options: Omit<EvidenceOptions<Value>, "cache">,
): Evidence<Value> | null {
  let found: Evidence<Value> | null = null;
  let gap: Evidence<Value> | null = null;
  for (const item of walkEvidence({ ...options, cache: null }, (one) => one === runId)) {
    if (item.run_id === runId && (found === null || found.state === "verified")) found = item;
    if (item.state === "gap" && found === null) gap ??= item;
  }
  return found?.state === "verified" ? (gap ?? found) : found;
}

function* walkEvidence<Value>(
  options: EvidenceOptions<Value>,
  asks: (runId: string) => boolean,
): Generator<Evidence<Value>, void, undefined> {
  const places = toStorePlaces(options.home, Date.now, 0);
  const records = open(places);
  const known = options.cache === null ? null : openKnownBundles(places, withTrust(options.cache, options.signatures));
  const walk: Walk<Value> = { places, asks, judge: (runId) => judgeBundle(places, runId, options, known) };
  try {
    yield* unlistedRuns(walk, records);
    yield* listedRuns(walk, records);
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

/** The ledger comes last: a run that is sealed or ends in between is then in it. */
function open(places: StorePlaces): Records {
  try {
    if (!checkRoot(places)) return { names: [], lost: [], ledger: { entries: [], notes: [], breaks: [] } };
    // A run at work has its manifest a moment before its line.
    const isSealed = (name: string): boolean =>
      fs.existsSync(path.join(places.runDirectory(name), RUN_FILES.manifest)) && !isAtWork(places, name);
    const names = runNames(places).filter(isSealed);
    const named = findNamedRuns(places);
    const ledger = readLedger(places);
    const listed = new Set(ledger.entries.map(({ run_id }) => run_id));
    const lost = named.filter(({ run_id }) => !listed.has(run_id)).sort((a, b) => b.at - a.at);
    return { names, lost, ledger };
  } catch (error) {
    throw readFailed(".cto", error);
  }
}

function* unlistedRuns<Value>(
  { asks, judge }: Walk<Value>,
  { ledger, names }: Records,
): Generator<Evidence<Value>, void, undefined> {
  const listed = new Set(ledger.entries.filter(({ kind }) => kind === "sealed").map(({ run_id }) => run_id));
  for (const run_id of names) {
    if (listed.has(run_id) || !asks(run_id)) continue;
    const judged = judge(run_id);
    const reason = `run ${run_id} is not in the ledger${judged.kind === "refused" ? `, and ${judged.reason}` : ""}`;
    const value = judged.kind === "verified" ? judged.known.value : null;
    yield { state: "unlisted", n: null, run_id, mode: null, value, reason };
  }
}

function* listedRuns<Value>(
  walk: Walk<Value>,
  { ledger: { breaks, entries }, lost }: Records,
): Generator<Evidence<Value>, void, undefined> {
  const removed = new Set(entries.filter(({ kind }) => kind === "removed").map(({ run_id }) => run_id));
  // A run is as old as its first line: a second one would carry it past what came in between.
  const firstLines = new Map(
    entries
      .filter(({ kind }) => kind === "sealed")
      .toReversed()
      .map((entry) => [entry.run_id, entry]),
  );
  const lostLeft = lost.toReversed();
  const breaksLeft = [...breaks];
  for (let index = entries.length; index >= 0; index -= 1) {
    const entry = entries[index];
    // A run that is lost stood behind everything that was written before the record that names it.
    const since = entry === undefined ? Number.POSITIVE_INFINITY : Date.parse(entry.created_at);
    for (const one of takeWhile(lostLeft, ({ at }) => at >= since)) yield toLost(one, index + 1);
    const found =
      entry !== undefined && walk.asks(entry.run_id) ? judgeEntry(walk, entry, { firstLines, removed }) : null;
    if (found !== null) yield found;
    for (const { note } of takeWhile(breaksLeft, ({ before }) => before >= index))
      yield toGap(note.replace(/\.$/, ""), index);
  }
  yield* lostLeft.toReversed().map((one) => toLost<Value>(one, 0));
}

/** Takes items off the end of a list as long as they fit. */
function* takeWhile<Item>(items: Item[], fits: (item: Item) => boolean): Generator<Item, void, undefined> {
  for (let last = items.at(-1); last !== undefined && fits(last); last = items.at(-1)) {
    items.pop();
    yield last;
  }
}

/** The ledger by runs. */
interface Lines {
  readonly firstLines: ReadonlyMap<string, LedgerEntry>;
  readonly removed: ReadonlySet<string>;
}

function judgeEntry<Value>(
  walk: Walk<Value>,
  entry: LedgerEntry,
  { firstLines, removed }: Lines,
): Evidence<Value> | null {
  const { n, run_id } = entry;
  const first = firstLines.get(run_id);
  if (entry.kind === "removed") {
    if (entry.manifest_sha256 === null || first !== undefined) return null;
    const reason = `run ${run_id} was removed, and the ledger never had it`;
    return { state: "removed", n, run_id, mode: null, reason };
  }
  if (removed.has(run_id)) return refuse(entry, "removed", `run ${run_id} was removed`);
  if (first !== entry) return refuse(entry, "broken", `run ${run_id} stands in the ledger twice`);
  return judgeSealed(walk, entry);
}

function judgeSealed<Value>({ judge, places }: Walk<Value>, entry: Sealed): Evidence<Value> {
  const { manifest_sha256, mode, n, recovered, run_id } = entry;
  if (!isDirectory(places.runDirectory(run_id)))
    return refuse(entry, "missing", `run ${run_id} is in the ledger and not on the disk`);
  const judged = judge(run_id);
  if (judged.kind === "refused") return refuse(entry, "broken", judged.reason);
  const { known } = judged;
  if (known.manifest_sha256 !== manifest_sha256)
    return refuse(entry, "broken", `run ${run_id} is not the bundle that the ledger says was sealed`);
  if (known.mode !== mode) {
    const reason = `the ledger says ${mode} of run ${run_id}, which is ${known.mode}`;
    return { state: "broken", n, run_id, mode: null, reason };
  }
  if (recovered !== true) return { state: "verified", n, run_id, mode, manifest_sha256, value: known.value };
  const reason = `run ${run_id} came into the ledger after a crash, by another process than its own`;
  return { state: "recovered", n, run_id, mode, value: known.value, reason };
}

function refuse<Value>(
  { mode, n, run_id }: Sealed,
  state: "broken" | "missing" | "removed",
  reason: string,
): Evidence<Value> {
  return { state, n, run_id, mode, reason };
}

function toLost<Value>({ by, run_id }: NamedRun, n: number): Evidence<Value> {
  return toGap(`run ${run_id} is not in the ledger, and ${by} names it`, n);
}

function toGap<Value>(reason: string, n: number): Evidence<Value> {
  return { state: "gap", n, run_id: null, mode: null, reason };
}

function isDirectory(place: string): boolean {
  return fs.lstatSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
}
