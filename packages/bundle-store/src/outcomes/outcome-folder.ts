import fs from "node:fs";
import path from "node:path";
import { openFlags, syncDirectory, syncFile, writeAll } from "../disk.ts";
import { writeFailed } from "../store-error.ts";

/** Contents by file name. */
export type OutcomeFiles = ReadonlyMap<string, Uint8Array>;

/** Writes a record under a hidden name, all of it on the disk when it returns. Replaces what was there. Throws `STORE_WRITE_FAILED`. */
export async function prepareRecord(folder: string, files: OutcomeFiles): Promise<void> {
  await guarded(folder, async () => {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { mode: 0o700 });
    await Promise.all([...files].map(([name, bytes]) => writeNew(path.join(folder, name), bytes)));
    await Promise.all([folder, path.dirname(folder)].map(syncDirectory));
  });
}

/** Renames a prepared record. Never replaces one that is there: a record is not changed. Throws `STORE_WRITE_FAILED`. */
export async function publishRecord(prepared: string, folder: string): Promise<void> {
  await guarded(folder, async () => {
    // A rename replaces an empty directory.
    if (fs.lstatSync(folder, { throwIfNoEntry: false }) !== undefined)
      throw Object.assign(new Error("it is there already"), { code: "EEXIST" });
    fs.renameSync(prepared, folder);
    await syncDirectory(path.dirname(folder));
  });
}

/** Removes a prepared record, if there is one. Throws `STORE_WRITE_FAILED`. */
export async function discardRecord(prepared: string): Promise<void> {
  if (fs.lstatSync(prepared, { throwIfNoEntry: false }) === undefined) return;
  await guarded(prepared, async () => {
    fs.rmSync(prepared, { recursive: true, force: true });
    await syncDirectory(path.dirname(prepared));
  });
}

async function writeNew(file: string, bytes: Uint8Array): Promise<void> {
  const fd = fs.openSync(file, openFlags.create, 0o600);
  try {
    writeAll(fd, bytes);
    await syncFile(fd);
  } finally {
    fs.closeSync(fd);
  }
}

async function guarded(folder: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw writeFailed(`outcomes/${path.basename(folder)}`, error);
  }
}
