import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EVENTS_OF_A_PASS } from "@cto/evidence-interface";
import { describe, expect, it } from "vitest";
import { codesOf, createFolder, runKit, writeFiles } from "../__fixtures__/run-kit.ts";

describe("a run that passes", () => {
  it("leaves a whole bundle that verifies, with every governed event in order", async () => {
    const run = await runKit();
    expect(codesOf(run)).toEqual([]);
    expect(run.outcome).toMatchObject({ status: "pass", changedFiles: ["a.txt"], sealed: true, fault: null });
    expect(run.verified).toMatchObject({
      verdict: "unsigned",
      status: "pass",
      findings: [{ code: "ATTESTATION_MISSING" }],
    });
    expect(run.events.map(({ event }) => event)).toEqual(EVENTS_OF_A_PASS);
    expect(readdirSync(run.outcome.directory).sort()).toEqual(
      [
        "backend",
        "events.ndjson",
        "events.normalized.jsonl",
        "manifest.json",
        "observer",
        "patch.diff",
        "proofs",
        "report.json",
        "report.md",
        "review.json",
        "review.md",
        "run.json",
        "test.log",
        "trace.jsonl",
      ].sort(),
    );
    expect(run.read("patch.diff")).toContain("-old\n+new\n");
    expect(run.report.verification).toMatchObject([
      { id: "check", exit: { kind: "exited", code: 0 }, ran_in: "fresh-checkout", resolved: { path: "/usr/bin/grep" } },
    ]);
    expect(run.store.listRuns()).toMatchObject([{ run_id: run.outcome.runId, status: "pass" }]);
    expect(existsSync(join(run.store.root, "tmp", run.outcome.runId))).toBe(false);
  });

  it("works without a sandbox only where that was typed, and says so", async () => {
    const run = await runKit({ isolation: "none" });
    expect(run.outcome.status).toBe("pass");
    expect(run.report.isolation).toMatchObject({ kind: "none", network: "host" });
    expect(run.read("report.md")).toContain("without a sandbox");
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("keeps machine and place out of the bundle", async () => {
    const run = await runKit();
    for (const name of [
      "run.json",
      "report.json",
      "report.md",
      "review.json",
      "events.normalized.jsonl",
      "events.ndjson",
      "trace.jsonl",
      "observer/index.html",
    ]) {
      expect(run.read(name)).not.toContain(run.store.root);
      expect(run.read(name)).not.toMatch(/\/(?:home|root|Users)\/(?!cto\b)/);
    }
  });
});

describe("what decides before the engine", () => {
  it("stage 1 refuses by design: no process, no effect, a proof of it", async () => {
    const run = await runKit({ stage: 1 });
    expect(codesOf(run)).toEqual(["gate_missing"]);
    expect(run.outcome.status).toBe("blocked");
    expect(run.report.process_started).toBe(false);
    expect(run.events.map(({ event }) => event)).toEqual([
      "run.started",
      "task.contract.created",
      "eligibility.decided",
      "plan.updated",
      "backend.gate.blocked",
      "run.completed",
    ]);
    expect(JSON.parse(run.read("proofs/no-effect.json"))).toMatchObject({ equal: true, process_started: false });
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("an engine without its script is refused, and the hint says what to write", async () => {
    const run = await runKit({ steps: null });
    expect(run.outcome.status).toBe("blocked");
    expect(run.outcome.blockers[0]?.message).toContain("fake.yaml");
    expect(run.report.process_started).toBe(false);
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("a contract that requires an approval is blocked as long as there is none", async () => {
    const run = await runKit({ task: { approval: { required: true } } });
    expect(codesOf(run)).toEqual(["approval_missing"]);
    expect(run.events.map(({ event }) => event)).toContain("approval.requested");
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("setup that fails blocks before the engine, with its output in the message", async () => {
    const run = await runKit({ task: { setup: [{ run: ["sh", "-c", "echo broken pipe; exit 3"] }] } });
    expect(codesOf(run)).toEqual(["gate_missing"]);
    expect(run.outcome.blockers[0]?.message).toMatch(/setup command 1 .* exit 3.*broken pipe/);
    expect(run.report.process_started).toBe(false);
    expect(run.verified.verdict).toBe("unsigned");
  });
});

describe("what the engine did decides, not what it said", () => {
  it("setup's own files are not the engine's change, and both checkouts have them", async () => {
    const run = await runKit({
      task: {
        setup: [{ run: ["sh", "-c", "echo made > made.txt"] }],
        verification: [{ id: "check", run: ["sh", "-c", "grep -q made made.txt && grep -q new a.txt"] }],
      },
    });
    expect(codesOf(run)).toEqual([]);
    expect(run.outcome.changedFiles).toEqual(["a.txt"]);
  });

  it("a claim of files that did not change overstates", async () => {
    const run = await runKit({
      steps: [{ write: { path: "a.txt", text: "new\n" } }, { claim: { files: ["a.txt", "b.txt"] } }],
    });
    expect(codesOf(run)).toEqual(["claim_mismatch"]);
    expect(run.report.claims_match).toBe(false);
  });

  it("a check that passes only in the engine's own work tree fails: an ignored file does not travel", async () => {
    const run = await runKit({
      fixture: { "a.txt": "old\n", ".gitignore": "cache/\n" },
      steps: [{ write: { path: "a.txt", text: "new\n" } }, { write: { path: "cache/ok", text: "yes" } }],
      task: { by_products: ["cache/"], verification: [{ id: "check", run: ["test", "-f", "cache/ok"] }] },
    });
    expect(codesOf(run)).toEqual(["verification_failed"]);
    expect(run.report.by_products).toContain("cache/ok");
  });

  it("a by-product that git does not ignore stays out of the patch", async () => {
    const run = await runKit({
      steps: [{ write: { path: "a.txt", text: "new\n" } }, { write: { path: "__pycache__/x.pyc", text: "bytes" } }],
    });
    expect(codesOf(run)).toEqual([]);
    expect(run.outcome.changedFiles).toEqual(["a.txt"]);
    expect(run.report.by_products).toEqual(["__pycache__/x.pyc"]);
    expect(run.read("patch.diff")).not.toContain("pycache");
  });

  it("strange file names survive from the disk to the report", async () => {
    const names = ["out/-rf", 'out/a"quote', "out/new\nline", "out/tab\there", "out/späße"];
    const latin1 = Buffer.from([0x6f, 0x75, 0x74, 0x2f, 0xff, 0xfe]).toString("base64");
    const run = await runKit({
      task: {
        allowed_paths: ["out/"],
        verification: [
          { id: "check", run: ["sh", "-c", "test $(find out -type f -print0 | tr -cd '\\0' | wc -c) -eq 6"] },
        ],
      },
      steps: [...names.map((path) => ({ write: { path, text: "x" } })), { write: { path_base64: latin1, text: "x" } }],
    });
    expect(codesOf(run)).toEqual([]);
    expect([...run.outcome.changedFiles].sort()).toEqual(
      ['"out/\\377\\376"', '"out/a\\"quote"', '"out/new\\nline"', '"out/tab\\there"', "out/-rf", "out/späße"].sort(),
    );
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("keeps the work of a run that fails", async () => {
    const run = await runKit({ steps: [{ write: { path: "b.txt", text: "not allowed\n" } }] });
    expect(codesOf(run)).toEqual(["disallowed_file_change"]);
    expect(run.read("patch.diff")).toContain("+not allowed");
    expect(run.read("test.log")).toBe("No verification ran: the effect gate did not pass.\n");
    expect(run.events.map(({ event }) => event)).not.toContain("verification.completed");
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("a process that the engine leaves behind is gone before anything is judged", async () => {
    const marker = `300.${process.pid}${Date.now()}`;
    const run = await runKit({
      steps: [{ spawn: { argv: ["sleep", marker] } }, { write: { path: "a.txt", text: "new\n" } }],
    });
    expect(run.outcome.status).toBe("pass");
    expect(run.report.engine_left_processes).toBe(1);
    const alive = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && readCommand(pid).includes(marker));
    expect(alive).toEqual([]);
  });

  it("terminal escapes and secrets of the output do not reach the logs", async () => {
    const secret = ["gh", "p_", "a".repeat(36)].join("");
    const run = await runKit({
      steps: [
        { print: { stream: "stdout", text: `\u001b[31mred\u001b[0m ${secret}\n` } },
        { write: { path: "a.txt", text: "new\n" } },
      ],
    });
    expect(run.read("backend/engine.stdout.log")).toContain("?[31mred?[0m [redacted:github-token]");
    for (const name of ["events.ndjson", "report.json", "observer/observer-data.json"])
      expect(run.read(name)).not.toContain(secret);
  });

  it("a secret in a binary file keeps the patch out of the bundle", async () => {
    const secret = ["gh", "p_", "c".repeat(36)].join("");
    const base64 = Buffer.concat([Buffer.from([0, 1, 2]), Buffer.from(secret)]).toString("base64");
    const run = await runKit({ steps: [{ write: { path: "a.txt", base64 } }] });
    expect(codesOf(run)).toEqual(["secret_leak"]);
    expect(existsSync(join(run.outcome.directory, "patch.diff"))).toBe(false);
    expect(JSON.stringify(run.report)).not.toContain(secret);
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("a secret in a file's name does not reach the bundle either", async () => {
    const secret = ["gh", "p_", "d".repeat(36)].join("");
    const run = await runKit({
      task: { allowed_paths: ["**"] },
      steps: [{ write: { path: `${secret}.txt`, text: "x" } }],
    });
    expect(codesOf(run)).toEqual(["secret_leak"]);
    expect(run.outcome.changedFiles.join()).not.toContain(secret);
    for (const name of [
      "report.json",
      "report.md",
      "review.json",
      "review.md",
      "observer/observer-data.json",
      "observer/index.html",
      "events.ndjson",
    ])
      expect(run.read(name)).not.toContain(secret);
    expect(run.verified.verdict).toBe("unsigned");
  });

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

  it("what an engine prints of its mounts does not tell where the run was made", async () => {
    const run = await runKit({
      steps: [{ run: { argv: ["cat", "/proc/self/mountinfo"] } }, { write: { path: "a.txt", text: "new\n" } }],
    });
    expect(run.read("backend/engine.stdout.log")).toContain(".cto/tmp/");
    for (const name of ["backend/engine.stdout.log", "events.ndjson", "observer/observer-data.json"])
      expect(run.read(name)).not.toContain(run.store.home);
  });

  it("a sparse file does not keep the harness busy", async () => {
    const run = await runKit({
      steps: [
        { run: { argv: ["sh", "-c", "mkdir __pycache__; truncate -s 10T __pycache__/x"] } },
        { write: { path: "a.txt", text: "new\n" } },
      ],
    });
    expect(codesOf(run)).toEqual(["artifact_write_failure"]);
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("packing the repository is no hidden mutation", async () => {
    const run = await runKit({
      steps: [{ write: { path: "a.txt", text: "new\n" } }, { commit: "done" }, { run: { argv: ["git", "gc", "-q"] } }],
    });
    expect(codesOf(run)).toEqual([]);
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

function readCommand(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
