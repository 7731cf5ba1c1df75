import { lstat } from "node:fs/promises";
import { join } from "node:path";

/**
 * Whether `relative` names a folder below `root` that no link leads to: each part of it is a real directory. False for anything else: not
 * there, unreadable, absolute, empty, with `.` or `..` as a part. One slash at the end is fine. Never throws. Caller: nobody may write to
 * the folders between this and their use; links above `root` are the caller's own.
 */
export async function isPlainFolder(root: string, relative: string): Promise<boolean> {
  const parts = relative.replace(/\/$/, "").split("/");
  if (parts.some((part) => part === "" || part === "." || part === ".." || part.includes("\0"))) return false;
  let path = root;
  for (const part of parts) {
    path = join(path, part);
    const found = await lstat(path).catch(() => undefined);
    if (found?.isDirectory() !== true) return false;
  }
  return true;
}
