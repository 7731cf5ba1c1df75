import path from "node:path";
import { withLock } from "../numbered-lock.ts";
import { isRunId } from "../run-index.ts";
import { storeError } from "../store-error.ts";
import { ensureRecordFolder, type StorePlaces } from "../store-root.ts";
import { discardRecord, type OutcomeFiles, prepareRecord, publishRecord } from "./outcome-folder.ts";
import { type OutcomeReading, type ReadOutcomeOptions, readOutcomeFolder } from "./verify-outcome-folder.ts";

/** Decisions of people about runs: `.cto/outcomes/<run id>/`. */
export interface OutcomeStore {
  /**
   * Judges the record of a run with `verifyOutcome`, against the run's bundle as it stands on the disk and `cto/keys/trusted.json`. Writes
   * nothing. The caller sees to it that the bundle verifies. Throws what `readTrustedKeys` throws, and `STORE_HOME_UNSAFE`.
   */
  read(runId: string, options?: ReadOutcomeOptions): OutcomeReading;
  /** Runs `work` while nobody else decides about the run. Throws `STORE_LOCKED`, `STORE_WRITE_FAILED`, `STORE_POINTER_INVALID`, and what `work` throws. */
  decide<Result>(runId: string, work: (draft: OutcomeDraft) => Promise<Result>): Promise<Result>;
}

/**
 * A record on its way. It is written in full under a hidden name before the thing that it tells of is done, and gets its name after that: whoever dies in
 * between leaves a prepared record, from which the next one sees what was to be done.
 */
export interface OutcomeDraft {
  /** Judges a prepared record that somebody left. */
  readPrepared(options?: ReadOutcomeOptions): OutcomeReading;
  /** Writes all files; they and their names are on the disk when it returns. Replaces what was prepared before. */
  prepare(files: OutcomeFiles): Promise<void>;
  /** Gives the prepared record its name. Throws `STORE_WRITE_FAILED` if there is one already. */
  publish(): Promise<void>;
  /** Removes what is prepared, if anything. */
  discard(): Promise<void>;
}

/** The outcome store of a home. Touches nothing. */
export function createOutcomeStore(places: StorePlaces): OutcomeStore {
  return {
    read(runId, options = {}) {
      checkRunId(runId);
      return readOutcomeFolder(places, { runId, name: runId }, options);
    },
    async decide(runId, work) {
      checkRunId(runId);
      const folder = ensureRecordFolder(places, "outcomes");
      const directory = path.join(places.folder("locks"), `outcome-${runId}`);
      const prepared = path.join(folder, preparedName(runId));
      const draft: OutcomeDraft = {
        readPrepared: (options = {}) => readOutcomeFolder(places, { runId, name: preparedName(runId) }, options),
        prepare: (files) => prepareRecord(prepared, files),
        publish: () => publishRecord(prepared, path.join(folder, runId)),
        discard: () => discardRecord(prepared),
      };
      return withLock({ directory, what: `the outcome of ${runId}`, waitMs: places.lockWaitMs }, () => work(draft));
    },
  };
}

/** No run id begins with a dot. */
function preparedName(runId: string): string {
  return `.prepared-${runId}`;
}

function checkRunId(runId: string): void {
  if (isRunId(runId)) return;
  throw storeError("STORE_POINTER_INVALID", `${JSON.stringify(runId)} is no run id.`, "`cto runs list` shows them.", {
    pointer: runId,
  });
}
