import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compilePolicy, type GitChange, judgeEffects } from "./index.ts";

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
  const { blockers } = judgeEffects({
    policy: compilePolicy([]),
    diffRequired: false,
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
    ["other files of info", git("info/refs.d/x", added)],
    ["a branch's directory gone", git("refs/heads", { change: "deleted", kindBefore: "directory", kindAfter: null })],
    ["info/refs as a link", git("info/refs", { ...added, kindAfter: "symlink", symlinkTarget: "x" })],
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

describe("what real git leaves behind", () => {
  let root = "";
  const gitIn = (directory: string, ...args: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      cwd: directory,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: { PATH: process.env.PATH ?? "", HOME: root, GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" },
    });
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "cto-gates-"));
    for (const [name, branch] of [
      ["plain", "main"],
      ["deep", "feature/deep/x"],
    ] as const) {
      gitIn(root, "init", "-q", "--template=", "-b", branch, name);
      await writeFile(join(root, name, "a.txt"), "a\n");
      gitIn(join(root, name), "add", ".");
      gitIn(join(root, name), "commit", "-qm", "base");
    }
  });
  afterAll(() => rm(root, { recursive: true }));

  /** Every path of `.git` that another state of it would show, and the value of every ref. */
  async function look(directory: string) {
    const base = join(directory, ".git");
    const entries = new Map<string, { kind: "file" | "directory"; state: string; nlink: number }>();
    for (const path of await readdir(base, { recursive: true })) {
      const found = await stat(join(base, path));
      if (found.isDirectory()) entries.set(path, { kind: "directory", state: "", nlink: 1 });
      else {
        const state = createHash("sha256")
          .update(await readFile(join(base, path)))
          .digest("hex");
        entries.set(path, { kind: "file", state, nlink: found.nlink });
      }
    }
    const lines = gitIn(directory, "for-each-ref", "--format=%(refname) %(objectname)").trim().split("\n");
    return { entries, refs: new Map(lines.map((line) => line.split(" ") as [string, string])) };
  }

  /** Copies a repository, runs git in it, and gives the changes as the gate takes them. */
  async function changesOf(from: string, commands: readonly (readonly string[])[]): Promise<readonly GitChange[]> {
    const directory = await mkdtemp(join(root, "run-"));
    await cp(join(root, from), directory, { recursive: true });
    const before = await look(directory);
    for (const command of commands) gitIn(directory, ...command);
    const after = await look(directory);
    const differs = (ref: string) => before.refs.get(ref) !== after.refs.get(ref);
    const refs = [...new Set([...before.refs.keys(), ...after.refs.keys()])].filter(differs);
    return [...new Set([...before.entries.keys(), ...after.entries.keys()])].flatMap((path): GitChange[] => {
      const [was, now] = [before.entries.get(path), after.entries.get(path)];
      if (was?.kind === now?.kind && was?.state === now?.state) return [];
      return [
        {
          path,
          change: was === undefined ? "added" : now === undefined ? "deleted" : "modified",
          kindBefore: was?.kind ?? null,
          kindAfter: now?.kind ?? null,
          linkCount: now?.nlink ?? 1,
          symlinkTarget: null,
          ...(path === "packed-refs" ? { refs } : {}),
        },
      ];
    });
  }

  const commit = ["commit", "-q", "--allow-empty", "-m", "next"];
  test.each<[readonly (readonly string[])[], readonly string[]]>([
    [[["gc", "-q"]], ["packed-refs", "info/refs", "objects/info/packs", "objects/info/commit-graph"]],
    [[["pack-refs", "--all"]], ["packed-refs"]],
    [[["repack", "-adq"]], ["info/refs", "objects/info/packs"]],
    [[commit], ["COMMIT_EDITMSG"]],
    [
      [commit, ["gc", "-q", "--prune=now"], commit, ["gc", "-q"]],
      ["packed-refs", "info/refs"],
    ],
    [[["commit", "-q", "--amend", "-m", "other"], ["pack-refs", "--all"], commit], ["packed-refs"]],
    [[["commit-graph", "write", "--reachable", "--split"]], ["objects/info/commit-graphs"]],
    [[["update-server-info"]], ["info/refs"]],
    [[["maintenance", "run", "--quiet"]], ["packed-refs"]],
    [
      [
        ["reflog", "expire", "--expire=now", "--all"],
        ["gc", "-q", "--cruft"],
      ],
      ["packed-refs"],
    ],
  ])("by %j is free on the current branch", async (commands, among) => {
    for (const [from, branch] of [
      ["plain", "refs/heads/main"],
      ["deep", "refs/heads/feature/deep/x"],
    ] as const) {
      const changes = await changesOf(from, commands);
      expect(changes.map(({ path }) => path)).toEqual(expect.arrayContaining([...among]));
      expect(codesOn(branch, ...changes)).toEqual([]);
    }
  });

  test.each<[string, readonly (readonly string[])[]]>([
    ["another branch", [["branch", "other"]]],
    ["a tag", [["tag", "v1"]]],
    ["a ref that replaces an object", [commit, ["replace", "HEAD", "HEAD~1"]]],
  ])("by packing %s that is new is a hidden mutation", async (_what, commands) => {
    for (const pack of [
      ["gc", "-q"],
      ["pack-refs", "--all", "--prune"],
    ]) {
      const changes = await changesOf("plain", [...commands, pack]);
      const packed = changes.filter(({ path }) => path === "packed-refs" || path.startsWith("refs/heads/main"));
      expect(codesOn("refs/heads/main", ...packed)).toEqual(["hidden_mutation"]);
    }
  });

  test("by killed housekeeping is free", () => {
    const left = ["gc.pid", "gc.pid.lock", "gc.log", "gc.log.lock", "packed-refs.lock", "packed-refs.new"];
    expect(codesOn("refs/heads/main", ...left.map((path) => git(path, added)))).toEqual([]);
  });
});
