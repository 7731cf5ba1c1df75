import { CtoError } from "@cto/errors";
import type { LossyGitState } from "@cto/evidence-interface";
import { requireDirectory } from "./directory-check.ts";
import { readFilterOverrides } from "./filter-overrides.ts";
import type { GitErrorCode } from "./git-error.ts";
import { createRecordSplitter } from "./record-splitter.ts";
import { runGit } from "./run-git.ts";

const nothingKnown: LossyGitState = {
  work_tree: false,
  clean: false,
  head: null,
  attachment: "unknown",
  staged: 0,
  unstaged: 0,
  untracked: 0,
};

/**
 * What a bundle may say of the repository that `directory` lies in: counts, a short HEAD, no names. Costs one `git status` and writes
 * nothing. Outside of a work tree (no repository, a bare one) nothing is known and `clean` is false. Changed contents of submodules do
 * not count, their commits do. Throws `GIT_DIRECTORY_MISSING`, `GIT_NOT_A_DIRECTORY`, `GIT_UNREADABLE` and what `runGit` throws.
 */
export async function readGitState(directory: string): Promise<LossyGitState> {
  await requireDirectory(directory);
  const counter = createStatusCounter();
  try {
    await runGit({
      args: [
        "status",
        "--porcelain=v2",
        "--branch",
        "-z",
        "--untracked-files=normal",
        "--ignored=no",
        "--ignore-submodules=dirty",
        "--no-renames",
        "--no-ahead-behind",
      ],
      place: { kind: "directory", path: directory },
      config: await readFilterOverrides(directory),
      onStdout: (chunk) => counter.push(chunk),
    });
  } catch (thrown) {
    if (isOutsideWorkTree(thrown)) return nothingKnown;
    throw thrown;
  }
  return counter.end();
}

/** True for git's own answer that a directory has no work tree. Git is run with LC_ALL=C, so its messages are stable. */
function isOutsideWorkTree(thrown: unknown): boolean {
  if (!CtoError.is(thrown) || thrown.code !== ("GIT_FAILED" satisfies GitErrorCode)) return false;
  const { exit_code: exitCode, stderr } = thrown.details;
  if (exitCode !== 128 || typeof stderr !== "string") return false;
  return /not a git repository|must be run in a work tree/.test(stderr);
}

/** Counts records of `git status --porcelain=v2 --branch -z` (git-status(1)) without keeping them. */
function createStatusCounter() {
  let oid = "";
  let branch = "";
  let staged = 0;
  let unstaged = 0;
  let untracked = 0;
  const unchanged = ".".charCodeAt(0);
  const splitter = createRecordSplitter((record) => {
    switch (record[0]) {
      case 0x23: {
        const header = new TextDecoder().decode(record);
        if (header.startsWith("# branch.oid ")) oid = header.slice(13);
        if (header.startsWith("# branch.head ")) branch = header.slice(14);
        return;
      }
      case 0x31:
      case 0x32:
      case 0x75:
        if (record[2] !== unchanged) staged += 1;
        if (record[3] !== unchanged) unstaged += 1;
        return;
      case 0x3f:
        untracked += 1;
        return;
    }
  });
  return {
    push: (chunk: Uint8Array): void => splitter.push(chunk),
    end(): LossyGitState {
      splitter.end();
      const unborn = oid === "(initial)";
      return {
        work_tree: true,
        clean: staged + unstaged + untracked === 0,
        head: unborn || oid === "" ? null : oid.slice(0, 12),
        attachment: toAttachment(oid, branch),
        staged,
        unstaged,
        untracked,
      };
    },
  };
}

function toAttachment(oid: string, branch: string): LossyGitState["attachment"] {
  if (oid === "" || branch === "") return "unknown";
  if (oid === "(initial)") return "unborn";
  return branch === "(detached)" ? "detached" : "attached";
}
