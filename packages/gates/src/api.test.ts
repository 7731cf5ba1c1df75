import { expect, test } from "vitest";

test("exports exactly the documented values", async () => {
  expect(Object.keys(await import("./index.ts")).sort()).toEqual([
    "DEFAULT_BY_PRODUCTS",
    "GATE_NAMES",
    "KNOWN_ACTIONS",
    "MAX_TASK_BYTES",
    "TASK_SCHEMA",
    "compilePathPolicy",
    "compilePathRules",
    "createPatchScanner",
    "decideEligibility",
    "exitCodeOf",
    "explainPath",
    "isByProduct",
    "judgeClaims",
    "judgeEffects",
    "judgeRun",
    "judgeVerification",
    "matchPath",
    "mutationModeOf",
    "parseTask",
    "parseTestCounts",
    "resolveStage",
    "scanPatchForSecrets",
    "targetKindOf",
    "taskJsonSchema",
    "toBlocker",
    "toEffectivePolicy",
  ]);
});
