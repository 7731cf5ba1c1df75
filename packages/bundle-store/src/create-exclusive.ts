import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { systemCode } from "@cto/errors";
import { openFlags, writeAll } from "./disk.ts";

const draftPrefix = ".draft-";
const draftLifeMs = 60_000;

/**
 * Creates `file` with all of `bytes`, or not at all: false if anything stands there already, a link included. Of many processes that try,
 * one gets true. File and name are on the disk before it returns.
 *
 * The content is complete before it gets its name (a hard link, which never replaces), so nobody ever reads a part of it.
 */
export function createExclusive(file: string, bytes: Uint8Array, mode = 0o600): boolean {
  const folder = path.dirname(file);
  sweepDrafts(folder);
  const draft = writeDraft(file, bytes, mode);
  try {
    fs.linkSync(draft, file);
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
  syncFolder(folder);
  return true;
}

/** Puts `bytes` in the place of whatever file or link stands at `file`, all or nothing. On the disk before it returns. */
export function replaceDurably(file: string, bytes: Uint8Array, mode = 0o600): void {
  const folder = path.dirname(file);
  sweepDrafts(folder);
  const draft = writeDraft(file, bytes, mode);
  try {
    fs.renameSync(draft, file);
  } catch (error) {
    fs.rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(folder);
}

/** Waits until the names in a folder are on the disk. */
export function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function writeDraft(file: string, bytes: Uint8Array, mode: number): string {
  const name = `${draftPrefix}${path.basename(file)}-${crypto.randomBytes(6).toString("hex")}`;
  const draft = path.join(path.dirname(file), name);
  const fd = fs.openSync(draft, openFlags.create, mode);
  try {
    writeAll(fd, bytes);
    fs.fsyncSync(fd);
    return draft;
  } catch (error) {
    fs.rmSync(draft, { force: true });
    throw error;
  } finally {
    fs.closeSync(fd);
  }
}

/** A draft lives for milliseconds: an old one was left by a process that was killed, and may hold a key. */
function sweepDrafts(folder: string): void {
  for (const name of fs.readdirSync(folder)) {
    if (!name.startsWith(draftPrefix)) continue;
    const draft = path.join(folder, name);
    const stat = fs.lstatSync(draft, { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > draftLifeMs) fs.rmSync(draft, { force: true });
  }
}
