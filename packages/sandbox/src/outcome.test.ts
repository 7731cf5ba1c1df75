import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createBubblewrapSandbox } from "./index.ts";
import { type Bench, createBench } from "./testing/sandbox-bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await createBench(createBubblewrapSandbox({ toolchains: [] }));
});
afterAll(() => bench.remove());

describe("how the command ended, as seen from inside", () => {
  test.each([0, 1, 3, 126, 127, 137, 255])("exit %i", async (code) => {
    expect(await bench.sh(`exit ${code}`)).toMatchObject({ end: { kind: "exited", code }, leftBehind: 0 });
  });

  test.each([
    [9, "SIGKILL"],
    [15, "SIGTERM"],
    [11, "SIGSEGV"],
    [13, "SIGPIPE"],
    [34, "SIG34"],
    [64, "SIG64"],
  ])("signal %i, real-time ones too, which Node reads as exit 0", async (number, signal) => {
    expect(await bench.sh(`kill -${number} $$`)).toMatchObject({ end: { kind: "signaled", signal }, leftBehind: 0 });
  });

  test("a command that does not exist", async () => {
    expect(await bench.run(["no-such-command"])).toMatchObject({
      end: {
        kind: "not-started",
        reason: "command-not-found",
        message: "no-such-command: command or its interpreter not found",
      },
      leftBehind: null,
    });
  });

  test.each(["/etc/passwd", "/usr"])("a command that is not executable: %s", async (command) => {
    expect((await bench.run([command])).end).toEqual({
      kind: "not-started",
      reason: "not-executable",
      message: `${command}: not executable`,
    });
  });

  test("walls that cannot be built, in bwrap's own words, which reach no output", async () => {
    const seen = await bench.sh("true", { workspace: "/does/not/exist" });
    expect(seen.end).toEqual({
      kind: "not-started",
      reason: "setup-failed",
      message: "bwrap: Can't find source path /does/not/exist: No such file or directory",
    });
    expect(seen.stderr).toBe("");
  });

  test.each([
    [{ argv: ["true", "a\0b"] as const }, "an argument holds a NUL character"],
    [{ env: { "A=B": "c" } }, "a name or value of the environment cannot be passed on"],
    [{ env: { A: "\0" } }, "a name or value of the environment cannot be passed on"],
  ])("a request that no process can be given", async (more, message) => {
    expect((await bench.run(["true"], more as object)).end).toEqual({
      kind: "not-started",
      reason: "setup-failed",
      message,
    });
  });

  test("a machine without bubblewrap", async () => {
    const sandbox = createBubblewrapSandbox({ toolchains: [], bwrap: "/nowhere/bwrap" });
    expect(await sandbox.probe()).toEqual({
      kind: "unavailable",
      message: "bubblewrap (`bwrap`) is not installed",
      hint: "Install it as root: apt-get install bubblewrap",
    });
    const other = await createBench(sandbox);
    expect((await other.sh("true")).end).toMatchObject({ kind: "not-started", reason: "setup-failed" });
    await other.remove();
  });

  test("a bubblewrap that is too old", async () => {
    const old = join(bench.workspace, "bwrap");
    await writeFile(old, "#!/bin/sh\necho bubblewrap 0.4.1\n", { mode: 0o755 });
    expect(await createBubblewrapSandbox({ toolchains: [], bwrap: old }).probe()).toEqual({
      kind: "unavailable",
      message: "bubblewrap 0.4 is too old",
      hint: "Install bubblewrap 0.5 or later.",
    });
  });

  test("a machine without perl, and one whose bwrap is something else", async () => {
    expect(await createBubblewrapSandbox({ toolchains: [], perl: "/usr/nowhere" }).probe()).toMatchObject({
      kind: "unavailable",
      hint: "Install it as root: apt-get install perl-base",
    });
    expect(await createBubblewrapSandbox({ toolchains: [], bwrap: "/usr/bin/true" }).probe()).toMatchObject({
      kind: "unavailable",
      message: "/usr/bin/true does not tell its version",
    });
  });

  test("the probe is ready and honest about limits", async () => {
    expect(await createBubblewrapSandbox({ toolchains: [] }).probe()).toEqual({
      kind: "ready",
      version: expect.stringMatching(/^\d+\.\d+/),
      limits: { processes: "none", memory: "none", disk: "none", wall_time: "watchdog" },
    });
  });
});

describe("what it leaves behind", () => {
  test("is killed and counted, in sessions of its own too", async () => {
    const seen = await bench.sh(
      "sleep 60 & setsid sleep 60 & (trap '' TERM HUP; setsid sleep 60 & ) ; sleep 0.2; exit 4",
    );
    expect(seen).toMatchObject({ end: { kind: "exited", code: 4 }, leftBehind: 3 });
    expect(seen.durationMs).toBeLessThan(10_000);
  });

  test("does not count what had ended by itself", async () => {
    expect(await bench.sh("for i in 1 2 3; do (true &) ; done; sleep 0.2")).toMatchObject({ leftBehind: 0 });
  });

  test("a fork bomb ends with the command", async () => {
    const seen = await bench.sh("f() { sleep 0.01; f & f & }; f & sleep 0.1; exit 2");
    expect(seen.end).toEqual({ kind: "exited", code: 2 });
  });
});

describe("stopping", () => {
  test("a timeout is soft first", async () => {
    const seen = await bench.sh("trap 'echo cleaned; exit 0' TERM; echo up; while :; do sleep 0.02; done", {
      timeoutMs: 400,
    });
    expect(seen).toMatchObject({ end: { kind: "timed-out" }, stdout: "up\ncleaned\n", leftBehind: 0 });
  });

  test("and then hard, for the whole tree", async () => {
    const seen = await bench.sh("trap '' TERM; setsid sleep 60 & while :; do sleep 0.02; done", {
      timeoutMs: 300,
      graceMs: 200,
    });
    expect(seen).toMatchObject({ end: { kind: "timed-out" }, leftBehind: null });
    expect(seen.durationMs).toBeGreaterThan(490);
    expect(seen.durationMs).toBeLessThan(5_000);
  });

  test("a signal cancels, before, at and after the start", async () => {
    expect((await bench.sh("true", { signal: AbortSignal.abort() })).end).toEqual({ kind: "canceled" });
    for (const delay of [0, 5, 200]) {
      const controller = new AbortController();
      const running = bench.run(["sleep", "60"], { signal: controller.signal });
      await sleep(delay);
      controller.abort();
      expect((await running).end).toEqual({ kind: "canceled" });
    }
  });

  test("a sink that throws ends everything, and its error comes out", async () => {
    const thrown = new Error("disk full");
    await expect(
      bench.sh("echo one; sleep 60", {
        onStdout: () => {
          throw thrown;
        },
      }),
    ).rejects.toBe(thrown);
  });
});

describe("streams", () => {
  test("arguments and environment arrive as they are, whatever text they hold", async () => {
    const text = fc.string({ unit: "binary", maxLength: 30 }).filter((value) => !value.includes("\0"));
    const property = fc.asyncProperty(fc.array(text, { maxLength: 6 }), text, async (args, value) => {
      const script = 'print join("\\0", @ARGV, $ENV{VALUE})';
      const seen = await bench.run(["perl", "-e", script, "--", ...args], { env: { VALUE: value } });
      expect(seen.stdout).toBe([...args, value].join("\0"));
    });
    await fc.assert(property, { numRuns: 25 });
  });

  test("standard input is what was given, to its end", async () => {
    expect((await bench.run(["wc", "-c"], { stdin: new Uint8Array(3_000_000) })).stdout.trim()).toBe("3000000");
    expect(await bench.run(["cat"])).toMatchObject({ end: { kind: "exited", code: 0 }, stdout: "" });
  });

  test("output arrives whole and apart, up to the last byte before the exit", async () => {
    const seen = await bench.sh(
      "head -c 3000000 /dev/zero | tr '\\0' a; printf end; head -c 2000000 /dev/zero >&2; exit 1",
    );
    expect(seen.end).toEqual({ kind: "exited", code: 1 });
    expect(seen.stdout).toBe(`${"a".repeat(3_000_000)}end`);
    expect(seen.stderr).toHaveLength(2_000_000);
  });

  test("/dev/stdout and /dev/stderr can be opened", async () => {
    expect(await bench.sh("echo one > /dev/stdout; echo two > /dev/stderr")).toMatchObject({
      stdout: "one\n",
      stderr: "two\n",
    });
  });

  test("output arrives while the command runs", async () => {
    let first = 0;
    const begin = performance.now();
    const seen = await bench.sh("echo first; sleep 0.5; echo second", {
      onStdout: () => {
        first ||= performance.now() - begin;
      },
    });
    expect(seen.durationMs - first).toBeGreaterThan(400);
  });
});
