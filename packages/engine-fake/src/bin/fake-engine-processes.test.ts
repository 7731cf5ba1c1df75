import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
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

function start(...steps: readonly FakeStep[]): ChildProcess {
  const child = spawn(process.execPath, [executable], { cwd, stdio: ["pipe", "pipe", "ignore"] });
  child.stdin?.end(JSON.stringify({ schema: FAKE_SCRIPT_SCHEMA, steps }));
  return child;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 1000) throw new Error("it did not happen within 10 s");
    await delay(10);
  }
}

describe("fake-engine as a process", () => {
  it("prints far more than it holds, at the pace of its reader", async () => {
    const child = start({ print: { text: "0123456789abcde\n", repeat: 4_000_000 } });
    const { stdout } = child;
    if (stdout === null) throw new Error("no standard output");
    await once(stdout, "readable");
    await delay(100);
    // Nobody reads, so it stands still in the middle of its 64 MB.
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1];
    let bytes = 0;
    stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    const [code] = (await once(child, "close")) as [number];
    expect(code).toBe(0);
    expect(bytes).toBeGreaterThan(64_000_000);
    expect(bytes).toBeLessThan(64_000_300);
    expect(Number(peak)).toBeLessThan(120_000);
  });

  it("outlives soft signals if told to, and dies of them if not", async () => {
    const stubborn = start({ ignore_signals: true }, { write: { path: "ready", text: "" } }, { sleep: 60 });
    await until(() => existsSync(inCwd("ready")));
    stubborn.kill("SIGTERM");
    await delay(200);
    expect(stubborn.exitCode ?? stubborn.signalCode).toBeNull();
    stubborn.kill("SIGKILL");
    expect(await once(stubborn, "exit")).toEqual([null, "SIGKILL"]);

    const polite = start({ write: { path: "again", text: "" } }, { sleep: 60 });
    await until(() => existsSync(inCwd("again")));
    polite.kill("SIGTERM");
    expect(await once(polite, "exit")).toEqual([null, "SIGTERM"]);
  });

  it("leaves a child behind that holds standard output only if it is told to", async () => {
    const argv = ["sh", "-c", "echo $$ > pid.tmp; mv pid.tmp pid; exec sleep 60"];
    for (const keep_stdout of [true, false]) {
      rmSync(inCwd("pid"), { force: true });
      const child = start({ spawn: { argv, keep_stdout } });
      let closed = false;
      child.once("close", () => {
        closed = true;
      });
      child.stdout?.resume();
      await once(child, "exit");
      await until(() => existsSync(inCwd("pid")));
      const pid = Number(readFileSync(inCwd("pid"), "utf8"));
      // Field 5 of /proc/<pid>/stat: a group of its own is not reached by whoever ends the fake's group.
      expect(Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[4])).toBe(pid);
      if (keep_stdout) {
        await delay(100);
        expect(closed).toBe(false);
      } else {
        await until(() => closed);
      }
      process.kill(pid, "SIGKILL");
      await until(() => closed);
    }
  });
});
