import { expect, it } from "vitest";

it("exports exactly the documented values", async () => {
  expect(Object.keys(await import("./index.ts")).sort()).toEqual([
    "FAKE_ACTIONS",
    "FAKE_SCRIPT_SCHEMA",
    "createFakeEngine",
    "parseFakeScript",
  ]);
});
