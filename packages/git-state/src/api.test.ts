import { expect, test } from "vitest";

test("exports exactly the public surface", async () => {
  expect(Object.keys(await import("./index.ts")).sort()).toEqual([
    "createRecordSplitter",
    "readGitState",
    "readRepository",
    "readRootCommits",
    "readSourceDigests",
    "runGit",
    "toGitEnvironment",
  ]);
  expect(Object.keys(await import("./testing/index.ts")).sort()).toEqual([
    "createTestDirectory",
    "createTestRepository",
  ]);
});
