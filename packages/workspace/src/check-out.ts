import { randomUUID } from "node:crypto";
import { constants, copyFile, mkdir, readdir, readFile, realpath, stat, utimes, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { makeEmptyDirectory, toWriteFailure, writeGitDirectory } from "./git-directory.ts";
import type { Baseline, Checkout } from "./workspace-contract.ts";
import { runWorkspaceGit } from "./workspace-git.ts";

/**
 * Makes a work tree of the baseline in `directory` (absent or empty), with a `.git` of its own: all objects copied, none linked or
 * borrowed; branch `main`, clean; no remote, hook or exclusion. Submodules are empty folders. Throws `WORKSPACE_DIRECTORY_IN_USE`,
 * `WORKSPACE_WRITE_FAILED` and what `runGit` throws.
 */
export async function checkOut(baseline: Baseline, directory: string): Promise<Checkout> {
  await makeEmptyDirectory(resolve(directory));
  const workTree = await realpath(directory);
  const gitDir = join(workTree, ".git");
  try {
    await writeOwnGitDirectory(baseline, gitDir);
  } catch (thrown) {
    throw toWriteFailure(gitDir, thrown);
  }
  const indexFile = join(gitDir, "index");
  await Promise.all([
    copyObjects(join(baseline.gitDir, "objects"), join(gitDir, "objects")),
    runWorkspaceGit(baseline, { args: ["read-tree", "--reset", "-u", baseline.tree], workTree, indexFile }),
  ]);
  return { directory: workTree, index: await copyIndex(baseline, indexFile), tree: baseline.tree };
}

/**
 * Copies an index to a new private file. The copy must not look younger than the original: git trusts stat data that is older than its
 * index, and compares contents only where a file could have been written after it ("racy git").
 */
export async function copyIndex(baseline: Baseline, from: string): Promise<string> {
  const to = join(baseline.gitDir, "indexes", randomUUID());
  try {
    const { mtimeMs } = await stat(from);
    await copyFile(from, to);
    const wholeSeconds = Math.floor(mtimeMs / 1_000);
    await utimes(to, wholeSeconds, wholeSeconds);
  } catch (thrown) {
    throw toWriteFailure(to, thrown);
  }
  return to;
}

async function writeOwnGitDirectory(baseline: Baseline, gitDir: string): Promise<void> {
  const shallow = baseline.shallow ? await readFile(join(baseline.gitDir, "shallow")) : null;
  await writeGitDirectory(gitDir, { bare: false, objectFormat: baseline.objectFormat, shallow });
  await writeFile(join(gitDir, "refs/heads/main"), `${baseline.commit}\n`);
}

/** A clone of the file system's blocks where it offers that, else a copy; never a link. */
async function copyObjects(from: string, to: string): Promise<void> {
  try {
    await Promise.all(
      (await readdir(from, { withFileTypes: true })).map(async (entry) => {
        if (!entry.isDirectory()) return;
        await mkdir(join(to, entry.name), { recursive: true });
        const names = await readdir(join(from, entry.name));
        for (const name of names) {
          await copyFile(join(from, entry.name, name), join(to, entry.name, name), constants.COPYFILE_FICLONE);
        }
      }),
    );
  } catch (thrown) {
    throw toWriteFailure(to, thrown);
  }
}
