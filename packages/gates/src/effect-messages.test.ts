import { expect, test } from "vitest";
import { compilePolicy, type EffectFacts, judgeEffects, type TreeChange } from "./index.ts";

const quietFacts: Omit<EffectFacts, "policy"> = {
  diffRequired: true,
  treeChanges: [],
  diskChanges: [],
  gitChanges: [],
  currentBranchRef: "refs/heads/main",
  sourceChanged: false,
  checkoutDifferences: [],
  secretMatches: [],
};
const changeOf = (path: string): TreeChange => ({
  path,
  change: "modified",
  oldMode: "100644",
  newMode: "100644",
  submodule: false,
});

test("many long names make short messages", () => {
  const names = Array.from({ length: 5000 }, (_, index) => `${"n".repeat(200)}/${index}`);
  const entries = names.map((path) => ({
    path,
    change: "modified" as const,
    kindBefore: "file" as const,
    kindAfter: "file" as const,
    linkCount: 1,
    symlinkTarget: null,
  }));
  const { blockers } = judgeEffects({
    policy: compilePolicy([
      {
        layer: "task",
        file: "task.yaml",
        says: { allowed_paths: ["src/"], forbidden_paths: ["secret/"], protected_paths: ["test/"] },
        places: new Map(),
      },
    ]),
    diffRequired: true,
    treeChanges: ["secret/", "test/", "lib/"].flatMap((lead) =>
      names.map((name) => ({
        path: lead + name,
        change: "added" as const,
        oldMode: null,
        newMode: "160000",
        submodule: true,
      })),
    ),
    diskChanges: entries.map((entry) => ({ ...entry, ignored: false })),
    gitChanges: entries,
    currentBranchRef: "refs/heads/main",
    sourceChanged: false,
    checkoutDifferences: names,
    secretMatches: names.map((path) => ({ path, line: 1, kind: "npm-token" })),
  });
  expect(blockers.map(({ code }) => code)).toEqual([
    "hidden_mutation",
    "forbidden_path_change",
    "protected_test_changed",
    "disallowed_file_change",
    "secret_leak",
  ]);
  for (const { message } of blockers) expect(message).toMatch(/^.{100,900} and \d+ more$/);
});

test("a change that an upper layer leaves out says whose word is missing, not the contract's", () => {
  const places = new Map();
  const task = { layer: "task", file: "task.yaml", says: { allowed_paths: ["src/"] }, places } as const;
  const hintUnder = (layer: "organisation" | "approval" | "task", allowed: string) => {
    const policy = compilePolicy([task, { layer, file: "org.yaml", says: { allowed_paths: [allowed] }, places }]);
    return judgeEffects({ ...quietFacts, policy, treeChanges: [changeOf("src/a.ts")] }).blockers.map(
      ({ hint }) => hint,
    );
  };
  expect(hintUnder("organisation", "docs/")).toEqual([
    "The organisation layer (org.yaml) does not list it, whatever the contract says: only its owner can add it to allowed_paths.",
  ]);
  expect(hintUnder("approval", "src/b.ts")[0]).toMatch(/^The approver narrowed the paths/);
  expect(hintUnder("organisation", "src/")).toEqual([]);
});
