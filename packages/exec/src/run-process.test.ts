import { readFileSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunProcessOptions, runProcess } from "./index.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "cto-exec-"));
});
afterAll(() => rm(directory, { recursive: true }));

const run = (argv: readonly [string, ...string[]], more: Partial<RunProcessOptions> = {}) =>
  runProcess({ argv, cwd: directory, env: { PATH: "/usr/bin:/bin" }, timeoutMs: 20_000, graceMs: 1_000, ...more });
const sh = (script: string, more: Partial<RunProcessOptions> = {}) => run(["sh", "-c", script], more);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

/** A zombie that nobody has reaped yet counts as gone. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function isGone(pid: number): Promise<boolean> {
  for (let round = 0; round < 100 && isAlive(pid); round += 1) await sleep(20);
  return !isAlive(pid);
}

describe("how a process ended", () => {
  test("tells the exit code and both outputs", async () => {
    const result = await sh("echo out; echo err >&2; exit 7");
    expect(result).toMatchObject({ outcome: { kind: "exited", code: 7 }, truncated: false });
    expect(text(result.stdout)).toBe("out\n");
    expect(text(result.stderr)).toBe("err\n");
    expect(result.durationMs).toBeGreaterThan(0);
  });

  test.each(["SIGKILL", "SIGTERM", "SIGSEGV", "SIGPIPE", "SIGSTKFLT"] as const)(
    "names %s that killed it",
    async (signal) => {
      const number = { SIGKILL: 9, SIGTERM: 15, SIGSEGV: 11, SIGPIPE: 13, SIGSTKFLT: 16 }[signal];
      expect((await sh(`kill -${number} $$`)).outcome).toEqual({ kind: "signaled", signal });
    },
  );

  test("tells a shell's 137 from a kill", async () => {
    expect((await sh("exit 137")).outcome).toEqual({ kind: "exited", code: 137 });
  });

  test("answers a command that does not exist", async () => {
    expect((await run(["no-such-command-here"])).outcome).toEqual({
      kind: "not-started",
      reason: "command-not-found",
      message: "no-such-command-here: command or its interpreter not found",
    });
  });

  test("answers a file without execute permission", async () => {
    const file = join(directory, "plain.txt");
    await writeFile(file, "#!/bin/sh\n", { mode: 0o644 });
    expect((await run([file])).outcome).toMatchObject({ kind: "not-started", reason: "not-executable" });
  });

  test("answers a working directory that does not exist, not a missing command", async () => {
    const { outcome } = await run(["true"], { cwd: join(directory, "absent") });
    expect(outcome).toMatchObject({ kind: "not-started", reason: "spawn-failed" });
    expect(outcome.kind === "not-started" && outcome.message).toContain("cannot enter the working directory");
  });

  test.each([
    ["an argument with NUL", ["true", "a\0b"] as const],
    ["arguments that exceed the kernel's limit", ["true", "x".repeat(4_000_000)] as const],
  ])("answers %s", async (_, argv) => {
    expect((await run([...argv])).outcome).toMatchObject({ kind: "not-started", reason: "spawn-failed" });
  });
});

describe("what the process is given", () => {
  test("inherits no environment", async () => {
    expect(text((await run(["/usr/bin/env"], { env: { ONLY: "this" } })).stdout)).toBe("ONLY=this\n");
  });

  test("reads standard input to its end, and none where none is given", async () => {
    const bytes = new Uint8Array(1_000_000).fill(97);
    expect((await run(["cat"], { stdin: bytes })).stdout).toHaveLength(1_000_000);
    expect((await run(["cat"])).outcome).toEqual({ kind: "exited", code: 0 });
  });

  test("survives a process that does not read its input", async () => {
    expect((await run(["true"], { stdin: new Uint8Array(10_000_000) })).outcome).toEqual({ kind: "exited", code: 0 });
  });

  test("keeps arguments as they are", async () => {
    const odd = ["", "a b", "'\"$(x)`", "-n", "\n", "é"];
    const result = await run(["/usr/bin/printf", "%s|", ...odd]);
    expect(text(result.stdout)).toBe(`${odd.join("|")}|`);
  });

  test("has data, output and lifeline pipes from descriptor 3 on", async () => {
    const reported: string[] = [];
    const result = await sh("cat <&3 >&4; read first <&5; read second <&5; echo $first $second", {
      pipes: [
        { kind: "data", bytes: "given" },
        { kind: "output", onChunk: (chunk) => void reported.push(text(chunk)) },
        { kind: "lifeline", greeting: "hello\n", softStop: "stop\n" },
      ],
      timeoutMs: 300,
    });
    expect(reported.join("")).toBe("given");
    expect(result.outcome).toEqual({ kind: "timed-out" });
    expect(text(result.stdout)).toBe("hello stop\n");
  });

  test("ends the lifeline at the hard stop", async () => {
    const result = await sh("while read word; do echo $word; done <&3; echo end", {
      pipes: [{ kind: "lifeline", greeting: "", softStop: "stop\n" }],
      timeoutMs: 100,
      graceMs: 100,
    });
    expect(text(result.stdout)).toBe("stop\nend\n");
  });
});

describe("output", () => {
  test("keeps the beginning, marks the cut and lets the process finish", async () => {
    const result = await sh("yes | head -c 5000000; exit 3", { maxOutputBytes: 1_001 });
    expect(result).toMatchObject({ outcome: { kind: "exited", code: 3 }, truncated: true });
    expect(text(result.stdout)).toBe("y\n".repeat(501).slice(0, 1_001));
  });

  test("is not marked as cut when it fits exactly", async () => {
    expect(await sh("printf 12345", { maxOutputBytes: 5 })).toMatchObject({ truncated: false });
  });

  test("waits for a slow sink, in order and complete", async () => {
    let bytes = 0;
    let inside = 0;
    let most = 0;
    await sh("head -c 2000000 /dev/zero", {
      maxOutputBytes: 0,
      onStdout: async (chunk) => {
        inside += 1;
        most = Math.max(most, inside);
        bytes += chunk.length;
        await sleep(15);
        inside -= 1;
      },
    });
    expect({ bytes, most }).toEqual({ bytes: 2_000_000, most: 1 });
  });

  test("waits for a sink that blocks, long after the exit", async () => {
    let bytes = 0;
    const seen = await sh("head -c 500000 /dev/zero", {
      onStdout: (chunk) => {
        bytes += chunk.length;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      },
    });
    expect({ bytes, truncated: seen.truncated }).toEqual({ bytes: 500_000, truncated: false });
  });

  test("a sink that throws ends the process, and its error comes out", async () => {
    const thrown = new Error("disk full");
    const begin = performance.now();
    await expect(
      sh("echo one; sleep 30", {
        onStdout: () => {
          throw thrown;
        },
      }),
    ).rejects.toBe(thrown);
    expect(performance.now() - begin).toBeLessThan(5_000);
  });

  test("keeps bytes that are not UTF-8", async () => {
    const { stdout } = await sh("printf '\\377\\000\\n\\342\\200\\250'");
    expect([...stdout]).toEqual([0xff, 0, 10, 0xe2, 0x80, 0xa8]);
  });
});

describe("stopping", () => {
  test("a timeout reaches the whole group", async () => {
    const result = await sh("sleep 60 & echo $!; wait", { timeoutMs: 200 });
    expect(result.outcome).toEqual({ kind: "timed-out" });
    expect(await isGone(Number(text(result.stdout)))).toBe(true);
    expect(result.durationMs).toBeLessThan(5_000);
  });

  test("the soft stop lets it clean up, and the answer stays timed-out", async () => {
    const result = await sh("trap 'echo cleaned; exit 0' TERM; while :; do sleep 0.02; done", { timeoutMs: 200 });
    expect(result.outcome).toEqual({ kind: "timed-out" });
    expect(text(result.stdout)).toBe("cleaned\n");
  });

  test("the hard stop ends what ignores the soft one, its children too", async () => {
    const result = await sh("trap '' TERM; (trap '' TERM; while :; do sleep 0.05; done) & echo $!; wait; wait", {
      timeoutMs: 150,
      graceMs: 150,
    });
    expect(result.outcome).toEqual({ kind: "timed-out" });
    expect(result.durationMs).toBeGreaterThan(290);
    expect(await isGone(Number(text(result.stdout)))).toBe(true);
  });

  test("a signal cancels, before the start and in the middle", async () => {
    expect((await run(["no-such-command"], { signal: AbortSignal.abort() })).outcome).toEqual({ kind: "canceled" });
    const early = new AbortController();
    queueMicrotask(() => early.abort());
    expect((await run(["sleep", "60"], { signal: early.signal })).outcome).toEqual({ kind: "canceled" });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    expect((await run(["sleep", "60"], { signal: controller.signal })).outcome).toEqual({ kind: "canceled" });
  });

  test("a timeout longer than a timer can hold does not fire at once", async () => {
    const long = await run(["sleep", "0.1"], { timeoutMs: Number.POSITIVE_INFINITY });
    expect(long.outcome).toEqual({ kind: "exited", code: 0 });
  });
});

describe("what it leaves behind", () => {
  test("a child in the group that holds the output does not hold the answer, and is killed", async () => {
    const result = await sh("sleep 60 & echo $!; exit 5");
    expect(result).toMatchObject({ outcome: { kind: "exited", code: 5 }, truncated: false });
    expect(result.durationMs).toBeLessThan(5_000);
    expect(await isGone(Number(text(result.stdout)))).toBe(true);
  });

  test("a child that left the group and holds the output is cut off, and the answer says truncated", async () => {
    const result = await sh("setsid sleep 8 & echo $!; exit 5");
    const pid = Number(text(result.stdout));
    expect(result).toMatchObject({ outcome: { kind: "exited", code: 5 }, truncated: true });
    expect(result.durationMs).toBeLessThan(5_000);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, "SIGKILL");
  });

  test("a child that left the group and writes without end is cut off soon", async () => {
    const result = await sh("setsid yes & echo $! >&2; exit 5", { maxOutputBytes: 1_000 });
    process.kill(Number(text(result.stderr)), "SIGKILL");
    expect(result).toMatchObject({ outcome: { kind: "exited", code: 5 }, truncated: true });
    expect(result.durationMs).toBeLessThan(5_000);
  });

  test("a silent child in the group is killed too", async () => {
    const result = await sh("sleep 60 >/dev/null 2>&1 & echo $!");
    expect(await isGone(Number(text(result.stdout)))).toBe(true);
  });
});

test("runs a symbolic link to a command", async () => {
  await symlink("/bin/echo", join(directory, "say"));
  expect(text((await run([join(directory, "say"), "hello"])).stdout)).toBe("hello\n");
});
