import { expect, test } from "vitest";
import { killHarnesses } from "./testing/early-kill.ts";

test("nothing survives 20 early kills of the harness", async () => {
  const { before, after, survivors } = await killHarnesses(20);
  console.info(`early kills: ${before} before the command had started, ${after} after`);
  expect(survivors).toEqual([]);
  expect(before + after).toBe(20);
}, 120_000);
