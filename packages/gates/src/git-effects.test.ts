import { describe, expect, test } from "vitest";
import { type GitChange, judgeEffects } from "./index.ts";

const added = { change: "added", kindBefore: null } as const;
const git = (path: string, more: Partial<GitChange> = {}): GitChange => ({
  path,
  change: "modified",
  kindBefore: "file",
  kindAfter: "file",
  linkCount: 1,
  symlinkTarget: null,
  ...more,
});

function codesOn(currentBranchRef: string | null, ...gitChanges: readonly GitChange[]): readonly string[] {
  const lists = { allowed_paths: [], forbidden_paths: [], protected_paths: [], by_products: [] };
  const { blockers } = judgeEffects({
    task: { ...lists, diff_required: false },
    treeChanges: [],
    diskChanges: [],
    gitChanges,
    currentBranchRef,
    sourceChanged: false,
    checkoutDifferences: [],
    secretMatches: [],
  });
  return blockers.map(({ code }) => code);
}

describe("inside .git", () => {
  const codesOfGit = (...changes: readonly GitChange[]) => codesOn("refs/heads/main", ...changes);

  test("committing on the current branch is free", () => {
    const directory = { ...added, kindAfter: "directory" } as const;
    expect(
      codesOfGit(
        git("index"),
        git("refs/heads/main"),
        git("logs", directory),
        git("logs/refs/heads", directory),
        git("logs/HEAD", added),
        git("logs/refs/heads/main", added),
        git("COMMIT_EDITMSG", added),
        git("ORIG_HEAD", added),
        git("objects/ab", directory),
        git("objects/ab/cdef", added),
        git("objects/cd", { change: "deleted", kindBefore: "directory", kindAfter: null }),
        git("objects", { kindBefore: "directory", kindAfter: "directory" }),
        git("objects/pack/pack-1.pack", added),
        git("index.lock", added),
        git("refs/heads/main.lock", added),
      ),
    ).toEqual([]);
  });

  test.each<[string, GitChange]>([
    ["another branch", git("refs/heads/other", added)],
    ["a tag", git("refs/tags/v1", added)],
    ["a remote ref", git("refs/remotes/origin/main", added)],
    ["the stash", git("refs/stash", added)],
    ["the reflog of another branch", git("logs/refs/heads/other", added)],
    ["HEAD on another branch", git("HEAD")],
    ["the configuration", git("config")],
    ["a hook", git("hooks/pre-commit", added)],
    ["a directory for hooks", git("hooks", { ...added, kindAfter: "directory" })],
    ["info/exclude", git("info/exclude")],
    ["info/attributes", git("info/attributes", added)],
    ["a worktree", git("worktrees/x/HEAD", added)],
    ["a submodule's repository", git("modules/x/HEAD", added)],
    ["alternates", git("objects/info/alternates", added)],
    ["a merge that was left open", git("MERGE_HEAD", added)],
    ["packed refs that nobody compared", git("packed-refs", added)],
    ["packed refs of another branch", git("packed-refs", { refs: ["refs/heads/main", "refs/heads/x"] })],
    [
      "the object store as a link",
      git("objects", { change: "type-changed", kindBefore: "directory", kindAfter: "symlink" }),
    ],
    ["the index as a hard link", git("index", { linkCount: 2 })],
    ["the object store gone", git("objects", { change: "deleted", kindBefore: "directory", kindAfter: null })],
    [".git itself gone", git(".", { change: "deleted", kindBefore: "directory", kindAfter: null })],
  ])("%s is a hidden mutation", (_what, change) => {
    expect(codesOfGit(change)).toEqual(["hidden_mutation"]);
  });

  test("packing the current branch is free, and so is a detached HEAD that moves", () => {
    expect(codesOfGit(git("packed-refs", { ...added, refs: ["refs/heads/main"] }))).toEqual([]);
    expect(codesOn(null, git("HEAD"), git("index"))).toEqual([]);
    expect(codesOn(null, git("refs/heads/main"))).toEqual(["hidden_mutation"]);
  });
});
