import { existsSync } from "node:fs";
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createNoSandbox, type Sandbox } from "./index.ts";
import { type Bench, createBench } from "./testing/sandbox-bench.ts";

let scratch: string;
let sandbox: Sandbox;
let bench: Bench;
beforeAll(async () => {
  scratch = await realpath(await mkdtemp(join(tmpdir(), "cto-scratch-")));
  sandbox = createNoSandbox({ toolchains: [], scratch });
  bench = await createBench(sandbox);
});
afterAll(() => Promise.all([bench.remove(), rm(scratch, { recursive: true })]));

test("says that it has no walls and holds no limits", async () => {
  expect(sandbox.kind).toBe("none");
  expect(await sandbox.probe()).toEqual({
    kind: "ready",
    version: "none",
    limits: { processes: "none", memory: "none", disk: "none", wall_time: "watchdog" },
  });
});

test("paths are the host's", async () => {
  expect(sandbox.workspaceInside("/a/b")).toBe("/a/b");
  expect(sandbox.mountInside({ host: "/h", inside: "/i" })).toBe("/h");
  expect((await bench.sh("pwd")).stdout).toBe(`${bench.workspace}\n`);
});

test("the environment is clean, with a HOME and TMPDIR of its own", async () => {
  const seen = await bench.run(["/usr/bin/env"], { env: { ADDED: "1" } });
  const own = /HOME=(.*)\/home\n/.exec(seen.stdout)?.[1] ?? "";
  expect(own.startsWith(`${scratch}/none-`)).toBe(true);
  expect(seen.stdout.trim().split("\n").sort()).toEqual(
    [
      "ADDED=1",
      "GIT_AUTHOR_EMAIL=engine@cto.invalid",
      "GIT_AUTHOR_NAME=cto engine",
      "GIT_COMMITTER_EMAIL=engine@cto.invalid",
      "GIT_COMMITTER_NAME=cto engine",
      "GIT_CONFIG_NOSYSTEM=1",
      `HOME=${own}/home`,
      "LANG=C.UTF-8",
      "LOGNAME=cto",
      "PATH=/usr/local/bin:/usr/bin:/bin",
      "TERM=dumb",
      `TMPDIR=${own}/tmp`,
      "USER=cto",
    ].sort(),
  );
  expect((await bench.sh("test -d $HOME && test -d $TMPDIR && touch $HOME/left $TMPDIR/left")).end).toEqual({
    kind: "exited",
    code: 0,
  });
  expect(existsSync(own)).toBe(false);
  // What one process leaves there does not reach the next, which may be a check of its work.
  expect((await bench.sh("ls -A $HOME $TMPDIR | grep left")).end).toEqual({ kind: "exited", code: 1 });
});

test("tells how the command ended, and that nobody counts what it left", async () => {
  expect(await bench.sh("sleep 60 & exit 3")).toMatchObject({ end: { kind: "exited", code: 3 }, leftBehind: null });
  expect((await bench.sh("kill -9 $$")).end).toEqual({ kind: "signaled", signal: "SIGKILL" });
  expect((await bench.run(["sleep", "60"], { timeoutMs: 200 })).end).toEqual({ kind: "timed-out" });
  expect((await bench.run(["no-such-command"])).end).toMatchObject({
    kind: "not-started",
    reason: "command-not-found",
  });
  expect((await bench.run(["true"], { workspace: "/does/not/exist" })).end).toMatchObject({
    kind: "not-started",
    reason: "setup-failed",
  });
});

test("finds commands on the host, and those of a tool chain first", async () => {
  const file = join(bench.workspace, "only-here");
  await writeFile(file, "#!/bin/sh\necho yes\n", { mode: 0o755 });
  const toolchain = { name: "x", root: file, inside: "/opt/cto/x/only-here", path: ["/opt/cto/x"], libraries: [] };
  const own = createNoSandbox({ toolchains: [toolchain], scratch });
  expect(await own.resolveCommand("only-here", bench.workspace)).toEqual({ inside: file, host: file });
  expect(await own.resolveCommand("./only-here", bench.workspace)).toEqual({ inside: file, host: file });
  expect(await sandbox.resolveCommand("only-here", bench.workspace)).toBeUndefined();
  const other = await createBench(own);
  expect((await other.run(["only-here"])).stdout).toBe("yes\n");
  await other.remove();
});
