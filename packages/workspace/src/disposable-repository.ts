import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Repository, readRepository, runGit } from "@cto/git-state";
import { createBaseline } from "./create-baseline.ts";

export interface CreateDisposableOptions {
  readonly source: Repository;
  /** A commit of the source; the branch `main` of the new repository is put there. */
  readonly commit: string;
  /** Absolute path, absent or an empty directory. */
  readonly directory: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a throwaway repository for one landing: bare, one branch `main` at the commit with its history, no other ref, remote, hook or configuration
 * of the source, no inode shared with it. The source is only read. Throws what `createBaseline` throws. `removeTree` removes it.
 */
export async function createDisposable(options: CreateDisposableOptions): Promise<Repository> {
  const { source, commit, directory, signal } = options;
  await createBaseline({ kind: "repository", from: source.topLevel, ref: commit }, directory, { signal });
  await rm(join(directory, "indexes"), { recursive: true, force: true });
  return readRepository(directory);
}

/** What a landing in a throwaway repository must leave as it is. */
export interface DisposableState {
  /** Digest of the names and values of all refs but the landing's branch. */
  readonly other_refs_sha256: string;
  /** Where HEAD points, and the commit. */
  readonly head: string;
  /** How many remotes something could be pushed to. */
  readonly remotes: number;
}

/** Reads it; `branch` is the landing's, without `refs/heads/`. Throws what `runGit` throws. */
export async function readDisposableState(directory: string, branch: `cto/${string}`): Promise<DisposableState> {
  const [refs, symbolic, commit, remotes] = await Promise.all([
    readLines(directory, ["for-each-ref", "--format=%(refname) %(objectname) %(symref)"]),
    readLines(directory, ["symbolic-ref", "-q", "HEAD"]),
    readLines(directory, ["rev-parse", "--verify", "-q", "HEAD^{commit}"]),
    readLines(directory, ["remote"]),
  ]);
  const others = refs.filter((line) => !line.startsWith(`refs/heads/${branch} `));
  return {
    other_refs_sha256: createHash("sha256").update(others.join("\n")).digest("hex"),
    head: `${symbolic[0] ?? "detached"} ${commit[0] ?? "unborn"}`,
    remotes: remotes.length,
  };
}

/** Bytes one to one, as latin1: names of refs need not be UTF-8. Status 1 is git's quiet "there is none". */
async function readLines(directory: string, args: readonly [string, ...string[]]): Promise<readonly string[]> {
  const { stdout } = await runGit({ args, place: { kind: "repository", gitDir: directory }, exitCodes: [0, 1] });
  return Buffer.from(stdout).toString("latin1").split("\n").slice(0, -1);
}
