import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { systemCode } from "@cto/errors";
import { isRelativePointer, RUN_FILES } from "@cto/evidence-interface";
import { ensureDirectory, openFlags, sha256, syncFile, writeAll } from "./disk.ts";
import type { RunFile } from "./run-writer.ts";
import { storeError, writeFailed } from "./store-error.ts";

const temporaryPrefix = ".tmp-";
const owned: ReadonlySet<string> = new Set([
  RUN_FILES.live,
  RUN_FILES.events,
  RUN_FILES.trace,
  RUN_FILES.manifest,
  RUN_FILES.attestation,
]);

/**
 * Checks a pointer and returns its absolute path, with the folders above it created. Segments are plain names (letters, digits, `._-`, no leading
 * dot) and not links; the line logs, the manifest and the attestation belong to the writer. Throws `STORE_POINTER_INVALID`.
 */
export function placeFile(directory: string, pointer: string): string {
  const segments = pointer.split("/");
  const plain = segments.every((segment) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(segment));
  if (!plain || !isRelativePointer(pointer) || owned.has(pointer)) {
    const message = `${JSON.stringify(pointer)} may not be written into a run directory.`;
    throw storeError(
      "STORE_POINTER_INVALID",
      message,
      "Use a relative path of plain names that the writer does not own.",
      { pointer },
    );
  }
  let folder = directory;
  try {
    for (const segment of segments.slice(0, -1)) {
      folder = path.join(folder, segment);
      ensureDirectory(folder);
    }
  } catch (error) {
    throw writeFailed(pointer, error);
  }
  return path.join(directory, pointer);
}

/** A file that is complete and synced under a temporary name, waiting for its rename. */
export interface Draft {
  /** Gives the file its name. Sync, so that whoever renames can keep its books in the same step. */
  commit(): RunFile;
  discard(): void;
}

/** Writes `bytes` beside `file` under a temporary name and waits until they are on the disk. */
export async function writeDraft(file: string, pointer: string, bytes: Uint8Array): Promise<Draft> {
  const temporary = path.join(
    path.dirname(file),
    `${temporaryPrefix}${path.basename(file)}-${crypto.randomBytes(6).toString("hex")}`,
  );
  let fd: number | undefined;
  try {
    fd = fs.openSync(temporary, openFlags.create, 0o600);
    writeAll(fd, bytes);
    await syncFile(fd);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw writeFailed(pointer, error);
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
  return {
    commit() {
      try {
        fs.renameSync(temporary, file);
      } catch (error) {
        fs.rmSync(temporary, { force: true });
        throw writeFailed(pointer, error);
      }
      return { path: pointer, bytes: bytes.length, sha256: sha256(bytes) };
    },
    discard() {
      fs.rmSync(temporary, { force: true });
    },
  };
}

/** Moves a regular file to `file`: by rename if it is on the same file system and has no second name, else by copy. Digests what it moves. */
export async function adoptFile(source: string, file: string, pointer: string): Promise<RunFile> {
  let fd: number | undefined;
  try {
    fd = fs.openSync(source, openFlags.read);
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) throw Object.assign(new Error("not a regular file"), { code: "EINVAL" });
    if (fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined)
      throw Object.assign(new Error("something is there that this run did not write"), { code: "EEXIST" });
    if (stat.nlink > 1 || !renames(source, file)) return { path: pointer, ...(await copyFile(fd, source, file)) };
    fs.fchmodSync(fd, 0o600);
    await syncFile(fd);
    return { path: pointer, ...digestFile(fd) };
  } catch (error) {
    throw writeFailed(pointer, error);
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

async function copyFile(from: number, source: string, file: string): Promise<Omit<RunFile, "path">> {
  const to = fs.openSync(file, openFlags.create, 0o600);
  try {
    const digest = digestFile(from, (part) => writeAll(to, part));
    await syncFile(to);
    fs.rmSync(source);
    return digest;
  } catch (error) {
    fs.rmSync(file, { force: true });
    throw error;
  } finally {
    fs.closeSync(to);
  }
}

function renames(source: string, file: string): boolean {
  try {
    fs.renameSync(source, file);
    return true;
  } catch (error) {
    if (systemCode(error) === "EXDEV") return false;
    throw error;
  }
}

/** Size and digest of an open file, read from its start in parts of at most 1 MiB. */
export function digestFile(
  fd: number,
  onPart?: (part: Uint8Array) => void,
): { readonly bytes: number; readonly sha256: string } {
  const hash = crypto.createHash("sha256");
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  let bytes = 0;
  for (;;) {
    const count = fs.readSync(fd, buffer, 0, buffer.length, bytes);
    if (count === 0) return { bytes, sha256: hash.digest("hex") };
    const part = buffer.subarray(0, count);
    hash.update(part);
    onPart?.(part);
    bytes += count;
  }
}

/** The error for a path that already holds a file. */
export function taken(pointer: string): Error {
  return storeError(
    "STORE_POINTER_TAKEN",
    `${pointer} is already there.`,
    "Use another name; logs and adopted files are written once.",
    { pointer },
  );
}

/** The regular files below a run directory, relative and sorted; temporary files of a dead writer apart. Links and other things are not listed. */
export function listRunTree(directory: string): {
  readonly files: readonly string[];
  readonly temporary: readonly string[];
  readonly folders: readonly string[];
} {
  const files: string[] = [];
  const temporary: string[] = [];
  const folders: string[] = [];
  const walk = (prefix: string): void => {
    for (const entry of fs.readdirSync(path.join(directory, prefix), { withFileTypes: true })) {
      const pointer = `${prefix}${entry.name}`;
      if (entry.isDirectory()) {
        folders.push(pointer);
        walk(`${pointer}/`);
      } else if (entry.isFile()) (entry.name.startsWith(temporaryPrefix) ? temporary : files).push(pointer);
    }
  };
  walk("");
  return { files: files.sort(), temporary, folders };
}
