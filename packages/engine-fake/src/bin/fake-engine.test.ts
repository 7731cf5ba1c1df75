import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { executable } from "../__fixtures__/session.ts";
import { FAKE_SCRIPT_SCHEMA, type FakeStep } from "../index.ts";

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "fake-engine-"));
});
afterEach(() => {
  rmSync(cwd, { recursive: true, force: true });
});

const inCwd = (path: string) => join(cwd, path);
const read = (path: string) => readFileSync(inCwd(path), "utf8");

function runRaw(input: string) {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  const result = spawnSync(process.execPath, [executable], { cwd, input, env, maxBuffer: 2 ** 26 });
  return {
    status: result.status,
    signal: result.signal,
    stdout: result.stdout.toString(),
    stderr: result.stderr.toString(),
  };
}

function run(...steps: readonly FakeStep[]) {
  const result = runRaw(JSON.stringify({ schema: FAKE_SCRIPT_SCHEMA, steps }));
  const lines = result.stdout.split("\n").filter((line) => line.startsWith('{"fake":'));
  const events: readonly unknown[] = lines.map((line): unknown => JSON.parse(line));
  return { ...result, events };
}

describe("fake-engine", () => {
  it("announces each step, says done and exits 0", () => {
    const result = run({ write: { path: "a", text: "1" } }, { claim: { files: ["a"], summary: "é\u2028" } });
    expect(result).toMatchObject({ status: 0, stderr: "" });
    expect(result.events).toEqual([
      { fake: "v1", event: "step", n: 1, action: "write" },
      { fake: "v1", event: "step", n: 2, action: "claim" },
      { fake: "v1", event: "claim", claims: { files: ["a"], summary: "é\u2028" } },
      { fake: "v1", event: "done", steps: 2 },
    ]);
  });

  it("writes text and bytes, makes folders, and sets the mode whatever the umask", () => {
    expect(
      run({ write: { path: "a/b/c.sh", text: "ü\n", mode: "0777" } }, { write: { path: "raw", base64: "/wA=" } })
        .status,
    ).toBe(0);
    expect(read("a/b/c.sh")).toBe("ü\n");
    expect(statSync(inCwd("a/b/c.sh")).mode & 0o7777).toBe(0o777);
    expect(readFileSync(inCwd("raw"))).toEqual(Buffer.from([255, 0]));
  });

  it("writes to a name that is not UTF-8", () => {
    expect(run({ write: { path_base64: "ZP8K", text: "x" } }).status).toBe(0);
    expect(readdirSync(cwd, { encoding: "buffer" })).toEqual([Buffer.from([100, 255, 10])]);
  });

  it("makes no folder if it is told not to", () => {
    expect(run({ write: { path: "no/file", text: "x", mkdir: false } })).toMatchObject({
      status: 64,
      stderr: expect.stringContaining("step 1 (write): ENOENT"),
    });
  });

  it("appends, renames, deletes and changes modes", () => {
    writeFileSync(inCwd("a"), "1");
    writeFileSync(inCwd("gone"), "");
    const result = run(
      { append: { path: "a", text: "2" } },
      { rename: { from: "a", to: "b" } },
      { delete: "gone" },
      { chmod: { path: "b", mode: "0600" } },
    );
    expect(result.status).toBe(0);
    expect(readdirSync(cwd)).toEqual(["b"]);
    expect(read("b")).toBe("12");
    expect(statSync(inCwd("b")).mode & 0o7777).toBe(0o600);
  });

  it("makes symbolic links, hard links and fifos", () => {
    writeFileSync(inCwd("file"), "");
    const result = run(
      { symlink: { path: "soft", target: "/nowhere" } },
      { hardlink: { path: "hard", target: "file" } },
      { fifo: "pipe" },
    );
    expect(result.status).toBe(0);
    expect(readlinkSync(inCwd("soft"))).toBe("/nowhere");
    expect(statSync(inCwd("file")).nlink).toBe(2);
    expect(statSync(inCwd("pipe")).isFIFO()).toBe(true);
  });

  it("fills a file with exactly the bytes that were asked for", () => {
    expect(run({ fill: { path: "big", bytes: 1_000_003 } }, { fill: { path: "none", bytes: 0 } }).status).toBe(0);
    expect(statSync(inCwd("big")).size).toBe(1_000_003);
    expect(statSync(inCwd("none")).size).toBe(0);
  });

  it("applies a patch, and fails on one that does not fit", () => {
    writeFileSync(inCwd("a"), "old\n");
    const patch = "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-old\n+new\n";
    expect(run({ patch }).status).toBe(0);
    expect(read("a")).toBe("new\n");
    expect(run({ patch })).toMatchObject({ status: 64, stderr: expect.stringContaining("patch does not apply") });
    expect(read("a")).toBe("new\n");
  });

  it("commits everything, without any configured identity", () => {
    const git = (...argv: readonly string[]) => spawnSync("git", argv, { cwd, encoding: "utf8" }).stdout;
    git("init", "--quiet");
    expect(run({ write: { path: "a", text: "1" } }, { commit: "two words" })).toMatchObject({ status: 0 });
    expect(git("log", "--format=%s")).toBe("two words\n");
    expect(git("status", "--porcelain")).toBe("");
  });

  it("runs a command with its environment and hands its output on as noise", () => {
    const result = run({ run: { argv: ["sh", "-c", 'printf "$WORD"'], env: { WORD: "loud" } } });
    expect(result.stdout.split("\n")).toEqual([
      '{"fake":"v1","event":"step","n":1,"action":"run"}',
      "loud",
      '{"fake":"v1","event":"done","steps":1}',
      "",
    ]);
  });

  it("stops at a command that fails, unless that is allowed", () => {
    const argv = ["sh", "-c", "exit 3"];
    expect(
      run({ run: { argv, ok_to_fail: true } }, { run: { argv: ["no-such-command"], ok_to_fail: true } }).status,
    ).toBe(0);
    const failed = run({ run: { argv } }, { write: { path: "after", text: "" } });
    expect(failed).toMatchObject({ status: 64, stderr: "fake-engine: step 1 (run): sh -c exit 3 ended with exit 3\n" });
    expect(failed.events.at(-1)).toMatchObject({ event: "step" });
    expect(existsSync(inCwd("after"))).toBe(false);
  });

  it("prints to either stream, as often as asked, and keeps its protocol on lines of its own", () => {
    const result = run({ print: { base64: "/2E=", repeat: 3 } }, { print: { stream: "stderr", text: "e" } });
    expect(result.stderr).toBe("e");
    expect(result.stdout.split("\n")[1]).toBe("\ufffda\ufffda\ufffda");
    expect(result.events.at(-1)).toEqual({ fake: "v1", event: "done", steps: 2 });
  });

  it("says how it failed, as its last word", () => {
    const result = run(
      { fail: { reason: "provider-unavailable", message: "down" } },
      { write: { path: "after", text: "" } },
    );
    expect(result.status).toBe(1);
    expect(result.events.at(-1)).toEqual({
      fake: "v1",
      event: "failed",
      reason: "provider-unavailable",
      message: "down",
    });
    expect(existsSync(inCwd("after"))).toBe(false);
    expect(run({ fail: { reason: "failed", message: "m", exit: 0 } }).status).toBe(0);
  });

  it("exits at once without a terminal event", () => {
    const result = run({ exit: 7 }, { write: { path: "after", text: "" } });
    expect(result.status).toBe(7);
    expect(result.events).toEqual([{ fake: "v1", event: "step", n: 1, action: "exit" }]);
    expect(existsSync(inCwd("after"))).toBe(false);
  });

  it.each(["SIGKILL", "SIGTERM", "SIGSEGV"] as const)("dies by %s", (signal) => {
    expect(run({ signal })).toMatchObject({ signal, status: null });
  });

  it("sleeps for as long as it says", () => {
    const before = performance.now();
    expect(run({ sleep: 0.3 }).status).toBe(0);
    expect(performance.now() - before).toBeGreaterThanOrEqual(300);
  });

  it("fails if the child to be left behind cannot start", () => {
    expect(run({ spawn: { argv: ["no-such-command"] } })).toMatchObject({
      status: 64,
      stderr: "fake-engine: step 1 (spawn): cannot start no-such-command\n",
    });
  });

  it("goes on in silence after closing standard output", () => {
    const result = run(
      { close_stdout: true },
      { run: { argv: ["echo", "unheard"] } },
      { write: { path: "after", text: "" } },
    );
    expect(result).toMatchObject({ status: 0, stdout: '{"fake":"v1","event":"step","n":1,"action":"close_stdout"}\n' });
    expect(existsSync(inCwd("after"))).toBe(true);
  });

  it.each([
    ["no script", ""],
    ["another version", '{"schema":"cto.fake-script.v2","steps":[]}'],
    ["no list of steps", '{"schema":"cto.fake-script.v1"}'],
    ["an unknown action", '{"schema":"cto.fake-script.v1","steps":[{"write":{"path":"a","text":""}},{"improvise":1}]}'],
    ["an inherited name as action", '{"schema":"cto.fake-script.v1","steps":[{"toString":1}]}'],
    ["two actions in one step", '{"schema":"cto.fake-script.v1","steps":[{"sleep":0,"exit":0}]}'],
    ["a step that is nothing", '{"schema":"cto.fake-script.v1","steps":[null]}'],
  ])("does nothing and exits 64 on %s", (_, input) => {
    expect(runRaw(input)).toMatchObject({
      status: 64,
      stdout: "",
      stderr: expect.stringMatching(/^fake-engine: script: ./),
    });
    expect(readdirSync(cwd)).toEqual([]);
  });
});
