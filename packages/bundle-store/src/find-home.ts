import fs from "node:fs";
import path from "node:path";

/** The nearest ancestor of `cwd` (or `cwd` itself) that has a `cto` folder or a `.git` entry, else `cwd`: an absolute path. `.cto` belongs to it. */
export function findHome(cwd: string): string {
  const start = path.resolve(cwd);
  for (let directory = start; ; directory = path.dirname(directory)) {
    const isHome = fs.existsSync(path.join(directory, ".git")) || isDirectory(path.join(directory, "cto"));
    if (isHome) return directory;
    if (path.dirname(directory) === directory) return start;
  }
}

function isDirectory(candidate: string): boolean {
  return fs.statSync(candidate, { throwIfNoEntry: false })?.isDirectory() === true;
}
