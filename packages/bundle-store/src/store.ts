import fs from "node:fs";
import path from "node:path";
import { type ApprovalStore, createApprovalStore } from "./approvals/approval-store.ts";
import { createRun } from "./create-run.ts";
import { fileDigest } from "./digest-cache.ts";
import { ensureDirectory, openFlags, writeAll } from "./disk.ts";
import {
  type BuildInterrupted,
  type CloseOutcome,
  closeInterrupted,
  findInterrupted,
  type InterruptedRun,
} from "./interrupted-runs.ts";
import { createKeyStore, type KeyStore } from "./keys/key-store.ts";
import { type Ledger, readLedger } from "./ledger.ts";
import { createOutcomeStore, type OutcomeStore } from "./outcomes/outcome-store.ts";
import { removeRun } from "./remove-run.ts";
import { type ResolvedRun, resolveRun } from "./resolve-run.ts";
import { isRunId, listRuns, type RunRow, runNames } from "./run-index.ts";
import type { CreateRunOptions, RunWriter } from "./run-writer.ts";
import { readFailed, storeError, writeFailed } from "./store-error.ts";
import { checkRoot, ensureRoot, toStorePlaces } from "./store-root.ts";

export interface StoreOptions {
  /** The directory that `.cto` belongs to, see `findHome`. */
  readonly home: string;
  /** Milliseconds since the epoch. Default: the system clock. */
  readonly now?: () => number;
  /** How long to wait for another process that holds a lock, in milliseconds. Default 10,000. */
  readonly lockWaitMs?: number;
}

/** The `.cto` folder of one home. Every method throws `STORE_HOME_UNSAFE` if it or a folder in it is a link, somebody else's, or writable by others. */
export interface Store {
  readonly home: string;
  /** Absolute path of `.cto`. */
  readonly root: string;
  /** Private keys; see `readTrustedKeys` for the public ones. */
  readonly keys: KeyStore;
  readonly approvals: ApprovalStore;
  readonly outcomes: OutcomeStore;
  /** Starts a run: its directory, its marker and `run.json`. Throws `STORE_RUN_EXISTS`, `STORE_NOT_WRITABLE`, `STORE_WRITE_FAILED`; then there is no run. */
  createRun(options: CreateRunOptions): Promise<RunWriter>;
  /** All runs, newest first; keeps a cache in `.cto/index`. */
  listRuns(): readonly RunRow[];
  /** Absolute paths of all run directories, sorted by name. Writes nothing. */
  listRunDirectories(): readonly string[];
  /** See `resolveRun`; `cwd` (default: the process's) is for selectors that are paths. Writes nothing. */
  resolveRun(selector: string, options?: { readonly cwd?: string }): ResolvedRun;
  /** Writes nothing. */
  readLedger(): Ledger;
  /** Runs whose process is dead and that nobody has closed yet. Writes nothing. */
  findInterrupted(): readonly InterruptedRun[];
  /** Closes one of them. Throws what `build` throws; the run can be tried again or removed then. */
  closeInterrupted(run: InterruptedRun, build: BuildInterrupted): Promise<CloseOutcome>;
  /** Removes a run of this store with its work tree and quarantine, and notes it in the ledger. Throws `STORE_RUN_RUNNING`, `STORE_RUN_NOT_FOUND`. */
  removeRun(selector: string): Promise<{ readonly runId: string; readonly notes: readonly string[] }>;
  /** Lower-case hex SHA-256 of any file, cached. Throws `STORE_READ_FAILED`. */
  fileDigest(file: string): Promise<string>;
  /** Keeps bytes that may not stand in a bundle (0600). Returns the path relative to `home`. Throws `STORE_POINTER_INVALID`. */
  writeQuarantine(runId: string, name: string, bytes: Uint8Array): string;
}

/** Opens the store of a home directory. Touches nothing: `.cto` is created, 0700 and ignored by git, by the first write. */
export function openStore(options: StoreOptions): Store {
  const places = toStorePlaces(options.home, options.now ?? Date.now, options.lockWaitMs ?? 10_000);
  const read = <Result>(work: () => Result): Result => {
    try {
      checkRoot(places);
      return work();
    } catch (error) {
      throw readFailed(".cto", error);
    }
  };
  const store: Store = {
    home: places.home,
    root: places.root,
    keys: createKeyStore(places),
    approvals: createApprovalStore(places),
    outcomes: createOutcomeStore(places),
    createRun: (run) => createRun(places, run),
    listRuns: () => read(() => listRuns(places)),
    listRunDirectories: () => read(() => runNames(places).map(places.runDirectory)),
    resolveRun: (selector, { cwd = process.cwd() } = {}) => read(() => resolveRun(places, selector, cwd)),
    readLedger: () => read(() => readLedger(places)),
    findInterrupted: () => read(() => findInterrupted(places)),
    closeInterrupted: (run, build) => closeInterrupted(places, run, build),
    async removeRun(selector) {
      const { runId, directory } = store.resolveRun(selector);
      if (directory !== places.runDirectory(runId)) {
        throw storeError(
          "STORE_RUN_NOT_FOUND",
          `${selector} is not a run of this store.`,
          "Only runs in .cto/runs are removed here.",
          { selector },
        );
      }
      return { runId, notes: await removeRun(places, runId) };
    },
    fileDigest: (file) => fileDigest(places, file),
    writeQuarantine(runId, name, bytes) {
      ensureRoot(places);
      if (!isRunId(runId) || !/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(name)) {
        throw storeError(
          "STORE_POINTER_INVALID",
          `${JSON.stringify(name)} is no plain file name.`,
          "Use letters, digits, dots and hyphens.",
          { pointer: name },
        );
      }
      return writeQuarantine(places.folder("quarantine"), runId, name, bytes);
    },
  };
  return store;
}

function writeQuarantine(folder: string, runId: string, name: string, bytes: Uint8Array): string {
  const shown = `.cto/quarantine/${runId}/${name}`;
  try {
    ensureDirectory(path.join(folder, runId));
    const fd = fs.openSync(path.join(folder, runId, name), openFlags.create, 0o600);
    try {
      writeAll(fd, bytes);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    throw writeFailed(shown, error);
  }
  return shown;
}
