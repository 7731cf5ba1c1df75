// @ts-check
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const ignored = new Set(["node_modules", "dist", ".turbo", ".git"]);

/**
 * One digest over the names and bytes of files and folders; build products and installed packages are left out.
 * What does not exist counts as absent, so that its appearance changes the digest.
 * @param {string} root
 * @param {readonly string[]} paths relative to `root`
 * @param {(path: string) => boolean} [wanted] of the files found below a folder
 */
export function digestOf(root, paths, wanted = () => true) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap((entry) => filesBelow(join(root, entry))).sort()) {
    const name = relative(root, path);
    if (!wanted(name)) continue;
    hash.update(`${name}\0`).update(createHash("sha256").update(readFileSync(path)).digest());
  }
  return hash.digest("hex");
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesBelow(path) {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
      const child = join(path, entry.name);
      if (entry.isDirectory()) return ignored.has(entry.name) ? [] : filesBelow(child);
      return entry.isFile() ? [child] : [];
    });
  } catch (thrown) {
    const code = /** @type {NodeJS.ErrnoException} */ (thrown).code;
    if (code === "ENOTDIR") return [path];
    if (code === "ENOENT") return [];
    throw thrown;
  }
}

/**
 * True if the stamp file holds exactly this digest.
 * @param {string} stamp
 * @param {string} digest
 */
export function isStamped(stamp, digest) {
  try {
    return readFileSync(stamp, "utf8") === digest;
  } catch {
    return false;
  }
}

/**
 * Written only after the stamped work is done; replaced in one step.
 * @param {string} stamp
 * @param {string} digest
 */
export function writeStamp(stamp, digest) {
  mkdirSync(dirname(stamp), { recursive: true });
  const fresh = `${stamp}.${process.pid}`;
  writeFileSync(fresh, digest);
  renameSync(fresh, stamp);
}
