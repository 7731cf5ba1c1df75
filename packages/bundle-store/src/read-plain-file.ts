import fs from "node:fs";
import { systemCode } from "@cto/errors";
import { openFlags } from "./disk.ts";

/** What stands at a path. `unsafe` is something that is no plain file of a fair size, in words that follow "is". */
export type PlainFile =
  | { readonly kind: "absent" }
  | { readonly kind: "unsafe"; readonly what: string; readonly isLink: boolean }
  | { readonly kind: "file"; readonly bytes: Buffer; readonly stat: fs.Stats };

/**
 * Reads a small file that somebody else may have put there: follows no link in the last segment, waits for no pipe, and reads at most
 * `max` bytes. What is judged and what is read is one open file. Throws the system's error if it cannot be opened or read.
 */
export function readPlainFile(file: string, max: number): PlainFile {
  let fd: number;
  try {
    fd = fs.openSync(file, openFlags.read);
  } catch (error) {
    const system = systemCode(error);
    if (system === "ENOENT") return { kind: "absent" };
    if (system === "ELOOP") return { kind: "unsafe", what: "a symbolic link", isLink: true };
    // A socket cannot be opened at all.
    if (system === "ENXIO") return { kind: "unsafe", what: "no regular file", isLink: false };
    throw error;
  }
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile())
      return { kind: "unsafe", what: stat.isDirectory() ? "a directory" : "no regular file", isLink: false };
    const bytes = readUpTo(fd, max + 1);
    if (bytes.length > max) return { kind: "unsafe", what: `larger than ${max} bytes`, isLink: false };
    return { kind: "file", bytes, stat };
  } finally {
    fs.closeSync(fd);
  }
}

/** The size of a file may lie or change while it is read, so only what was read counts. */
function readUpTo(fd: number, max: number): Buffer {
  const parts: Buffer[] = [];
  for (let left = max; left > 0; ) {
    const part = Buffer.allocUnsafe(Math.min(left, 64 * 1024));
    const count = fs.readSync(fd, part, 0, part.length, null);
    if (count === 0) break;
    parts.push(part.subarray(0, count));
    left -= count;
  }
  return Buffer.concat(parts);
}
