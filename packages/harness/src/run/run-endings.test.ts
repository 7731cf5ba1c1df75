import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "@cto/bundle-store";
import { describe, expect, it } from "vitest";
import { codesOf, createFolder, runKit } from "../__fixtures__/run-kit.ts";

const slow = [{ write: { path: "a.txt", text: "new\n" } }, { sleep: 30 }];

describe("runs that end early", () => {
  it("an interrupted run is sealed as blocked and keeps the work", async () => {
    const controller = new AbortController();
    const run = await runKit({
      steps: slow,
      signal: controller.signal,
      onProgress: ({ step, state }) => {
        if (step === "engine" && state === "started") setTimeout(() => controller.abort(), 700);
      },
    });
    expect(run.outcome.status).toBe("blocked");
    expect(codesOf(run)).toEqual(["interrupted"]);
    expect(run.read("patch.diff")).toContain("+new");
    expect(run.report.backend_exit).toBe("canceled");
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("a run that is interrupted before it began anything is sealed too", async () => {
    const controller = new AbortController();
    controller.abort();
    const run = await runKit({ signal: controller.signal });
    expect(codesOf(run)).toEqual(["interrupted"]);
    expect(run.report.process_started).toBe(false);
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("the wall budget ends an engine that does not stop by itself", async () => {
    const run = await runKit({ steps: [{ ignore_signals: true }, ...slow], task: { budget: { wall_seconds: 1 } } });
    expect(codesOf(run)).toEqual(["timeout"]);
    expect(run.report.backend_exit).toBe("timed-out");
  });

  it("a verification that hangs is ended after its own timeout", async () => {
    const run = await runKit({ task: { verification: [{ id: "check", run: ["sleep", "60"], timeout_seconds: 1 }] } });
    expect(run.outcome.status).toBe("blocked");
    expect(codesOf(run)).toEqual(["timeout"]);
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("a missing tool blocks and names the line to add", async () => {
    const run = await runKit({ task: { verification: [{ id: "check", run: ["no-such-tool"] }] } });
    expect(codesOf(run)).toEqual(["missing_test_command"]);
    expect(run.outcome.blockers[0]?.hint).toContain("toolchains");
  });

  it("output over budget.artifact_bytes ends the run; what there is stays", async () => {
    const run = await runKit({
      steps: [
        { print: { stream: "stdout", text: "x".repeat(1000), repeat: 1000 } },
        { write: { path: "a.txt", text: "new\n" } },
        { sleep: 20 },
      ],
      task: { budget: { artifact_bytes: 50_000 } },
    });
    expect(codesOf(run)).toEqual(["artifact_write_failure"]);
    expect(statSync(join(run.outcome.directory, "backend/engine.stdout.log")).size).toBeLessThanOrEqual(50_000);
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("live events grow while the engine works", async () => {
    const home = createFolder();
    mkdirSync(join(home, ".git"));
    const store = openStore({ home });
    const sizes: number[] = [];
    const timer = setInterval(() => {
      const [directory] = store.listRunDirectories();
      if (directory !== undefined)
        sizes.push(statSync(join(directory, "events.ndjson"), { throwIfNoEntry: false })?.size ?? 0);
    }, 100);
    const steps = [1, 2, 3].flatMap((n) => [
      { print: { stream: "stdout", text: `line ${n}\n` } },
      { claim: { summary: `part ${n}` } },
      { sleep: 0.4 },
    ]);
    const run = await runKit({ store, steps: [...steps, { write: { path: "a.txt", text: "new\n" } }] });
    clearInterval(timer);
    expect(run.outcome.status).toBe("pass");
    const engineAt = readFileSync(join(run.outcome.directory, "events.ndjson"), "utf8").indexOf('"engine"');
    const grown = new Set(sizes.filter((size) => size > engineAt));
    expect(grown.size).toBeGreaterThanOrEqual(2);
  });
});
