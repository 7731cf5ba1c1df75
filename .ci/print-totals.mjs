// @ts-check
// Prints the counts of all tests and package checks that left a report in the given folder. Fails on a failed or skipped one.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { countTests } from "../tools/setup/run-tests.mjs";

const [logs = ""] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };

for (const project of ["fast", "slow"]) {
  const report = join(logs, `vitest-${project}.json`);
  if (!existsSync(report)) continue;
  const { passed, failed, skipped } = countTests(JSON.parse(readFileSync(report, "utf8")));
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
}

const packages = join(logs, "ci", "packages.log");
const counted = existsSync(packages)
  ? /^packages: (\d+) passed, (\d+) failed$/m.exec(readFileSync(packages, "utf8"))
  : null;
total.passed += Number(counted?.[1] ?? "0");
total.failed += Number(counted?.[2] ?? "0");

if (total.skipped > 0)
  console.log("a skipped test counts as a failure here: what it needs must be there, or it must go");
console.log(`tests: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.passed > 0 && total.failed === 0 && total.skipped === 0 ? 0 : 1;
