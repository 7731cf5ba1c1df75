import { constants, lstat, open, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Reads a file of the `.git` directory of a work tree as latin1 text: a regular file of at most `maxBytes` that no link leads to, `.git`
 * itself included. A fifo does not block, and a file that grows meanwhile is not read on. Throws an `Error`; its `code` is `ENOENT` only
 * where `.git` is a directory and lacks the file.
 */
export async function readGitFile(workTree: string, name: string, maxBytes: number): Promise<string> {
  const gitDir = join(workTree, ".git");
  const found = await lstat(gitDir).catch(() => undefined);
  if (found?.isDirectory() !== true) throw new Error(".git is not a directory");
  const folder = join(await realpath(gitDir), dirname(name));
  if ((await realpath(folder)) !== folder) throw new Error(`${name} lies behind a link`);
  const handle = await open(join(gitDir, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || stat.size > maxBytes) throw new Error(`${name} is not a small file`);
    const buffer = Buffer.alloc(stat.size);
    const { bytesRead } = await handle.read(buffer, 0, stat.size, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await handle.close();
  }
}
