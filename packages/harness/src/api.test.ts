import { expect, test } from "vitest";

test("exports exactly the public surface", async () => {
  expect(Object.keys(await import("./index.ts")).sort()).toEqual([
    "DEFAULT_ORG_POLICY",
    "closeInterruptedRuns",
    "createOutcomeReader",
    "decideOutcome",
    "findTargets",
    "listCaseIds",
    "loadTask",
    "parseConfig",
    "parseExpectation",
    "readPendingRun",
    "readPlainFile",
    "readPolicyLayers",
    "readRecords",
    "readTargetId",
    "runCases",
    "runTask",
    "writeRecord",
  ]);
});
