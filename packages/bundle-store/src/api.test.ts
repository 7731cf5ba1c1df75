import { expect, it } from "vitest";

it("exports exactly this", async () => {
  expect(Object.keys(await import("./index.ts")).sort()).toEqual([
    "findHome",
    "openStore",
    "readBundleFacts",
    "runIdOfDirectory",
    "verifyRunDirectory",
  ]);
});
