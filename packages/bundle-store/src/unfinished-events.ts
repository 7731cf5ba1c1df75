import fs from "node:fs";
import path from "node:path";
import { RUN_FILES } from "@cto/evidence-interface";
import { openFlags, readBytes } from "./disk.ts";

/** What counts of the event log of a run without a manifest. */
export interface UnfinishedEvents {
  /** The complete lines, each with its LF, without a final `run.completed`: what a dead process concluded was never sealed. */
  readonly lines: readonly string[];
  /** Length of these lines in bytes. */
  readonly bytes: number;
  /** Bytes after the last complete line, which a crash cut short. */
  readonly tornBytes: number;
}

/** Reads the event log of a run directory; a missing one is empty. */
export function readUnfinishedEvents(directory: string): UnfinishedEvents {
  const content = readBytes(path.join(directory, RUN_FILES.events)) ?? Buffer.alloc(0);
  const end = content.lastIndexOf(10) + 1;
  const all = content.toString("utf8", 0, end).match(/[^\n]*\n/g) ?? [];
  const isConcluded = isConclusion(all.at(-1));
  return {
    lines: isConcluded ? all.slice(0, -1) : all,
    bytes: isConcluded && end > 1 ? content.lastIndexOf(10, end - 2) + 1 : end,
    tornBytes: content.length - end,
  };
}

function isConclusion(line: string | undefined): boolean {
  try {
    const value: unknown = JSON.parse(line ?? "");
    return typeof value === "object" && value !== null && "event" in value && value.event === "run.completed";
  } catch {
    return false;
  }
}

/** Cuts the event log down to what counts. */
export function cutToUnfinishedEvents(directory: string): void {
  const { bytes } = readUnfinishedEvents(directory);
  const fd = fs.openSync(path.join(directory, RUN_FILES.events), openFlags.resumeLog, 0o600);
  try {
    fs.ftruncateSync(fd, bytes);
  } finally {
    fs.closeSync(fd);
  }
}
