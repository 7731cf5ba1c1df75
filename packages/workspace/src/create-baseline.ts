import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { CtoError, messageOf, systemCode } from "@cto/errors";
import { type GitErrorCode, type Repository, readRepository } from "@cto/git-state";
import { commitFixture } from "./commit-fixture.ts";
import { makeEmptyDirectory, writeBelow, writeGitDirectory } from "./git-directory.ts";
import { throwIfCanceled } from "./throw-if-canceled.ts";
import type { Baseline } from "./workspace-contract.ts";
import { createWorkspaceError } from "./workspace-error.ts";
import { runWorkspaceGit } from "./workspace-git.ts";

/** What a run starts from. */
export type BaselineSource =
  /** A folder that is not under git: its files become one commit that depends on nothing but them. */
  | { readonly kind: "fixture"; readonly from: string }
  /** The top of a git repository, at HEAD or `ref`. */
  | { readonly kind: "repository"; readonly from: string; readonly ref?: string };

export interface CreateBaselineOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes the private repository of a run in `gitDir` (absent or empty): bare, one branch `main` at the baseline with its history, no other
 * ref, no hook, remote or configuration of the source, and no inode shared with it. The commit id is the source's. Throws
 * `WORKSPACE_DIRECTORY_IN_USE`, `WORKSPACE_FIXTURE_*`, `WORKSPACE_OBJECTS_MISSING`, `WORKSPACE_WRITE_FAILED`, `WORKSPACE_CANCELED`, what
 * `runGit` throws and, for a repository, what `readRepository` throws. The source is only read.
 */
export async function createBaseline(
  source: BaselineSource,
  gitDir: string,
  { signal }: CreateBaselineOptions = {},
): Promise<Baseline> {
  throwIfCanceled(signal);
  const absolute = resolve(gitDir);
  await makeEmptyDirectory(absolute);
  const path = await realpath(absolute);
  return source.kind === "fixture"
    ? createFromFixture(source.from, path, signal)
    : createFromRepository(source, path, signal);
}

async function createFromFixture(from: string, gitDir: string, signal: AbortSignal | undefined): Promise<Baseline> {
  await writePrivateDirectory(gitDir, { objectFormat: "sha1", shallow: null });
  const { commit, tree } = await commitFixture(from, gitDir, signal);
  return { gitDir, commit, tree, objectFormat: "sha1", shallow: false, submodules: [] };
}

async function createFromRepository(
  source: { readonly from: string; readonly ref?: string },
  gitDir: string,
  signal: AbortSignal | undefined,
): Promise<Baseline> {
  const repository = await readRepository(source.from, source.ref === undefined ? {} : { ref: source.ref });
  const { commit, tree, objectFormat, submodules } = repository;
  const shallow = await readShallow(repository);
  await writePrivateDirectory(gitDir, { objectFormat, shallow });
  await packReachable(repository, gitDir, signal);
  await writeBelow(gitDir, () => writeFile(join(gitDir, "refs/heads/main"), `${commit}\n`));
  return { gitDir, commit, tree, objectFormat, shallow: shallow !== null, submodules };
}

async function writePrivateDirectory(
  gitDir: string,
  options: Pick<Baseline, "objectFormat"> & { readonly shallow: Uint8Array | null },
): Promise<void> {
  await writeBelow(gitDir, async () => {
    await writeGitDirectory(gitDir, { bare: true, ...options });
    await mkdir(join(gitDir, "indexes"));
  });
}

/** The bytes of the file that says where the history was cut; null if it was not. Throws `WORKSPACE_UNREADABLE`. */
export async function readShallow({ shallow, commonDir }: Repository): Promise<Uint8Array | null> {
  if (!shallow) return null;
  try {
    return await readFile(join(commonDir, "shallow"));
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return null;
    throw createWorkspaceError("WORKSPACE_UNREADABLE", `cannot read ${commonDir}/shallow: ${messageOf(thrown)}`, {
      hint: "Check the permissions inside the repository's git directory.",
      cause: thrown,
    });
  }
}

/**
 * Writes one pack of all that the commit reaches. Git runs in the private repository and only borrows the source's object directory (and
 * through it the source's alternates), so that the source's configuration has no say and nothing but reachable objects comes along.
 */
async function packReachable(
  { commonDir, commit }: Repository,
  gitDir: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await runWorkspaceGit(
      { gitDir },
      {
        args: ["pack-objects", "--revs", "--delta-base-offset", "--window=0", "-q", join(gitDir, "objects/pack/pack")],
        objectDirectories: [join(commonDir, "objects")],
        stdin: `${commit}\n`,
        signal,
      },
    );
  } catch (thrown) {
    if (!CtoError.is(thrown) || thrown.code !== ("GIT_FAILED" satisfies GitErrorCode)) throw thrown;
    throw createWorkspaceError("WORKSPACE_OBJECTS_MISSING", `the history of ${commit.slice(0, 12)} cannot be copied`, {
      hint: "Run `git fsck` in the repository. A partial clone must be completed first: git fetch --refetch --no-filter.",
      details: thrown.details,
      cause: thrown,
    });
  }
}
