import crypto from "node:crypto";
import fs from "node:fs";
import { openFlags, syncFile, writeAll } from "./disk.ts";
import { storeError, writeFailed } from "./store-error.ts";

/** An append-only log of lines: one writer, each line whole or not at all, digested on the way. */
export interface LineLog {
  append(line: string): void;
  sync(): Promise<void>;
  readonly bytes: number;
  /** Lines that were there when a log was resumed, and bytes after them that were cut off. */
  readonly resumed: { readonly lines: number; readonly torn: number };
  /** The digest of all that was written. The log stays open for `sync`; nothing may be appended afterwards. */
  finish(): { readonly bytes: number; readonly sha256: string };
  close(): void;
}

/** Starts a log, or with `resume` goes on behind the last complete line of one that a dead process left. `name` stands in errors. */
export function openLineLog(file: string, name: string, resume: boolean): LineLog {
  const hash = crypto.createHash("sha256");
  let fd = open(file, name, resume);
  const kept = resume ? cutToLines(fd, name, hash) : { bytes: 0, lines: 0, torn: 0 };
  let bytes = kept.bytes;
  let digest: string | undefined;
  return {
    append(line) {
      if (fd < 0 || digest !== undefined)
        throw storeError("STORE_WRITER_CLOSED", `${name} is finished.`, "Append before the run is sealed.", {
          file: name,
        });
      if (line === "" || line.indexOf("\n") !== line.length - 1)
        throw storeError(
          "STORE_LINE_INVALID",
          `A line of ${name} must end in its only LF.`,
          "Append one line at a time.",
          { file: name },
        );
      const content = Buffer.from(line);
      try {
        writeAll(fd, content);
      } catch (error) {
        fs.ftruncateSync(fd, bytes);
        throw writeFailed(name, error);
      }
      hash.update(content);
      bytes += content.length;
    },
    async sync() {
      if (fd >= 0) await syncFile(fd);
    },
    get bytes() {
      return bytes;
    },
    resumed: { lines: kept.lines, torn: kept.torn },
    finish() {
      digest ??= hash.digest("hex");
      return { bytes, sha256: digest };
    },
    close() {
      if (fd >= 0) fs.closeSync(fd);
      fd = -1;
    },
  };
}

function open(file: string, name: string, resume: boolean): number {
  try {
    return fs.openSync(file, resume ? openFlags.resumeLog : openFlags.createLog, 0o600);
  } catch (error) {
    throw writeFailed(name, error);
  }
}

function cutToLines(
  fd: number,
  name: string,
  hash: crypto.Hash,
): { readonly bytes: number; readonly lines: number; readonly torn: number } {
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  let size = 0;
  let end = 0;
  let lines = 0;
  try {
    for (;;) {
      const count = fs.readSync(fd, buffer, 0, buffer.length, size);
      if (count === 0) break;
      for (let at = buffer.indexOf(10); at >= 0 && at < count; at = buffer.indexOf(10, at + 1)) {
        lines += 1;
        end = size + at + 1;
      }
      size += count;
    }
    if (end < size) fs.ftruncateSync(fd, end);
    for (let from = 0; from < end; ) {
      const count = fs.readSync(fd, buffer, 0, Math.min(buffer.length, end - from), from);
      if (count === 0) break;
      hash.update(buffer.subarray(0, count));
      from += count;
    }
  } catch (error) {
    throw writeFailed(name, error);
  }
  return { bytes: end, lines, torn: size - end };
}
