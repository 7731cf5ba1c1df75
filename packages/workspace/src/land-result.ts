import { stat } from "node:fs/promises";
import { join } from "node:path";
import { CtoError, messageOf, oneLine } from "@cto/errors";
import { type GitErrorCode, type GitPlace, type Repository, runGit } from "@cto/git-state";
import { readShallow } from "./create-baseline.ts";
import { makeEmptyDirectory, writeBelow, writeGitDirectory } from "./git-directory.ts";
import { type LandingCommit, toCommitText, toLandingCommitId } from "./landing-commit.ts";
import { createWorkspaceError } from "./workspace-error.ts";
import { runWorkspaceGit } from "./workspace-git.ts";

export interface LandResultOptions {
  readonly target: Repository;
  /** What HEAD of the target must be, before and at the landing. */
  readonly baseCommit: string;
  /** Absolute path of a git patch against the tree of `baseCommit`. */
  readonly patchFile: string;
  /** The tree that the patch must give, or nothing lands. */
  readonly expectedTree: string;
  /** Without `refs/heads/`. */
  readonly branch: `cto/${string}`;
  readonly message: string;
  /** Author and committer time. */
  readonly at: Date;
  /** Absolute path, absent or an empty directory: for the private repository. The caller removes it. */
  readonly scratch: string;
  readonly signal?: AbortSignal | undefined;
}

export type Landing =
  | { readonly kind: "landed"; readonly commit: string; readonly tree: string }
  /** The branch is there, at exactly this commit. */
  | { readonly kind: "already"; readonly commit: string }
  /** `head` is null if HEAD names no commit any more. */
  | { readonly kind: "target-moved"; readonly head: string | null }
  | { readonly kind: "refused"; readonly message: string };

/** Git's own defaults leave loose objects and refs to the system, and write a reflog for a new branch. */
const durable = { "core.fsync": "all", "core.logAllRefUpdates": "false" };

/** More than this of new objects goes through no pipe at once. */
const maxPackBytes = 1024 * 1024 * 1024;

/**
 * Puts a patch as one commit on a new branch of the target, or does nothing. Patch, tree and commit are made in a private repository that only reads
 * the target's objects; not before the tree is `expectedTree` is a pack of the new objects put into the target, and then one ref transaction
 * checks HEAD and creates the branch. No checkout, index, hook, reflog, tag, push. Objects of a landing that was cut short stay unreachable.
 * Throws `WORKSPACE_DIRECTORY_IN_USE`, `WORKSPACE_UNREADABLE`, `WORKSPACE_WRITE_FAILED` and what `runGit` throws.
 */
export async function landResult(options: LandResultOptions): Promise<Landing> {
  const { target, baseCommit, expectedTree, signal } = options;
  const commit: LandingCommit = {
    tree: expectedTree,
    parent: baseCommit,
    message: options.message,
    at: options.at,
  };
  const id = toLandingCommitId(commit, target.objectFormat);
  const before = await judgeRefs(options, id);
  if (before !== undefined) return before;
  const gitDir = await makePrivateRepository(options);
  const proven = await proveTree(gitDir, options);
  if (proven.kind === "refused") return proven;
  const pack = await packCommit(gitDir, { id, text: toCommitText(commit) }, options);
  if (pack === undefined) return { kind: "refused", message: "the change is too large to be landed at once" };
  const place = { kind: "repository", gitDir: target.gitDir } as const;
  const received = await runGit({
    args: ["index-pack", "--stdin", "--strict"],
    place,
    config: durable,
    stdin: pack,
    exitCodes: [0, 128],
    signal,
  });
  if (received.exitCode !== 0) {
    return { kind: "refused", message: `the target does not take the objects: ${oneLine(received.stderr, 300)}` };
  }
  return createBranch(place, options, id);
}

/** The answer if the refs of the target leave nothing to do, else undefined. */
async function judgeRefs(options: LandResultOptions, commit: string): Promise<Landing | undefined> {
  const place = { kind: "repository", gitDir: options.target.gitDir } as const;
  const [branch, head] = await Promise.all([
    readBranch(options.target, options.branch, options.signal),
    readHead(place, options.signal),
  ]);
  if (branch === commit) return { kind: "already", commit };
  if (branch !== null) {
    const message = `the branch ${options.branch} is there already, at ${branch.slice(0, 12)}`;
    return { kind: "refused", message };
  }
  return head === options.baseCommit ? undefined : { kind: "target-moved", head };
}

/** The commit of exactly this branch (without `refs/heads/`), null if there is none. Throws what `runGit` throws. */
export async function readBranch(
  target: Pick<Repository, "gitDir">,
  branch: string,
  signal?: AbortSignal,
): Promise<string | null> {
  const place = { kind: "repository", gitDir: target.gitDir } as const;
  const name = `refs/heads/${branch}`;
  const args = ["for-each-ref", "--format=%(refname) %(objectname)", "--end-of-options", name] as const;
  const { stdout } = await runGit({ args, place, signal });
  const lines = new TextDecoder().decode(stdout).split("\n");
  return (
    lines
      .map((line) => line.split(" "))
      .find(([ref]) => ref === name)
      ?.at(1) ?? null
  );
}

async function readHead(place: GitPlace, signal: AbortSignal | undefined): Promise<string | null> {
  const args = ["cat-file", "--batch-check=%(objectname)"] as const;
  const { stdout } = await runGit({ args, place, stdin: "HEAD^{commit}\n", signal });
  const [, id] = /^([0-9a-f]{40}|[0-9a-f]{64})\n$/.exec(new TextDecoder().decode(stdout)) ?? [];
  return id ?? null;
}

async function makePrivateRepository({ scratch, target }: LandResultOptions): Promise<string> {
  await makeEmptyDirectory(scratch);
  const gitDir = join(scratch, "landing.git");
  const shallow = await readShallow(target);
  await writeBelow(gitDir, () => writeGitDirectory(gitDir, { bare: true, objectFormat: target.objectFormat, shallow }));
  return gitDir;
}

/** Applies the patch to an index of the base and writes its tree. Empty patches are none to git. */
async function proveTree(
  gitDir: string,
  { baseCommit, expectedTree, patchFile, scratch, signal, target }: LandResultOptions,
): Promise<{ readonly kind: "proven" } | Extract<Landing, { kind: "refused" }>> {
  const place = { indexFile: join(scratch, "index"), objectDirectories: [join(target.commonDir, "objects")], signal };
  await runWorkspaceGit({ gitDir }, { args: ["read-tree", baseCommit], ...place });
  if ((await sizeOf(patchFile)) > 0) {
    const args = ["apply", "--cached", "--binary", "--whitespace=nowarn", "--end-of-options", patchFile] as const;
    const { exitCode, stderr } = await runWorkspaceGit({ gitDir }, { args, ...place, exitCodes: [0, 1, 128] });
    if (exitCode !== 0)
      return { kind: "refused", message: `the patch does not apply to the base: ${oneLine(stderr, 300)}` };
  }
  const { stdout } = await runWorkspaceGit({ gitDir }, { args: ["write-tree"], ...place });
  const tree = new TextDecoder().decode(stdout).trim();
  if (tree === expectedTree) return { kind: "proven" };
  const message = `the patch gives the tree ${tree.slice(0, 12)}, and ${expectedTree.slice(0, 12)} was verified`;
  return { kind: "refused", message };
}

async function sizeOf(patchFile: string): Promise<number> {
  try {
    return (await stat(patchFile)).size;
  } catch (thrown) {
    throw createWorkspaceError("WORKSPACE_UNREADABLE", `cannot read the patch: ${messageOf(thrown)}`, {
      hint: "Name an existing patch file by its absolute path.",
      cause: thrown,
    });
  }
}

/** Everything that the commit reaches and its base does not, as one self-contained pack; undefined if that is too much. */
async function packCommit(
  gitDir: string,
  commit: { readonly id: string; readonly text: string },
  { baseCommit, signal, target }: LandResultOptions,
): Promise<Uint8Array | undefined> {
  const objectDirectories = [join(target.commonDir, "objects")];
  const place = { kind: "repository", gitDir, objectDirectories } as const;
  const args = ["hash-object", "-t", "commit", "-w", "--stdin"] as const;
  const { stdout } = await runGit({ args, place, stdin: commit.text, signal });
  if (new TextDecoder().decode(stdout).trim() !== commit.id)
    throw new Error("git gave the commit another id than was computed");
  try {
    const packed = await runGit({
      args: ["pack-objects", "--revs", "--stdout", "--delta-base-offset", "--window=0", "-q"],
      place,
      stdin: `${commit.id}\n^${baseCommit}\n`,
      maxOutputBytes: maxPackBytes,
      signal,
    });
    return packed.stdout;
  } catch (thrown) {
    if (CtoError.is(thrown) && thrown.code === ("GIT_OUTPUT_TRUNCATED" satisfies GitErrorCode)) return undefined;
    throw thrown;
  }
}

/**
 * One transaction: it begins with `start`, so that git gives up if its input ends early. Without `no-deref` git would leave a line in HEAD's reflog
 * for looking at it, and a dangling symbolic ref in the branch's place would have another ref created.
 */
async function createBranch(place: GitPlace, options: LandResultOptions, commit: string): Promise<Landing> {
  const steps = [
    "start",
    "option no-deref",
    `verify HEAD\0${options.baseCommit}`,
    "option no-deref",
    `create refs/heads/${options.branch}\0${commit}`,
    "prepare",
    "commit",
  ];
  const stdin = steps.map((step) => `${step}\0`).join("");
  const args = ["update-ref", "--stdin", "-z"] as const;
  // Git ends with 1 or 128 for a ref that is not as expected; the reason is read from the refs, not from its words.
  const { exitCode, stderr } = await runGit({ args, place, config: durable, stdin, exitCodes: [0, 1, 128] });
  if (exitCode === 0) return { kind: "landed", commit, tree: options.expectedTree };
  const after = await judgeRefs(options, commit);
  return after ?? { kind: "refused", message: `the branch cannot be created: ${oneLine(stderr, 300)}` };
}
