import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { throwIfCanceled } from "./throw-if-canceled.ts";

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const chunkBytes = 1024 * 1024;
const shared = Buffer.allocUnsafe(chunkBytes);

/**
 * The SHA-256 of a regular file, in lower-case hex. Reads in chunks and lets other work in between, an abort for one. Throws
 * `WORKSPACE_CANCELED`, and if the file is not the one with this inode any more, or not of this size; never reads on for long then.
 */
export async function hashFile(
  path: string | Buffer,
  expected: { readonly ino: bigint; readonly size: number },
  signal: AbortSignal | undefined,
): Promise<string> {
  // The name may have become a fifo or a link since it was looked at: neither block nor follow.
  const fd = openSync(path, flags);
  try {
    if (fstatSync(fd, { bigint: true }).ino !== expected.ino)
      throw new Error("the file was replaced while it was read");
    const hash = createHash("sha256");
    let total = 0;
    for (let read = readSync(fd, shared); read > 0 && total <= expected.size; read = readSync(fd, shared)) {
      hash.update(shared.subarray(0, read));
      total += read;
      if (read < chunkBytes) continue;
      await new Promise((resolve) => setImmediate(resolve));
      throwIfCanceled(signal);
    }
    if (total !== expected.size) throw new Error("the file grew or shrank while it was read");
    return hash.digest("hex");
  } finally {
    closeSync(fd);
  }
}
