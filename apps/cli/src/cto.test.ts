import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { casesRunSchema, runResultSchema, verifyManySchema, verifyResultSchema } from "@cto/evidence-interface";
import { describe, expect, it } from "vitest";
import { createHome, processesWith, runCli, startCli, until } from "./__fixtures__/cli-kit.ts";

/** A task whose engine works for a while, with a marker in its command line. */
function writeSleepingTask(home: string, marker: string): void {
  mkdirSync(join(home, "task/fixture"), { recursive: true });
  writeFileSync(join(home, "task/fixture/a.txt"), "old\n");
  const task = {
    schema: "cto.task.v1",
    id: "sleeper",
    title: "t",
    brief: "b",
    allowed_paths: ["a.txt"],
    verification: [{ id: "check", run: ["true"] }],
  };
  writeFileSync(join(home, "task/task.yaml"), JSON.stringify(task));
  const steps = [{ write: { path: "a.txt", text: "new\n" } }, { run: { argv: ["sleep", marker] } }];
  writeFileSync(join(home, "task/fake.yaml"), JSON.stringify({ schema: "cto.fake-script.v1", steps }));
}

const newMarker = () => `300.${process.pid}${Math.floor(Math.random() * 1e9)}`;

describe("cto run, verify, report, runs", () => {
  it("runs a built-in case, prints one document, and the bundle verifies", async () => {
    const home = createHome();
    const run = await runCli(home, "run", "r1-string-slugify", "--json");
    expect(run.code).toBe(0);
    const result = runResultSchema.parse(JSON.parse(run.stdout));
    expect(result).toMatchObject({
      status: "pass",
      blockers: [],
      changed_files: ["slugify.js"],
      verify: { verdict: "unsigned" },
    });
    expect(existsSync(join(home, result.run_dir, "manifest.json"))).toBe(true);
    const verify = await runCli(home, "verify", "--json");
    expect(verify.code).toBe(0);
    expect(verifyResultSchema.parse(JSON.parse(verify.stdout))).toMatchObject({ verdict: "unsigned", status: "pass" });
    const strict = await runCli(home, "verify", "latest", "--require-signature");
    expect(strict.code).toBe(3);
    const report = await runCli(home, "report");
    expect(report.code).toBe(0);
    for (const part of ["What was asked", "What changed", "What was checked, and where", "What is not proven"])
      expect(report.stdout).toContain(part);
    const list = await runCli(home, "runs", "list", "--json");
    expect(JSON.parse(list.stdout)).toMatchObject({
      schema: "cto.runs.v1",
      items: [{ run_id: result.run_id, status: "pass" }],
    });
    const gone = await runCli(home, "runs", "rm", result.run_id);
    expect(gone.code).toBe(0);
    expect(existsSync(join(home, result.run_dir))).toBe(false);
    expect(readFileSync(join(home, ".cto/ledger.ndjson"), "utf8")).toContain('"removed"');
  });

  it("one changed byte makes verify and report say so, with exit 1", async () => {
    const home = createHome();
    const { run_dir } = JSON.parse((await runCli(home, "run", "r1-string-slugify", "--json")).stdout);
    const file = join(home, run_dir, "patch.diff");
    writeFileSync(file, readFileSync(file, "utf8").replace("+", "-"));
    const verify = await runCli(home, "verify", "latest", "--json");
    expect(verify.code).toBe(1);
    expect(JSON.parse(verify.stdout).verdict).toBe("tampered");
    const all = await runCli(home, "verify", "--all", "--json");
    expect(all.code).toBe(1);
    expect(verifyManySchema.parse(JSON.parse(all.stdout)).verdict).toBe("tampered");
    const report = await runCli(home, "report", "latest");
    expect(report.code).toBe(1);
    expect(report.stderr).toContain("Do not rely on this report");
  });

  it("a good run copied over a bad one is found", async () => {
    const home = createHome();
    const idOf = (result: { readonly stdout: string }) => JSON.parse(result.stdout).run_id as string;
    const good = idOf(await runCli(home, "run", "r1-string-slugify", "--json"));
    const bad = idOf(await runCli(home, "run", "failure-no-diff", "--json"));
    rmSync(join(home, ".cto/runs", bad), { recursive: true });
    cpSync(join(home, ".cto/runs", good), join(home, ".cto/runs", bad), { recursive: true });
    const verify = await runCli(home, "verify", bad, "--json");
    expect(verify.code).toBe(1);
    expect(JSON.parse(verify.stdout)).toMatchObject({
      verdict: "contradictory",
      findings: [{ code: "RUN_MISPLACED" }, {}],
    });
    const list = JSON.parse((await runCli(home, "runs", "list", "--json")).stdout);
    expect(list.items.find(({ run_id }: { run_id: string }) => run_id === bad).status).toBe("mismatch");
  });

  it("a rebuilt index says the same as the old one", async () => {
    const home = createHome();
    await runCli(home, "run", "r1-string-slugify");
    await runCli(home, "run", "failure-no-diff");
    const first = (await runCli(home, "runs", "list", "--json")).stdout;
    rmSync(join(home, ".cto/index"), { recursive: true });
    expect((await runCli(home, "runs", "list", "--json")).stdout).toBe(first);
  });
});

describe("cto cases run", () => {
  it("every built-in case comes out as its expect.yaml says", async () => {
    const home = createHome();
    const run = await runCli(home, "cases", "run", "--json");
    const { items } = casesRunSchema.parse(JSON.parse(run.stdout));
    expect(items.filter(({ ok }) => !ok)).toEqual([]);
    expect(items.length).toBeGreaterThanOrEqual(14);
    expect(run.code).toBe(0);
    const codes = new Set(items.map(({ seen }) => seen.code));
    for (const code of [
      "no_diff",
      "disallowed_file_change",
      "verification_failed",
      "missing_test_command",
      "missing_required_event",
      "timeout",
      "dirty_starting_tree",
      "dirty_ending_tree",
      "artifact_write_failure",
      "provider_unavailable",
    ]) {
      expect(codes).toContain(code);
    }
    const all = await runCli(home, "verify", "--all");
    expect(all.code).toBe(0);
    expect(readdirSync(join(home, ".cto/tmp"))).toEqual([]);
  }, 60_000);
});

describe("endings", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends the run as interrupted, sealed, with nothing left", async (signal, code) => {
    const home = createHome();
    const marker = newMarker();
    writeSleepingTask(home, marker);
    const started = startCli(home, ["run", "task/task.yaml", "--json"]);
    await until("the engine sleeps", () => processesWith(marker).length > 0);
    started.child.kill(signal);
    const result = await started.result;
    expect(result.code).toBe(code);
    expect(JSON.parse(result.stdout)).toMatchObject({
      status: "blocked",
      blockers: [{ code: "interrupted" }],
      verify: { verdict: "unsigned" },
    });
    expect(processesWith(marker)).toEqual([]);
  });

  it("a second SIGINT, after a second, ends a run that does not end: no process is left, and the next command closes it", async () => {
    const home = createHome();
    const marker = newMarker();
    writeSleepingTask(home, marker);
    // Nothing of the check hears SIGTERM, so the first signal alone takes the two seconds of grace.
    const run = ["sh", "-c", `trap '' TERM; while :; do sleep ${marker}; done`];
    const task = JSON.parse(readFileSync(join(home, "task/task.yaml"), "utf8"));
    writeFileSync(join(home, "task/task.yaml"), JSON.stringify({ ...task, verification: [{ id: "check", run }] }));
    const steps = [{ write: { path: "a.txt", text: "new\n" } }];
    writeFileSync(join(home, "task/fake.yaml"), JSON.stringify({ schema: "cto.fake-script.v1", steps }));
    const started = startCli(home, ["run", "task/task.yaml"]);
    await until("the check sleeps", () => processesWith(`sleep\0${marker}`).length > 0);
    started.child.kill("SIGINT");
    await until("the first is heard", () => started.stderr().includes("Once more, after a second, ends cto at once"));
    started.child.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    expect(started.child.exitCode).toBe(null);
    started.child.kill("SIGINT");
    expect(await started.result).toMatchObject({ code: 130, signal: null, stdout: "" });
    await until("all processes are gone", () => processesWith(marker).length === 0);
    expect((await runCli(home, "runs", "list")).stderr).toContain("was interrupted; it is closed now");
  });

  it("a harness that is killed leaves no process, shows as interrupted, and the next command closes the run", async () => {
    const home = createHome();
    const marker = newMarker();
    writeSleepingTask(home, marker);
    const started = startCli(home, ["run", "task/task.yaml"]);
    await until("the engine sleeps", () => processesWith(marker).length > 0);
    const during = JSON.parse((await runCli(home, "runs", "list", "--json")).stdout);
    expect(during.items).toMatchObject([{ status: "running" }]);
    started.child.kill("SIGKILL");
    await started.result;
    await until("all processes are gone", () => processesWith(marker).length === 0);
    const before = await runCli(home, "verify", "--all", "--json");
    expect(JSON.parse(before.stdout).results).toMatchObject([{ verdict: "incomplete" }]);
    const list = await runCli(home, "runs", "list", "--json");
    const { items } = JSON.parse(list.stdout);
    expect(items).toMatchObject([{ status: "blocked" }]);
    expect(list.stderr).toContain("was interrupted; it is closed now");
    const verify = await runCli(home, "verify", items[0].run_id, "--json");
    expect(JSON.parse(verify.stdout)).toMatchObject({ verdict: "unsigned", status: "blocked" });
    expect((await runCli(home, "runs", "list")).stderr).toBe("");
  });

  const limited = (blocks: number) => ({ command: ["sh", "-c", `ulimit -f ${blocks}; exec "$0" "$@"`] });

  it("a disk that refuses in the middle fails the run, and what there is is sealed", async () => {
    const home = createHome();
    writeSleepingTask(home, "0");
    const steps = [
      { write: { path: "a.txt", text: "new\n" } },
      { print: { stream: "stdout", text: "x".repeat(1000), repeat: 4000 } },
    ];
    writeFileSync(join(home, "task/fake.yaml"), JSON.stringify({ schema: "cto.fake-script.v1", steps }));
    // 4,000 blocks of 512 bytes: room for the reserve and the documents, not for 4 MB of output in one log.
    const result = await startCli(home, ["run", "task/task.yaml", "--json"], limited(4000)).result;
    expect(result.code).toBe(1);
    expect(runResultSchema.parse(JSON.parse(result.stdout))).toMatchObject({
      status: "fail",
      blockers: [{ code: "artifact_write_failure" }],
      verify: { verdict: "unsigned" },
    });
  });

  it("a disk that refuses from the start: the result goes to standard output, exit 1, nothing is sealed", async () => {
    const home = createHome();
    const result = await startCli(home, ["run", "r1-string-slugify", "--json"], limited(600)).result;
    expect(result.code).toBe(1);
    const document = runResultSchema.parse(JSON.parse(result.stdout));
    expect(document).toMatchObject({
      status: "fail",
      blockers: [{ code: "artifact_write_failure" }],
      verify: { verdict: "incomplete" },
    });
    expect(existsSync(join(home, document.run_dir, "manifest.json"))).toBe(false);
    expect((await runCli(home, "runs", "list")).code).toBe(0);
  });
});

describe("help and habits", () => {
  it("every command has help with an example", async () => {
    const home = createHome();
    const commands = [
      [],
      ["run"],
      ["verify"],
      ["report"],
      ["runs"],
      ["runs", "list"],
      ["runs", "show"],
      ["runs", "rm"],
      ["cases"],
      ["cases", "list"],
      ["cases", "run"],
      ["engines"],
      ["engines", "list"],
      ["engines", "probe"],
      ["doctor"],
    ];
    for (const command of commands) {
      const { code, stdout } = await runCli(home, ...command, "--help");
      expect([command.join(" "), code]).toEqual([command.join(" "), 0]);
      expect(stdout).toContain("Example:");
    }
  });

  it("doctor and engines answer in JSON", async () => {
    const home = createHome();
    const doctor = await runCli(home, "doctor", "--json");
    expect(doctor.code).toBe(0);
    expect(JSON.parse(doctor.stdout).items.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(["node", "git", "sandbox", "disk"]),
    );
    const engines = await runCli(home, "engines", "list", "--json");
    expect(JSON.parse(engines.stdout)).toMatchObject({
      schema: "cto.engines.v1",
      items: [{ id: "fake", state: "ready" }],
    });
    const probe = await runCli(home, "engines", "probe", "fake", "--json");
    expect(JSON.parse(probe.stdout).executable_sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it("a reader that closes the pipe early is no fault", async () => {
    const home = createHome();
    const result = await startCli(home, ["cases", "list"], { command: ["sh", "-c", '"$0" "$@" | head -n 1'] }).result;
    expect(result.code).toBe(0);
    expect(result.stderr).toBe("");
  });
});
