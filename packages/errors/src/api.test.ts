import { expect, test } from "vitest";

test("exports exactly the public surface", async () => {
  expect(Object.keys(await import("./index.ts")).sort()).toEqual([
    "CtoError",
    "closestWord",
    "findSecrets",
    "messageOf",
    "oneLine",
    "redactSecrets",
    "stripControls",
    "systemCode",
  ]);
});
