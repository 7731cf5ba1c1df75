import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { runProcess } from "./index.ts";

test("memory stays flat over 1 GB of output", async () => {
  let bytes = 0;
  let most = 0;
  const before = process.memoryUsage().rss;
  const { outcome } = await runProcess({
    argv: ["head", "-c", "1000000000", "/dev/zero"],
    cwd: tmpdir(),
    env: { PATH: "/usr/bin:/bin" },
    timeoutMs: 120_000,
    graceMs: 1_000,
    maxOutputBytes: 0,
    onStdout: (chunk) => {
      bytes += chunk.length;
      most = Math.max(most, process.memoryUsage.rss());
    },
  });
  expect(outcome).toEqual({ kind: "exited", code: 0 });
  expect(bytes).toBe(1_000_000_000);
  expect(most - before).toBeLessThan(150_000_000);
});
