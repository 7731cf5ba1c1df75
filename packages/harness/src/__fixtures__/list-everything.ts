import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Name, inode, size, mode, link count, times and bytes of everything below a folder: what "untouched" means. */
export function listEverything(folder: string): readonly string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).sort().map((name) => {
    const path = join(folder, name);
    const { ctimeNs, ino, mode, mtimeNs, nlink, size } = lstatSync(path, { bigint: true });
    const bytes = lstatSync(path).isFile() ? readFileSync(path, "base64") : "";
    return [name, ino, mode, size, nlink, mtimeNs, ctimeNs, bytes].join(" ");
  });
}
