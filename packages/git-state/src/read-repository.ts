import { readFile, realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { CtoError, messageOf, oneLine, systemCode } from "@cto/errors";
import { toPathText } from "@cto/evidence-interface";
import { requireDirectory } from "./directory-check.ts";
import { createGitError, type GitErrorCode } from "./git-error.ts";
import { createRecordSplitter } from "./record-splitter.ts";
import { runGit } from "./run-git.ts";

/** A repository and one commit of it. Paths are absolute, with symbolic links resolved. */
export interface Repository {
  readonly kind: "work-tree" | "bare";
  /** The top of the work tree; of a bare repository its git directory. */
  readonly topLevel: string;
  readonly gitDir: string;
  /** Where objects and shared refs lie: differs from `gitDir` in a linked work tree. */
  readonly commonDir: string;
  readonly commit: string;
  readonly tree: string;
  readonly objectFormat: "sha1" | "sha256";
  /** True if the history was cut when the repository was cloned. */
  readonly shallow: boolean;
  /** Path texts of the submodules in the commit, in git's order. */
  readonly submodules: readonly string[];
}

export interface ReadRepositoryOptions {
  /** The branch, tag or commit to look at. HEAD unless told. */
  readonly ref?: string;
}

/**
 * Finds the repository whose top is `directory`, and one commit in it. Work trees, linked work trees, bare, shallow and detached
 * repositories are answered. Throws `GIT_NOT_A_REPOSITORY`, `GIT_NOT_THE_TOP_LEVEL` (names the top), `GIT_UNBORN` (no commit yet),
 * `GIT_REF_UNKNOWN`, `GIT_DIRECTORY_MISSING`, `GIT_NOT_A_DIRECTORY`, `GIT_UNREADABLE` and what `runGit` throws.
 */
export async function readRepository(directory: string, options: ReadRepositoryOptions = {}): Promise<Repository> {
  await requireDirectory(directory);
  const path = await realpath(directory);
  const layout = await readLayout(path);
  const { commit, tree } = await readCommit(path, options.ref);
  return { ...layout, commit, tree, submodules: await readSubmodules(path, tree) };
}

type Layout = Pick<Repository, "kind" | "topLevel" | "gitDir" | "commonDir" | "objectFormat" | "shallow">;

/** The paths are the last facts asked for: only they can hold a newline. */
async function readLayout(path: string): Promise<Layout> {
  const facts = ["--is-bare-repository", "--is-inside-work-tree", "--is-shallow-repository", "--show-object-format"];
  const { stdout } = await runGit({
    args: ["rev-parse", ...facts, "--show-cdup", "--absolute-git-dir"],
    place: { kind: "directory", path },
  }).catch((thrown: unknown) => {
    throw isNotARepository(thrown) ? notARepository(path, thrown) : thrown;
  });
  const [bare, inWorkTree, shallow, format, ...paths] = new TextDecoder().decode(stdout).split("\n");
  const isBare = bare === "true";
  if (!isBare && inWorkTree !== "true") throw notARepository(path, undefined);
  // Git prints no way up where there is no work tree.
  const up = isBare ? "" : (paths.shift() ?? "");
  const gitDir = await realpath(paths.slice(0, -1).join("\n"));
  const topLevel = isBare ? gitDir : resolve(path, up);
  if (topLevel !== path) {
    throw createGitError("GIT_NOT_THE_TOP_LEVEL", `${path} is a folder inside the repository ${topLevel}`, {
      hint: `Name the repository itself: ${topLevel}`,
      details: { top_level: topLevel },
    });
  }
  return {
    kind: isBare ? "bare" : "work-tree",
    topLevel,
    gitDir,
    commonDir: await readCommonDirectory(gitDir),
    objectFormat: format === "sha256" ? "sha256" : "sha1",
    shallow: shallow === "true",
  };
}

function isNotARepository(thrown: unknown): boolean {
  return (
    CtoError.is(thrown) &&
    thrown.code === ("GIT_FAILED" satisfies GitErrorCode) &&
    String(thrown.details.stderr).includes("not a git repository")
  );
}

function notARepository(path: string, cause: unknown): CtoError<GitErrorCode> {
  return createGitError("GIT_NOT_A_REPOSITORY", `${path} is not the work tree of a git repository`, {
    hint: "Name a directory that `git status` accepts, or put it under git: git init && git add -A && git commit.",
    cause,
  });
}

/** Source: gitrepository-layout(5), `commondir`. */
async function readCommonDirectory(gitDir: string): Promise<string> {
  try {
    const text = await readFile(resolve(gitDir, "commondir"), "utf8");
    return await realpath(resolve(gitDir, text.replace(/\n$/, "")));
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return gitDir;
    throw createGitError("GIT_UNREADABLE", `cannot read ${gitDir}/commondir: ${messageOf(thrown)}`, {
      hint: "Repair the linked work tree with `git worktree repair`.",
      cause: thrown,
    });
  }
}

async function readCommit(path: string, ref: string | undefined): Promise<{ commit: string; tree: string }> {
  const name = ref ?? "HEAD";
  // cat-file reads names line by line; a NUL or newline would make two of one.
  const answers = /^[^\u0000-\u001f\u007f]+$/.test(name)
    ? await runGit({
        args: ["cat-file", "--batch-check=%(objectname)"],
        place: { kind: "directory", path },
        stdin: `${name}^{commit}\n${name}^{tree}\n`,
      }).then(({ stdout }) => new TextDecoder().decode(stdout).split("\n"))
    : [];
  const [commit = "", tree = ""] = answers;
  if (isObjectId(commit) && isObjectId(tree)) return { commit, tree };
  if (isObjectId(commit)) {
    throw createGitError("GIT_UNREADABLE", `the tree of commit ${commit.slice(0, 12)} is missing in ${path}`, {
      hint: "Look at the repository with `git fsck`; complete a partial clone with `git fetch --refetch --no-filter`.",
    });
  }
  if (ref === undefined) {
    throw createGitError("GIT_UNBORN", `${path} has no commit that HEAD names`, {
      hint: "Make a first commit: git add -A && git commit.",
    });
  }
  throw createGitError("GIT_REF_UNKNOWN", `${oneLine(ref, 80)} names no commit of ${path}`, {
    hint: "List what there is with `git branch --all` and `git tag`.",
    details: { ref },
  });
}

function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

async function readSubmodules(path: string, tree: string): Promise<readonly string[]> {
  const found: string[] = [];
  const splitter = createRecordSplitter((record) => {
    // `160000 commit <id>\t<path>`
    if (record[0] === 0x31 && record[1] === 0x36) found.push(toPathText(record.subarray(record.indexOf(9) + 1)));
  });
  await runGit({
    args: ["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", tree],
    place: { kind: "directory", path },
    onStdout: (chunk) => splitter.push(chunk),
  });
  splitter.end();
  return found;
}
