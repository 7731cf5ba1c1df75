import fs from "node:fs";
import path from "node:path";
import { RUN_FILES, type RunBundle, runBundleSchema } from "@cto/evidence-interface";
import { readMarker, releaseMarker, removeMarker, takeMarker } from "./active-marker.ts";
import { DirectoryWriter } from "./directory-writer.ts";
import { readJsonFile, sha256 } from "./disk.ts";
import { withLock } from "./numbered-lock.ts";
import { publishRun } from "./publish-run.ts";
import { giveRoomBack } from "./reserved-room.ts";
import { listRunTree } from "./run-tree.ts";
import type { RunWriter, SealOptions } from "./run-writer.ts";
import { readFailed, storeError } from "./store-error.ts";
import { ensureRoot, type StorePlaces } from "./store-root.ts";
import { readUnfinishedEvents } from "./unfinished-events.ts";
import { verifyRunDirectory } from "./verify-run-directory.ts";

/** An unfinished run whose process is dead. */
export interface InterruptedRun {
  readonly runId: string;
  readonly directory: string;
  /** `unsealed`: it needs documents and a seal. `unlisted`: it is sealed, only its ledger line or the removal of its marker is missing. */
  readonly kind: "unsealed" | "unlisted";
  /** `run.json` as it stands; null if it is missing, unreadable or about another run. */
  readonly run: RunBundle | null;
  /** The complete lines of `events.normalized.jsonl`, each with its LF, without a final `run.completed` that was never sealed. */
  readonly eventLines: readonly string[];
  /** Bytes after the last complete line of the event log: a line that the crash cut short. They are removed when the run is closed. */
  readonly tornBytes: number;
  /** Paths of the files that are there, relative, sorted. */
  readonly files: readonly string[];
}

/** What came of closing a run. `not-ours`: another command closed it first, or it was alive after all. `dropped`: it had not one file. */
export type CloseOutcome =
  | { readonly kind: "closed"; readonly manifestSha256: string; readonly notes: readonly string[] }
  | { readonly kind: "dropped" }
  | { readonly kind: "not-ours" };

/** What is in the directory when `build` is called. It counts, not an `InterruptedRun`, which may be older: another command may have tried since. */
export interface UnsealedState {
  /** For `createEventChain` as `previous`: these very lines are in the log. */
  readonly eventLines: readonly string[];
  /** Complete lines in `events.ndjson`. */
  readonly liveCount: number;
  /** Paths of the files that the dead process left and that count, sorted; the line logs are not among them. */
  readonly files: readonly string[];
}

/** What the harness writes before an interrupted run is sealed. */
export type BuildInterrupted = (writer: RunWriter, state: UnsealedState) => Promise<SealOptions>;

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
    const { lines, tornBytes } = readUnfinishedEvents(directory);
    const run = runBundleSchema.safeParse(readJsonFile(path.join(directory, RUN_FILES.run))).data;
    return {
      runId,
      directory,
      kind: files.includes(RUN_FILES.manifest) ? "unlisted" : "unsealed",
      run: run?.run_id === runId ? run : null,
      eventLines: lines,
      tornBytes,
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
 * Closes a dead run: makes this process its owner, removes what the dead one concluded (report, review, observer files, a final `run.completed`: never
 * sealed), lets `build` write them anew, with the missing events and run.json, and seals. A document that `build` writes over one that was left moves
 * that one to `.cto/tmp/<run id>/unsealed/`. A run that is sealed already only gets its ledger line, without `build`, if it verifies: else throws
 * `STORE_RUN_INVALID`. Either line says `recovered`. Of two commands that try at once, one wins. If `build` or the seal throws, the run stays unfinished: anybody can close or remove it at once.
 */
export async function closeInterrupted(
  places: StorePlaces,
  { runId }: InterruptedRun,
  build: BuildInterrupted,
): Promise<CloseOutcome> {
  ensureRoot(places);
  if (!(await becomeOwner(places, runId))) return { kind: "not-ours" };
  try {
    return await closeOwned(places, describe(places, runId), build);
  } catch (error) {
    releaseMarker(places, runId);
    throw error;
  }
}

function becomeOwner(places: StorePlaces, runId: string): Promise<boolean> {
  const lock = {
    directory: path.join(places.folder("locks"), "recovery"),
    what: "the recovery of runs",
    waitMs: places.lockWaitMs,
  };
  return withLock(lock, () => {
    if (readMarker(places, runId) !== "dead") return false;
    takeMarker(places, runId);
    return true;
  });
}

async function closeOwned(places: StorePlaces, run: InterruptedRun, build: BuildInterrupted): Promise<CloseOutcome> {
  const { directory, runId } = run;
  if (run.files.length === 0) {
    if (isDirectory(directory)) fs.rmSync(directory, { recursive: true });
    giveRoomBack(places.reserveFile(runId));
    removeMarker(places, runId);
    return { kind: "dropped" };
  }
  const mode = run.run?.mode ?? "unknown";
  if (run.kind === "unlisted") {
    checkSealed(directory, runId);
    const manifestSha256 = sha256(fs.readFileSync(path.join(directory, RUN_FILES.manifest)));
    const notes = await publishRun(places, { runId, mode, manifestSha256, mayBeListed: true, recovered: true });
    return { kind: "closed", manifestSha256, notes };
  }
  const writer = new DirectoryWriter({ places, runId, mode, resume: true, artifactBytes: Number.MAX_SAFE_INTEGER });
  try {
    const files = writer.files().map((file) => file.path);
    const state = { eventLines: run.eventLines, liveCount: writer.live.resumed.lines, files };
    const { manifestSha256, notes } = await writer.seal(await build(writer, state));
    return { kind: "closed", manifestSha256, notes };
  } finally {
    writer.release();
  }
}

/** Anybody can put a directory and a marker there: what does not verify as this run gets no line. */
function checkSealed(directory: string, runId: string): void {
  const { findings, run_id, verdict } = verifyRunDirectory(directory);
  if ((verdict === "unsigned" || verdict === "valid") && run_id === runId) return;
  throw storeError(
    "STORE_RUN_INVALID",
    `The sealed run ${runId} does not verify (${run_id === runId ? verdict : `it is the run ${run_id ?? "of nobody"}`}).`,
    `\`cto verify ${runId}\` shows every finding; \`cto runs rm ${runId}\` removes it.`,
    { run_id: runId, codes: findings.slice(0, 5).map(({ code }) => code) },
  );
}
