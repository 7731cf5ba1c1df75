import crypto from "node:crypto";
import fs from "node:fs";
import { openFlags, syncFile, writeAll } from "./disk.ts";
import type { RunFile, RunLog } from "./run-writer.ts";
import { storeError, writeFailed } from "./store-error.ts";

/** The bytes that all logs, live lines and adopted files of a run may take together. Once a demand did not fit, nothing fits any more. */
export interface ArtifactBudget {
  /** How many of `bytes` may still be written. */
  take(bytes: number): number;
  readonly exceeded: boolean;
}

/** Starts a budget; `onExceeded` is called once. */
export function createArtifactBudget(limit: number, onExceeded: () => void): ArtifactBudget {
  let left = limit;
  let exceeded = false;
  return {
    take(bytes) {
      if (exceeded) return 0;
      const granted = Math.min(bytes, left);
      left -= granted;
      if (granted < bytes) {
        exceeded = true;
        onExceeded();
      }
      return granted;
    },
    get exceeded() {
      return exceeded;
    },
  };
}

/** A RunLog whose file stays open until `release`, so that its bytes can be synced at the seal. */
export interface OpenRawLog extends RunLog {
  sync(): Promise<void>;
  release(): void;
}

/** Starts a raw log. `pointer` is its path in the run directory. */
export function openRawLog(file: string, pointer: string, budget: ArtifactBudget): OpenRawLog {
  const hash = crypto.createHash("sha256");
  let fd = create(file, pointer);
  let bytes = 0;
  let truncated = false;
  let failure: Error | undefined;
  let finished: RunFile | undefined;
  return {
    write(chunk) {
      if (failure !== undefined) throw failure;
      if (finished !== undefined) {
        throw storeError("STORE_WRITER_CLOSED", `${pointer} is finished.`, "Write before it is closed.", {
          file: pointer,
        });
      }
      const granted = budget.take(chunk.length);
      truncated ||= granted < chunk.length;
      try {
        writeAll(fd, chunk.subarray(0, granted), (part) => {
          hash.update(part);
          bytes += part.length;
        });
      } catch (error) {
        truncated = true;
        failure = writeFailed(pointer, error);
        throw failure;
      }
    },
    get bytes() {
      return bytes;
    },
    get truncated() {
      return truncated;
    },
    close() {
      finished ??= { path: pointer, bytes, sha256: hash.digest("hex") };
      return finished;
    },
    async sync() {
      if (fd >= 0) await syncFile(fd);
    },
    release() {
      if (fd >= 0) fs.closeSync(fd);
      fd = -1;
    },
  };
}

function create(file: string, pointer: string): number {
  try {
    return fs.openSync(file, openFlags.createLog, 0o600);
  } catch (error) {
    throw writeFailed(pointer, error);
  }
}
