import crypto from "node:crypto";
import fs from "node:fs";
import { openFlags, sha256 } from "./disk.ts";
import { readFailed } from "./store-error.ts";

/** What one pass over a file gave. `content` is null unless it was wanted and within the limit. */
export interface ReadOnce {
  readonly bytes: number;
  /** Null if the file is large and not worth reading. */
  readonly sha256: string | null;
  readonly content: Uint8Array | null;
}

const partBytes = 1024 * 1024;
/** From here on it is asked first whether a file is worth reading: a sparse one can claim any size. */
const largeBytes = 64 * 1024 * 1024;

/**
 * Size and digest of an open file from one pass; with `keep` > 0 also its bytes, if there are at most that many: the very bytes that were digested.
 * `isWorthReading` is asked about the size of a large file. `scratch` is any buffer; files that fit into it cost one read. Larger ones are read in parts of 1 MiB.
 */
export function readOnce(
  fd: number,
  scratch: Buffer,
  keep: number,
  isWorthReading: (size: number) => boolean,
): ReadOnce {
  const count = fs.readSync(fd, scratch, 0, scratch.length, null);
  const first = scratch.subarray(0, count);
  if (count < scratch.length)
    return { bytes: count, sha256: sha256(first), content: keep > 0 ? Buffer.from(first) : null };
  const { size } = fs.fstatSync(fd);
  if (size > largeBytes && !isWorthReading(size)) return { bytes: size, sha256: null, content: null };
  if (size > keep) return { ...digestRest(fd, first), content: null };
  const content = readRest(fd, first, size);
  return { bytes: size, sha256: sha256(content), content };
}

function readRest(fd: number, first: Buffer, size: number): Uint8Array {
  const all = Buffer.allocUnsafe(size + 1);
  let end = first.copy(all);
  for (let count = 1; count > 0 && end < all.length; end += count)
    count = fs.readSync(fd, all, end, all.length - end, null);
  if (end !== size) throw new Error("the file changed while it was read");
  return all.subarray(0, size);
}

function digestRest(fd: number, first: Buffer): { readonly bytes: number; readonly sha256: string } {
  const hash = crypto.createHash("sha256").update(first);
  const part = Buffer.allocUnsafe(partBytes);
  let bytes = first.length;
  for (;;) {
    const count = fs.readSync(fd, part, 0, part.length, null);
    if (count === 0) return { bytes, sha256: hash.digest("hex") };
    hash.update(part.subarray(0, count));
    bytes += count;
  }
}

/** The bytes of a file that is too large to be kept, in parts. Throws `STORE_READ_FAILED` at its end if they are not those of the digest. */
export function* readAgain(file: string | Buffer, name: string, digest: string): Generator<Uint8Array> {
  const hash = crypto.createHash("sha256");
  const part = Buffer.allocUnsafe(partBytes);
  let fd: number | undefined;
  try {
    fd = fs.openSync(file, openFlags.read);
    for (let count = 1; count > 0; ) {
      count = fs.readSync(fd, part, 0, part.length, null);
      hash.update(part.subarray(0, count));
      yield part.subarray(0, count);
    }
    if (hash.digest("hex") !== digest) throw new Error("the file changed while it was read");
  } catch (error) {
    throw readFailed(name, error);
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}
