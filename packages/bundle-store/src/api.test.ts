import { expect, it } from "vitest";

it("exports exactly this", async () => {
  expect(Object.keys(await import("./index.ts")).sort()).toEqual([
    "APPROVAL_FILES",
    "PUBLIC_KEY_SCHEMA",
    "checkOpenForDecision",
    "createExclusive",
    "findHome",
    "findTrustedKeys",
    "iterateEvidence",
    "openStore",
    "parsePublicKey",
    "readApprovalFolder",
    "readBundleFacts",
    "readEvidenceOf",
    "readPlainFile",
    "readTrustedKeys",
    "replaceDurably",
    "revokeKey",
    "runIdOfDirectory",
    "toOutcomeRun",
    "trustKey",
    "verifyEd25519",
    "verifyRunDirectory",
    "writeDecision",
  ]);
});
