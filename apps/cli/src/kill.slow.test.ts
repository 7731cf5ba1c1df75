import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createHome, processesWith, runCli, startCli } from "./__fixtures__/cli-kit.ts";

const rounds = 40;

it(`${rounds} kills at random moments: the next command closes every run, every bundle verifies, nothing is left`, async () => {
  const home = createHome();
  const cases = ["r1-string-slugify", "failure-failed-tests", "failure-disallowed-file"];
  const begin = performance.now();
  await runCli(home, "run", "r1-string-slugify");
  const wholeMs = performance.now() - begin;
  let early = 0;
  for (let round = 0; round < rounds; round += 1) {
    const started = startCli(home, ["run", cases[round % cases.length] ?? "r1-string-slugify"]);
    await new Promise((resolve) => setTimeout(resolve, wholeMs * (0.15 + Math.random())));
    started.child.kill("SIGKILL");
    if ((await started.result).signal === "SIGKILL") early += 1;
  }
  const list = await runCli(home, "runs", "list", "--json");
  expect(list.code).toBe(0);
  const { items } = JSON.parse(list.stdout) as { items: { status: string }[] };
  const byStatus = Object.groupBy(items, ({ status }) => status);
  console.info(
    `${early} of ${rounds} hit a living run; ${items.length} runs:`,
    Object.entries(byStatus)
      .map(([status, rows]) => `${status} ${rows?.length}`)
      .join(", "),
  );
  expect(Object.keys(byStatus).every((status) => ["pass", "fail", "blocked"].includes(status))).toBe(true);
  const verify = await runCli(home, "verify", "--all", "--json");
  const { results } = JSON.parse(verify.stdout) as {
    results: { verdict: string; run_id: string; findings: { code: string }[] }[];
  };
  expect(results.filter(({ verdict }) => verdict !== "unsigned")).toEqual([]);
  expect(results).toHaveLength(items.length);
  // Half-written markers are swept by the next run.
  expect((await runCli(home, "run", "r1-string-slugify")).code).toBe(0);
  expect(readdirSync(join(home, ".cto/active"))).toEqual([]);
  expect(processesWith(home)).toEqual([]);
});
