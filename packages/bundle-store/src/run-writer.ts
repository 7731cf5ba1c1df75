import type { JsonObject } from "@cto/errors";
import type { RunBundle } from "@cto/evidence-interface";

/** A finished file of a run directory. `path` is relative to it. */
export interface RunFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** One raw log of a run. It has one writer, counts against the artifact budget and is digested while it is written. */
export interface RunLog {
  /** Appends at once. Past the artifact budget the rest is dropped and `truncated` is set. Throws `STORE_WRITE_FAILED` if the disk refuses. */
  write(chunk: Uint8Array): void;
  /** Bytes on disk so far. */
  readonly bytes: number;
  /** True if anything that was handed over is not on disk. */
  readonly truncated: boolean;
  /** Ends the log and returns its final size and digest. Idempotent. */
  close(): RunFile;
}

export interface CreateRunOptions {
  readonly runId: string;
  /** Written as `run.json` at once, with lifecycle `running`. */
  readonly run: RunBundle;
  /** Upper bound in bytes for all logs, live lines and adopted files together (`budget.artifact_bytes`). */
  readonly artifactBytes: number;
  /** Bytes kept free for report, events and manifest, so that they fit on a disk that is full by then. Default 1 MiB. */
  readonly reserveBytes?: number;
  /** Called once, when the artifact budget is first exceeded. */
  readonly onBudgetExceeded?: () => void;
}

export interface SealOptions {
  readonly eventCount: number;
  readonly chainHead: string;
}

export interface SealResult {
  readonly manifestSha256: string;
  readonly files: readonly RunFile[];
  /** Sentences about something that was found and mended on the way, such as a torn last line of the ledger, or that could not be done after the seal. Usually empty. */
  readonly notes: readonly string[];
}

/**
 * The one writer of a run directory. Nothing that it wrote counts as a bundle before `seal` returned: a directory without
 * `manifest.json` is incomplete. Every method throws `STORE_WRITE_FAILED` if the disk refuses (details.system holds ENOSPC, EFBIG, ...)
 * `STORE_POINTER_INVALID` for a path that is not a plain relative one, and `STORE_WRITER_CLOSED` after `seal` or `abandon`.
 */
export interface RunWriter {
  readonly runId: string;
  /** Absolute path of the run directory. */
  readonly directory: string;
  /** Replaces a file as a whole: temporary name, fsync, rename. A JSON object is written as canonical JSON and LF (`EVIDENCE_NOT_JSON` if it cannot be). What a dead writer left there moves to `.cto/tmp/<run id>/unsealed/` first, but for `run.json`. Call many at once: their fsyncs overlap. */
  writeDocument(pointer: string, content: JsonObject | string | Uint8Array): Promise<RunFile>;
  /** Starts a log at its final name. Throws `STORE_POINTER_TAKEN` if the file exists. */
  openLog(pointer: string): RunLog;
  /** Appends one line (with its LF) to `events.normalized.jsonl`, whole or not at all. Does not count against the budget. */
  appendEvent(line: string): void;
  /** Appends one line to `events.ndjson`. Past the artifact budget it is dropped and false is returned. */
  appendLive(line: string): boolean;
  /** Appends one line to `trace.jsonl`. Does not count against the budget. */
  appendTrace(line: string): void;
  /** Waits until the three line logs are on the disk: call it at stage borders. */
  syncEvents(): Promise<void>;
  /** Moves a finished regular file into the run directory, by rename or by copy across file systems. `STORE_POINTER_TAKEN` if this run has one. Counts against the budget, but is kept. */
  adopt(pointer: string, absolutePath: string): Promise<RunFile>;
  /** Every finished file, sorted by path: documents, closed logs and adopted files, not the logs that are still open. */
  files(): readonly RunFile[];
  /** True once the artifact budget was exceeded. */
  readonly budgetExceeded: boolean;
  /** Gives the reserved room back. Done by itself when a document or an event meets a full disk, and by `seal`. */
  releaseReserve(): void;
  /**
   * Ends all logs, writes `manifest.json` last, then the ledger line, the latest pointer, and removes the active marker. It rejects only if there is
   * no manifest: afterwards the run is sealed, what fails stands in `notes`, and the run is found again as `unlisted`.
   */
  seal(options: SealOptions): Promise<SealResult>;
  /** Closes what is open and leaves the directory incomplete for good, for a disk that cannot even take the manifest. A sealed run stays sealed. */
  abandon(): void;
}
