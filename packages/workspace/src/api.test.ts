import { expect, test } from "vitest";

test("exports exactly the public surface", async () => {
  expect(Object.keys(await import("./index.ts")).sort()).toEqual([
    "applyPatch",
    "checkOut",
    "compareSnapshots",
    "compareTrees",
    "createBaseline",
    "createDisposable",
    "isPlainFolder",
    "landResult",
    "readBranch",
    "readDisposableState",
    "readPackedRefs",
    "readRemotes",
    "readWorkspaceHead",
    "removeTree",
    "takeSnapshot",
    "toLandingCommitId",
    "writePatch",
    "writeResultTree",
  ]);
});
