import { randomUUID } from "node:crypto";
import { constants, copyFile, mkdir, readdir, readFile, realpath, stat, utimes, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { makeEmptyDirectory, writeBelow, writeGitDirectory } from "./git-directory.ts";
import { markSubmodules } from "./mark-submodules.ts";
import { throwIfCanceled } from "./throw-if-canceled.ts";
import type { Baseline, Checkout } from "./workspace-contract.ts";
import { runWorkspaceGit } from "./workspace-git.ts";

export interface CheckOutOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a work tree of the baseline in `directory` (absent or empty), with a `.git` of its own: all objects copied, none linked or
 * borrowed; branch `main`, clean; no remote, hook or exclusion. Submodules are empty folders. Throws `WORKSPACE_DIRECTORY_IN_USE`,
 * `WORKSPACE_WRITE_FAILED`, `WORKSPACE_CANCELED` and what `runGit` throws.
 */
export async function checkOut(
  baseline: Baseline,
  directory: string,
  { signal }: CheckOutOptions = {},
): Promise<Checkout> {
  throwIfCanceled(signal);
  await makeEmptyDirectory(resolve(directory));
  const workTree = await realpath(directory);
  const gitDir = join(workTree, ".git");
  await writeBelow(gitDir, () => writeOwnGitDirectory(baseline, gitDir));
  const indexFile = join(gitDir, "index");
  await Promise.all([
    writeBelow(gitDir, () => copyObjects(join(baseline.gitDir, "objects"), join(gitDir, "objects"), signal)),
    runWorkspaceGit(baseline, { args: ["read-tree", "--reset", "-u", baseline.tree], workTree, indexFile, signal }),
  ]);
  const index = await copyIndex(baseline, indexFile);
  await markSubmodules(baseline, { workTree, indexFile: index }, signal);
  return { directory: workTree, index, tree: baseline.tree };
}

/**
 * Copies an index to a new private file. The copy must not look younger than the original: git trusts stat data that is older than its
 * index, and compares contents only where a file could have been written after it ("racy git").
 */
export async function copyIndex(baseline: Baseline, from: string): Promise<string> {
  const to = join(baseline.gitDir, "indexes", randomUUID());
  await writeBelow(to, async () => {
    const { mtimeMs } = await stat(from);
    await copyFile(from, to);
    const wholeSeconds = Math.floor(mtimeMs / 1_000);
    await utimes(to, wholeSeconds, wholeSeconds);
  });
  return to;
}

async function writeOwnGitDirectory(baseline: Baseline, gitDir: string): Promise<void> {
  const shallow = baseline.shallow ? await readFile(join(baseline.gitDir, "shallow")) : null;
  await writeGitDirectory(gitDir, { bare: false, objectFormat: baseline.objectFormat, shallow });
  await writeFile(join(gitDir, "refs/heads/main"), `${baseline.commit}\n`);
}

/** A clone of the file system's blocks where it offers that, else a copy; never a link. */
async function copyObjects(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
  for (const directory of await readdir(from)) {
    await mkdir(join(to, directory), { recursive: true });
    for (const name of await readdir(join(from, directory))) {
      throwIfCanceled(signal);
      await copyFile(join(from, directory, name), join(to, directory, name), constants.COPYFILE_FICLONE);
    }
  }
}
