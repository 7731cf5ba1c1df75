import { describe, expect, it } from "vitest";
import { codesOf, createFolder, runKit, writeFiles } from "../__fixtures__/run-kit.ts";

describe("the checks of a task", () => {
  it("a check that leaves names too long to read has failed", async () => {
    const deep = "import os\nfor i in range(200):\n  os.mkdir('d'*50); os.chdir('d'*50)\n";
    const run = await runKit({
      task: {
        verification: [
          { id: "one", run: ["python3", "-c", deep] },
          { id: "two", run: ["true"] },
        ],
      },
    });
    expect(codesOf(run)).toEqual(["verification_failed"]);
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("a check that rewrites the next one ends the verification", async () => {
    const run = await runKit({
      fixture: { "a.txt": "old\n", "check.sh": "grep -q impossible a.txt\n" },
      task: {
        protected_paths: ["check.sh"],
        verification: [
          { id: "one", run: ["sh", "-c", "echo exit 0 > check.sh"] },
          { id: "two", run: ["sh", "check.sh"] },
        ],
      },
    });
    expect(codesOf(run)).toEqual(["verification_failed"]);
    expect(run.outcome.blockers[0]?.message).toContain("a check changed check.sh, protected paths among them");
    expect(run.report.verification.map(({ id }) => id)).toEqual(["one"]);
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("a test report that lay there before, or behind a link, is not read", async () => {
    const junit = '<testsuite tests="2" failures="0" skipped="0"><testcase name="a"/><testcase name="b"/></testsuite>';
    const check = (run: string[]) => ({ verification: [{ id: "check", run, reads: "junit:out/r.xml" }] });
    const fixture = { "a.txt": "old\n", "out/r.xml": junit };
    const stale = await runKit({ fixture, task: check(["true"]) });
    expect(stale.report.verification[0]?.tests).toBeUndefined();
    const elsewhere = createFolder();
    writeFiles(elsewhere, { "r.xml": junit });
    const linked = await runKit({ isolation: "none", task: check(["sh", "-c", `ln -s ${elsewhere} out`]) });
    expect(linked.report.verification[0]?.tests).toBeUndefined();
    const fresh = await runKit({ task: check(["sh", "-c", `mkdir out; echo '${junit}' > out/r.xml`]) });
    expect(fresh.report.verification[0]?.tests).toMatchObject({ passed: 2, failed: 0 });
  });

  it("fewer tests than at the baseline do not pass", async () => {
    const tap = (skipped: boolean) => `TAP version 13\nok 1 - a${skipped ? " # SKIP" : ""}\n1..1\n`;
    const run = await runKit({
      fixture: { "a.txt": "old\n", "tap.txt": tap(false) },
      task: {
        allowed_paths: ["a.txt", "tap.txt"],
        verification: [{ id: "check", run: ["cat", "tap.txt"], reads: "tap", compare_baseline: true }],
      },
      steps: [{ write: { path: "tap.txt", text: tap(true) } }],
    });
    expect(codesOf(run)).toEqual(["tests_skipped"]);
    expect(run.report.verification[0]).toMatchObject({ tests: { skipped: 1 }, baseline_tests: { skipped: 0 } });
  });
});
