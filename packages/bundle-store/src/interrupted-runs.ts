import fs from "node:fs";
import path from "node:path";
import { RUN_FILES, type RunBundle, runBundleSchema } from "@cto/evidence-interface";
import { readMarker, removeMarker, takeMarker } from "./active-marker.ts";
import { DirectoryWriter } from "./directory-writer.ts";
import { readJsonFile, readTextFile, sha256 } from "./disk.ts";
import { appendLedger, readLedger, withLedger, writeLatest } from "./ledger.ts";
import { withLock } from "./numbered-lock.ts";
import { listRunTree } from "./run-tree.ts";
import type { RunWriter, SealOptions } from "./run-writer.ts";
import { readFailed } from "./store-error.ts";
import type { StorePlaces } from "./store-root.ts";

/** An unfinished run whose process is dead. */
export interface InterruptedRun {
  readonly runId: string;
  readonly directory: string;
  /** `unsealed`: it needs documents and a seal. `unlisted`: it is sealed, only its ledger line or the removal of its marker is missing. */
  readonly kind: "unsealed" | "unlisted";
  /** `run.json` as it stands; null if it is missing or unreadable. */
  readonly run: RunBundle | null;
  /** The complete lines of `events.normalized.jsonl`, each with its LF: hand them to `createEventChain` as `previous`. */
  readonly eventLines: readonly string[];
  /** Bytes after the last complete line of the event log: a line that the crash cut short. They are removed when the run is closed. */
  readonly tornBytes: number;
  /** Paths of the files that are there, relative, sorted. */
  readonly files: readonly string[];
}

/** What came of closing a run. `not-ours`: another command closed it first, or it was alive after all. `dropped`: nothing but a marker was left of it. */
export type CloseOutcome =
  | { readonly kind: "closed"; readonly manifestSha256: string; readonly notes: readonly string[] }
  | { readonly kind: "dropped" }
  | { readonly kind: "not-ours" };

/** What the harness writes before an interrupted run is sealed. `liveCount` is the number of complete lines in `events.ndjson`. */
export type BuildInterrupted = (writer: RunWriter, state: { readonly liveCount: number }) => Promise<SealOptions>;

/** All runs with an active marker whose process is dead. Writes nothing. Costs one look at the (nearly always empty) folder of markers. */
export function findInterrupted(places: StorePlaces): readonly InterruptedRun[] {
  return markedRuns(places)
    .filter((runId) => readMarker(places, runId) === "dead")
    .map((runId) => describe(places, runId));
}

function markedRuns(places: StorePlaces): readonly string[] {
  const folder = places.folder("active");
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((name) => /^[a-z0-9][a-z0-9-]{0,127}$/.test(name))
    .sort();
}

function describe(places: StorePlaces, runId: string): InterruptedRun {
  const directory = places.runDirectory(runId);
  try {
    const files = isDirectory(directory) ? listRunTree(directory).files : [];
    const text = readTextFile(path.join(directory, RUN_FILES.events)) ?? "";
    const complete = text.slice(0, text.lastIndexOf("\n") + 1);
    return {
      runId,
      directory,
      kind: files.includes(RUN_FILES.manifest) ? "unlisted" : "unsealed",
      run: runBundleSchema.safeParse(readJsonFile(path.join(directory, RUN_FILES.run))).data ?? null,
      eventLines: complete.match(/[^\n]*\n/g) ?? [],
      tornBytes: Buffer.byteLength(text.slice(complete.length)),
      files,
    };
  } catch (error) {
    throw readFailed(`runs/${runId}`, error);
  }
}

function isDirectory(directory: string): boolean {
  return fs.lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Closes a dead run: makes this process its owner, removes the report, review and observer files that the dead one may have written (they were
 * never sealed), lets `build` write them anew, with the missing events and run.json, and seals. A run that
 * is sealed already only gets its ledger line; `build` is not called then. Of two commands that try at once, one wins. If `build` throws,
 * the run stays unfinished and can be closed again once this process has ended.
 */
export async function closeInterrupted(
  places: StorePlaces,
  run: InterruptedRun,
  build: BuildInterrupted,
): Promise<CloseOutcome> {
  const { runId } = run;
  const lock = {
    directory: path.join(places.folder("locks"), "recovery"),
    what: "the recovery of runs",
    waitMs: places.lockWaitMs,
  };
  const isOurs = await withLock(lock, () => {
    if (readMarker(places, runId) !== "dead") return false;
    takeMarker(places, runId);
    return true;
  });
  if (!isOurs) return { kind: "not-ours" };
  const now = describe(places, runId);
  if (!isDirectory(now.directory)) {
    removeMarker(places, runId);
    return { kind: "dropped" };
  }
  const mode = now.run?.mode ?? "unknown";
  if (now.kind === "unlisted") return publish(places, now, mode);
  const writer = new DirectoryWriter({ places, runId, mode, resume: true, artifactBytes: Number.MAX_SAFE_INTEGER });
  try {
    const sealed = await writer.seal(await build(writer, { liveCount: writer.live.resumed.lines }));
    return { kind: "closed", manifestSha256: sealed.manifestSha256, notes: sealed.notes };
  } finally {
    writer.release();
  }
}

function publish(places: StorePlaces, run: InterruptedRun, mode: string): Promise<CloseOutcome> {
  const manifestSha256 = sha256(fs.readFileSync(path.join(run.directory, RUN_FILES.manifest)));
  return withLedger(places, async () => {
    const ledger = readLedger(places);
    const isListed = ledger.entries.some((entry) => entry.kind === "sealed" && entry.run_id === run.runId);
    const fact = { kind: "sealed", run_id: run.runId, mode, manifest_sha256: manifestSha256 } as const;
    const notes = isListed ? [] : await appendLedger(places, fact);
    if (!isListed || ledger.entries.at(-1)?.run_id === run.runId) writeLatest(places, run.runId);
    removeMarker(places, run.runId);
    return { kind: "closed", manifestSha256, notes };
  });
}
