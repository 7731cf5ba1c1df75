import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compilePolicy,
  type DiskChange,
  type EffectFacts,
  type GitChange,
  judgeEffects,
  type TreeChange,
} from "./index.ts";

const lists = {
  allowed_paths: ["src/"],
  forbidden_paths: ["src/secret/"],
  protected_paths: ["test/"],
  by_products: ["out/"],
};
const policyOf = (more: Partial<typeof lists>) =>
  compilePolicy([{ layer: "task", file: "task.yaml", says: { ...lists, ...more }, places: new Map() }]);

const quiet: EffectFacts = {
  policy: policyOf({}),
  diffRequired: true,
  treeChanges: [],
  diskChanges: [],
  gitChanges: [],
  currentBranchRef: "refs/heads/main",
  sourceChanged: false,
  checkoutDifferences: [],
  secretMatches: [],
};

const tree = (path: string, more: Partial<TreeChange> = {}): TreeChange => ({
  path,
  change: "modified",
  oldMode: "100644",
  newMode: "100644",
  submodule: false,
  ...more,
});
const disk = (path: string, more: Partial<DiskChange> = {}): DiskChange => ({
  path,
  change: "modified",
  kindBefore: "file",
  kindAfter: "file",
  linkCount: 1,
  symlinkTarget: null,
  ignored: false,
  ...more,
});
const added = { change: "added", kindBefore: null } as const;
const git = (path: string, more: Partial<GitChange> = {}): GitChange => {
  const { ignored: _ignored, ...entry } = disk(path);
  return { ...entry, ...more };
};

/** A change that the tree and the disk both show. */
function seen(path: string, more: Partial<DiskChange> = {}): Pick<EffectFacts, "treeChanges" | "diskChanges"> {
  return { treeChanges: [tree(path)], diskChanges: [disk(path, more)] };
}

const work = seen("src/a.ts");

function judge(facts: Partial<EffectFacts>) {
  return judgeEffects({ ...quiet, ...facts });
}

function codesOf(facts: Partial<EffectFacts>): readonly string[] {
  return judge(facts).blockers.map((blocker) => blocker.code);
}

/** The codes for a change on the disk beside an allowed one in the tree. */
function codesOfDisk(...changes: readonly DiskChange[]): readonly string[] {
  return codesOf({ ...work, diskChanges: [...work.diskChanges, ...changes] });
}

describe("the result tree", () => {
  test("passes with an allowed change and lists it with its rule", () => {
    expect(judge(work)).toEqual({
      blockers: [],
      changes: [{ path: "src/a.ts", change: "modified", allowed: true, rule: "src/" }],
      byProducts: [],
      allowedWritesPassed: true,
      forbiddenPathsPassed: true,
    });
  });

  test("without a change fails only where the contract requires one", () => {
    expect(codesOf({})).toEqual(["no_diff"]);
    expect(codesOf({ diffRequired: false })).toEqual([]);
  });

  test("fails on a path without a rule, with one blocker that names five paths and counts the rest", () => {
    const paths = ["f1", "f2", "f3", "f4", "f5", "f6", "f\\n7"].map((name) =>
      name.includes("\\") ? `"${name}"` : name,
    );
    const decision = judge({
      treeChanges: paths.map((path) => tree(path)),
      diskChanges: paths.map((path) => disk(path)),
    });
    expect(decision.blockers).toEqual([
      {
        code: "disallowed_file_change",
        message: "no rule of allowed_paths permits: f1, f2, f3, f4, f5 and 2 more",
        hint: "If the change is wanted, add its path to allowed_paths in the task contract; if it is a build product, to by_products.",
        event: "git.diff.checked",
      },
    ]);
    expect([decision.allowedWritesPassed, decision.forbiddenPathsPassed]).toEqual([false, true]);
    expect(decision.changes.map((change) => [change.allowed, change.rule])).toEqual(paths.map(() => [false, null]));
  });

  test.each<[string, readonly string[]]>([
    ["src/secret/key", ["forbidden_path_change"]],
    ["SRC/Secret/key", ["forbidden_path_change"]],
    ["src/.GIT/config", ["forbidden_path_change"]],
    ["test/a.test.ts", ["protected_test_changed"]],
    ["TEST/a.test.ts", ["protected_test_changed"]],
    ["lib/a.ts", ["disallowed_file_change"]],
    ["src/.gitattributes", ["disallowed_file_change"]],
  ])("judges %s by exactly one code", (path, codes) => {
    const decision = judge(seen(path));
    expect(decision.blockers.map((blocker) => blocker.code)).toEqual(codes);
    expect(decision.allowedWritesPassed).toBe(false);
    expect(decision.forbiddenPathsPassed).toBe(codes[0] !== "forbidden_path_change");
  });

  test("reports a path that is forbidden and protected under both codes", () => {
    expect(codesOf({ ...seen("test/a"), policy: policyOf({ forbidden_paths: ["test/"] }) })).toEqual([
      "forbidden_path_change",
      "protected_test_changed",
    ]);
  });

  test("permits .gitattributes only where allowed_paths names it", () => {
    expect(
      codesOf({ ...seen("src/.gitattributes"), policy: policyOf({ allowed_paths: ["src/.gitattributes"] }) }),
    ).toEqual([]);
  });

  test("fails on a submodule even under an allowed path, and does not call the change allowed", () => {
    const decision = judge({ treeChanges: [tree("src/sub", { submodule: true, change: "added" })] });
    expect(decision.blockers.map(({ code }) => code)).toEqual(["hidden_mutation"]);
    expect(decision.changes).toEqual([{ path: "src/sub", change: "added", allowed: false, rule: "src/" }]);
  });
});

describe("the disk", () => {
  test("takes new ignored files, by_products[] and tool caches as by-products, and notes an empty directory", () => {
    const decision = judge({
      ...work,
      diskChanges: [
        ...work.diskChanges,
        disk("debug.log", { ...added, ignored: true }),
        disk("out", { ...added, kindAfter: "directory" }),
        disk("out/x.js", added),
        disk("test/__pycache__", { ...added, kindAfter: "directory" }),
        disk("test/__pycache__/x.pyc", added),
        disk("src/empty", { ...added, kindAfter: "directory" }),
      ],
    });
    expect(decision.blockers).toEqual([]);
    expect(decision.byProducts).toEqual(["debug.log", "out/x.js", "test/__pycache__/x.pyc", "src/empty/"]);
  });

  test("lets directories come and go with their files", () => {
    const diskChanges = [
      disk("src/new", { ...added, kindAfter: "directory" }),
      disk("src/new/a.ts", added),
      disk("src/old", { change: "deleted", kindBefore: "directory", kindAfter: null }),
      disk("src/old/b.ts", { change: "deleted", kindAfter: null }),
    ];
    expect(judge({ treeChanges: [tree("src/new/a.ts"), tree("src/old/b.ts")], diskChanges })).toMatchObject({
      blockers: [],
      byProducts: [],
    });
  });

  test.each<[string, DiskChange]>([
    ["an ignored file that was there and changed", disk("cache.db", { ignored: true })],
    ["an ignored file that was there and is gone", disk("cache.db", { change: "deleted", kindAfter: null })],
    ["a tool cache that was there and changed", disk("src/__pycache__/x.pyc", { ignored: true })],
    ["a by-product that was there and changed", disk("out/x.js")],
    ["a mode that a patch does not show", disk("src/b.ts", { change: "mode-changed" })],
    [
      "the mode of a directory",
      disk("src", { change: "mode-changed", kindBefore: "directory", kindAfter: "directory" }),
    ],
    ["a new file that is neither in the patch nor ignored", disk("src/ghost.ts", added)],
    [
      "an ignored file that became a directory",
      disk("cache", { change: "type-changed", kindAfter: "directory", ignored: true }),
    ],
    ["a fifo", disk("src/pipe", { ...added, kindAfter: "other" })],
    ["a fifo among by-products", disk("out/pipe", { ...added, kindAfter: "other" })],
    ["a hard link among by-products", disk("out/link", { ...added, linkCount: 2 })],
    ["a nested repository", disk("src/sub/.git/HEAD", { ...added, ignored: true })],
    ["a directory that may be taken for .git", disk(".Git", { ...added, kindAfter: "directory" })],
    ["a nested repository among by-products", disk("out/.git", { ...added, kindAfter: "directory" })],
  ])("fails on %s", (_what, change) => {
    expect(codesOfDisk(change)).toEqual(["hidden_mutation"]);
  });

  test.each<[string, Partial<DiskChange>]>([
    ["a hard link", { linkCount: 2 }],
    ["a special file", { kindAfter: "other" }],
    ["an absolute link", { kindAfter: "symlink", symlinkTarget: "/etc/passwd" }],
    ["a link that climbs out", { kindAfter: "symlink", symlinkTarget: "../../x" }],
    ["a link that climbs after a name", { kindAfter: "symlink", symlinkTarget: "sub/../x" }],
    ["a link into .git", { kindAfter: "symlink", symlinkTarget: "../.git/config" }],
    ["an empty link", { kindAfter: "symlink", symlinkTarget: "" }],
    ["a link nobody could read", { kindAfter: "symlink", symlinkTarget: null }],
  ])("fails on %s even under allowed_paths", (_what, more) => {
    expect(codesOf(seen("src/a.ts", more))).toEqual(["hidden_mutation"]);
  });

  test.each(["b.ts", "./b.ts", "../README.md", "..", "sub/b.ts", "../src/./b.ts"])(
    "permits a link to %s",
    (symlinkTarget) => {
      expect(codesOf(seen("src/a.ts", { kindAfter: "symlink", symlinkTarget }))).toEqual([]);
    },
  );

  test("forbids a new ignored file and an empty directory where forbidden_paths says so", () => {
    for (const change of [
      disk("src/secret/new", { ...added, ignored: true }),
      disk("src/secret", { ...added, kindAfter: "directory" }),
    ]) {
      const decision = judge({ ...work, diskChanges: [...work.diskChanges, change] });
      expect([decision.blockers.map(({ code }) => code), decision.forbiddenPathsPassed]).toEqual([
        ["forbidden_path_change"],
        false,
      ]);
    }
  });

  test("fails on bytes that differ in a fresh checkout", () => {
    expect(codesOf({ ...work, checkoutDifferences: ["src/a.ts"] })).toEqual(["hidden_mutation"]);
  });

  test("never passes a change that the tree does not explain, unless it is new", () => {
    const kinds = fc.constantFrom("file", "symlink", "other", null);
    const change = fc.record({
      path: fc.constantFrom("src/x", "lib/x", "out/x", "src/__pycache__/x", "src/secret/x", "x"),
      change: fc.constantFrom("added", "modified", "deleted", "type-changed", "mode-changed"),
      kindBefore: fc.constantFrom("file", "symlink", "other"),
      kindAfter: kinds,
      linkCount: fc.constantFrom(1, 2),
      symlinkTarget: fc.constantFrom(null, "y", "/etc"),
      ignored: fc.boolean(),
    });
    fc.assert(
      fc.property(change, (one) => {
        expect(codesOfDisk(one as DiskChange)).toEqual(["hidden_mutation"]);
      }),
    );
  });
});

describe("the whole", () => {
  test("what reaches furthest stands first, and every code stands once", () => {
    const secret = { path: "src/a.ts", line: 3, kind: "npm-token" };
    const decision = judge({
      sourceChanged: true,
      treeChanges: [tree("src/a.ts"), tree("lib/a"), tree("lib/b"), tree("test/a"), tree("src/secret/a")],
      diskChanges: [disk("cache", { ignored: true })],
      gitChanges: [git("config"), git("hooks/x", added)],
      secretMatches: [secret],
    });
    expect(decision.blockers.map(({ code, message }) => [code, message])).toEqual([
      ["source_mutated", "the source repository is not as it was before the run"],
      [
        "hidden_mutation",
        "not shown by the patch: cache was there before, is ignored by git and not in the patch, and was modified, .git/config modified, .git/hooks/x added",
      ],
      ["forbidden_path_change", "forbidden: src/secret/a"],
      ["protected_test_changed", "protected: test/a"],
      ["disallowed_file_change", "no rule of allowed_paths permits: lib/a, lib/b"],
      ["secret_leak", "shaped like a secret: src/a.ts:3 (npm-token)"],
    ]);
  });

  test("of new directories inside one another the innermost are by-products, whatever their order", () => {
    const directory = { ...added, kindAfter: "directory" } as const;
    const names = ["out/a", "out/a/b", "out/a/b/c", "out/f", "out/f/g/h"];
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: names.length }), (order) => {
        const { blockers, byProducts } = judge({ ...work, diskChanges: order.map((path) => disk(path, directory)) });
        expect([blockers, [...byProducts].sort()]).toEqual([[], ["out/a/b/c/", "out/f/g/h/"]]);
      }),
    );
  });

  test("a source that nobody could compare does not pass", () => {
    expect(codesOf({ ...work, sourceChanged: null })).toEqual(["source_mutated"]);
  });
});
