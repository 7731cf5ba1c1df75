// @ts-check
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectEnv, repository } from "./layout.mjs";

/** @typedef {{passed: number, failed: number, skipped: number}} Counts */

/**
 * Counts the tests of one vitest JSON report. A test file that fails without a failed test (it did not load) counts as one failed.
 * @param {{testResults: readonly {status: string, assertionResults: readonly {status: string}[]}[]}} report
 * @returns {Counts}
 */
export function countTests(report) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.testResults) {
    const failedBefore = counts.failed;
    for (const { status } of file.assertionResults) {
      if (status === "passed") counts.passed += 1;
      else if (status === "failed") counts.failed += 1;
      else counts.skipped += 1;
    }
    if (file.status === "failed" && counts.failed === failedBefore) counts.failed += 1;
  }
  return counts;
}

/**
 * Runs one vitest project, then prints the counts as the last line. Returns vitest's exit code; 1 if it left no report.
 * @param {{root: string, node: string, env: NodeJS.ProcessEnv, logs: string, say: (line: string) => void, project: string, args: readonly string[]}} options
 */
export function runTests({ root, node, env, logs, say, project, args }) {
  mkdirSync(logs, { recursive: true });
  const report = join(logs, `vitest-${project}.json`);
  rmSync(report, { force: true });
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { status } = spawnSync(node, [vitest, "run", "--project", project, ...reporters, ...args], {
    cwd: root,
    env,
    stdio: "inherit",
  });
  try {
    const { passed, failed, skipped } = countTests(JSON.parse(readFileSync(report, "utf8")));
    say(`tests: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  } catch (thrown) {
    say(`the test runner left no report: ${thrown instanceof Error ? thrown.message : thrown}`);
    return status === 0 ? 1 : (status ?? 1);
  }
  return status ?? 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [project = "fast", ...args] = process.argv.slice(2);
  process.exitCode = runTests({
    root: repository.root,
    node: process.execPath,
    env: projectEnv(repository),
    logs: repository.logs,
    say: console.log,
    project,
    args,
  });
}
