import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EVENTS_OF_A_PASS } from "@cto/evidence-interface";
import { describe, expect, it } from "vitest";
import { codesOf, runKit } from "../__fixtures__/run-kit.ts";

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
});

function readCommand(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
