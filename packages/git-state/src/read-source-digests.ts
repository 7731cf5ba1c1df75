import { createHash, type Hash } from "node:crypto";
import { createReadStream, type Dirent, lstatSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { messageOf, systemCode } from "@cto/errors";
import type { SourceDigests } from "@cto/evidence-interface";
import { readFilterOverrides } from "./filter-overrides.ts";
import { createGitError } from "./git-error.ts";
import type { Repository } from "./read-repository.ts";
import { runGit } from "./run-git.ts";

/**
 * Digests of all that a run must leave as it is: HEAD and refs by their bytes, the index by its entries and their flags (git itself refreshes its times
 * whenever somebody looks), `git status` by its output, `.git/objects` by the names, sizes and link counts below it. Two results are equal if nothing of that changed. Writes nothing. Throws `GIT_UNREADABLE` and
 * what `runGit` throws.
 */
export async function readSourceDigests(
  repository: Pick<Repository, "kind" | "topLevel" | "gitDir" | "commonDir">,
): Promise<SourceDigests> {
  const { gitDir, commonDir } = repository;
  const [head, index, status, refs, objects] = await Promise.all([
    digestFiles(gitDir, ["HEAD"]),
    digestIndex(repository),
    digestStatus(repository),
    digestRefs(gitDir, commonDir),
    digestObjects(join(commonDir, "objects")),
  ]);
  return { head, index, status, refs, objects };
}

async function digestStatus({ kind, topLevel }: Pick<Repository, "kind" | "topLevel">): Promise<string> {
  const hash = createHash("sha256");
  if (kind === "bare") return hash.update("bare").digest("hex");
  await runGit({
    args: [
      "status",
      "--porcelain=v2",
      "-z",
      "--untracked-files=all",
      "--ignored=no",
      "--ignore-submodules=dirty",
      "--no-renames",
    ],
    place: { kind: "directory", path: topLevel },
    config: await readFilterOverrides(topLevel),
    onStdout: (chunk) => void hash.update(chunk),
  });
  return hash.digest("hex");
}

/** Mode, object, stage and name of every entry, with the letter that tells assume-unchanged and skip-worktree. */
async function digestIndex({
  gitDir,
  kind,
  topLevel,
}: Pick<Repository, "kind" | "topLevel" | "gitDir">): Promise<string> {
  if (kind === "bare") return digestFiles(gitDir, ["index"]);
  const hash = createHash("sha256");
  await runGit({
    args: ["ls-files", "--stage", "-v", "-z", "--full-name"],
    place: { kind: "directory", path: topLevel },
    onStdout: (chunk) => void hash.update(chunk),
  });
  return hash.digest("hex");
}

/** A linked work tree has refs of its own besides the shared ones. */
async function digestRefs(gitDir: string, commonDir: string): Promise<string> {
  const hash = createHash("sha256");
  for (const root of gitDir === commonDir ? [commonDir] : [commonDir, gitDir]) {
    const files = ["packed-refs"];
    for await (const entry of walk(join(root, "refs"))) {
      if (!entry.isDirectory()) files.push(relative(root, entry.path));
    }
    hash.update(await digestFiles(root, files));
  }
  return hash.digest("hex");
}

/** Names, sizes and link counts: an object that is replaced in place, or linked from elsewhere, shows. */
async function digestObjects(directory: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const entry of walk(directory)) {
    if (entry.isDirectory()) continue;
    const found = lstatSync(entry.path, { throwIfNoEntry: false });
    hash.update(`${entry.path.slice(directory.length)}\0${found?.size}\0${found?.nlink}\0`);
  }
  return hash.digest("hex");
}

/** Over name, presence and bytes of every file, so that a missing file and an empty one differ. */
async function digestFiles(root: string, names: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const name of names) {
    const content = createHash("sha256");
    const present = await hashFile(join(root, name), content);
    hash.update(`${name}\0${present ? content.digest("hex") : "absent"}\0`);
  }
  return hash.digest("hex");
}

async function hashFile(path: string, hash: Hash): Promise<boolean> {
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
    return true;
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return false;
    throw unreadable(path, thrown);
  }
}

interface WalkedEntry {
  readonly path: string;
  isDirectory(): boolean;
}

/** Everything below a directory, in the order of names. Gives way to other work after every directory. */
async function* walk(directory: string): AsyncGenerator<WalkedEntry> {
  await new Promise((resolve) => setImmediate(resolve));
  for (const entry of readSorted(directory)) {
    const path = join(directory, entry.name);
    yield { path, isDirectory: () => entry.isDirectory() };
    if (entry.isDirectory()) yield* walk(path);
  }
}

function readSorted(directory: string): Dirent[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return [];
    throw unreadable(directory, thrown);
  }
}

function unreadable(path: string, cause: unknown) {
  return createGitError("GIT_UNREADABLE", `cannot read ${path}: ${messageOf(cause)}`, {
    hint: "Check the permissions inside the repository's git directory.",
    cause,
  });
}
