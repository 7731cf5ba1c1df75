import { expect, test } from "vitest";
import { createBubblewrapSandbox } from "./index.ts";
import { killHarnesses } from "./testing/early-kill.ts";
import { createBench } from "./testing/sandbox-bench.ts";

test("nothing survives 200 early kills of the harness", async () => {
  const { before, after, survivors } = await killHarnesses(200);
  console.info(`early kills: ${before} before the command had started, ${after} after`);
  expect(survivors).toEqual([]);
  expect(Math.min(before, after)).toBeGreaterThan(0);
});

test("memory stays flat over 1 GB of output", async () => {
  const bench = await createBench(createBubblewrapSandbox({ toolchains: [] }));
  const before = process.memoryUsage.rss();
  let bytes = 0;
  let most = 0;
  const { end } = await bench.run(["head", "-c", "1000000000", "/dev/zero"], {
    timeoutMs: 120_000,
    onStdout: (chunk) => {
      bytes += chunk.length;
      most = Math.max(most, process.memoryUsage.rss());
    },
  });
  await bench.remove();
  expect(end).toEqual({ kind: "exited", code: 0 });
  expect(bytes).toBe(1_000_000_000);
  expect(most - before).toBeLessThan(150_000_000);
});
