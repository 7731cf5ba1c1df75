import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runProcess } from "@cto/exec";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runGit, toGitEnvironment } from "./index.ts";
import { createTestDirectory, createTestRepository, type TestDirectory, type TestRepository } from "./testing/index.ts";

let repository: TestRepository;
let scratch: TestDirectory;
beforeAll(async () => {
  repository = await createTestRepository({ files: { "a.txt": "one\n" } });
  scratch = await createTestDirectory();
});
afterAll(async () => {
  await repository.remove();
  await scratch.remove();
});

const place = () => ({ kind: "directory", path: repository.directory }) as const;

async function writeScript(name: string, body: string): Promise<string> {
  const path = join(scratch.path, name);
  await writeFile(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return path;
}

test("returns standard output of a git that exits with 0", async () => {
  const { exitCode, stdout } = await runGit({ args: ["show", "HEAD:a.txt"], place: place() });
  expect([exitCode, Buffer.from(stdout).toString()]).toEqual([0, "one\n"]);
});

test("streams standard output instead of collecting it", async () => {
  let streamed = "";
  const { stdout } = await runGit({
    args: ["show", "HEAD:a.txt"],
    place: place(),
    onStdout: (chunk) => {
      streamed += Buffer.from(chunk).toString();
    },
  });
  expect([streamed, stdout.length]).toEqual(["one\n", 0]);
});

test("returns an exit status that the caller takes for an answer", async () => {
  const request = { args: ["config", "--get", "no.such"], place: place(), exitCodes: [0, 1] } as const;
  expect((await runGit(request)).exitCode).toBe(1);
});

test("throws GIT_FAILED with status and message for any other exit status", async () => {
  await expect(runGit({ args: ["show", "no-such-thing"], place: place() })).rejects.toMatchObject({
    code: "GIT_FAILED",
    details: { exit_code: 128, args: ["show", "no-such-thing"], stderr: expect.stringContaining("no-such-thing") },
  });
});

test("throws GIT_FAILED for a git that is killed by a signal", async () => {
  const git = await writeScript("killed", "kill -9 $$");
  await expect(runGit({ args: ["status"], place: place(), git })).rejects.toMatchObject({
    code: "GIT_FAILED",
    details: { signal: "SIGKILL" },
  });
});

test("throws GIT_FAILED for a directory that is not there", async () => {
  const missing = { kind: "directory", path: join(scratch.path, "missing") } as const;
  await expect(runGit({ args: ["status"], place: missing })).rejects.toMatchObject({ code: "GIT_FAILED" });
});

test("throws GIT_NOT_FOUND where git is missing", async () => {
  const git = join(scratch.path, "no-git");
  await expect(runGit({ args: ["status"], place: place(), git })).rejects.toMatchObject({ code: "GIT_NOT_FOUND" });
});

test("throws GIT_TIMED_OUT and ends git", async () => {
  const git = await writeScript("slow", "sleep 30");
  const begin = performance.now();
  await expect(runGit({ args: ["status"], place: place(), git, timeoutMs: 100 })).rejects.toMatchObject({
    code: "GIT_TIMED_OUT",
  });
  expect(performance.now() - begin).toBeLessThan(15_000);
});

test.each(["timeout", "cancel"] as const)(
  "a %s ends the whole group of git, also what does not heed SIGTERM",
  async (how) => {
    const pidFile = join(scratch.path, `${how}.pid`);
    // A child of git that holds git's output open and ignores the soft stop, and a git that waits for it.
    const git = await writeScript(how, `(trap '' TERM; exec sleep 60) & echo $! > '${pidFile}'; wait`);
    const limits = how === "timeout" ? { timeoutMs: 300 } : { signal: AbortSignal.timeout(300) };
    await expect(runGit({ args: ["status"], place: place(), git, ...limits })).rejects.toMatchObject({
      code: how === "timeout" ? "GIT_TIMED_OUT" : "GIT_CANCELED",
    });
    const pid = Number(await readFile(pidFile, "utf8"));
    expect(pid).toBeGreaterThan(1);
    await expect.poll(() => isAlive(pid)).toBe(false);
  },
);

/** A zombie has ended; it is for the system's first process to collect it. */
async function isAlive(pid: number): Promise<boolean> {
  const argv = ["ps", "-o", "stat=", "-p", String(pid)] as const;
  const env = { PATH: "/usr/bin:/bin" };
  const { stdout } = await runProcess({ argv, cwd: "/", env, timeoutMs: 10_000, graceMs: 100 });
  return /^\s*[^Z\s]/.test(Buffer.from(stdout).toString());
}

test("throws GIT_CANCELED when the signal aborts", async () => {
  const git = await writeScript("endless", "sleep 30");
  const stop = new AbortController();
  const running = runGit({ args: ["status"], place: place(), git, signal: stop.signal });
  setTimeout(() => stop.abort(), 50);
  await expect(running).rejects.toMatchObject({ code: "GIT_CANCELED" });
});

test("throws GIT_OUTPUT_TRUNCATED instead of returning a part", async () => {
  await expect(runGit({ args: ["version"], place: place(), maxOutputBytes: 4 })).rejects.toMatchObject({
    code: "GIT_OUTPUT_TRUNCATED",
  });
});

test("gives git exactly the hardened environment", async () => {
  const git = await writeScript("environment", "exec /usr/bin/env");
  const { stdout } = await runGit({ args: ["status"], place: place(), git });
  const seen = Object.fromEntries(
    Buffer.from(stdout)
      .toString()
      .trim()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  for (const own of ["PWD", "SHLVL", "_", "OLDPWD"]) delete seen[own];
  expect(seen).toEqual(toGitEnvironment(place()));
});

test("lets the caller's configuration win over the hardening, and the hardening over the repository's", async () => {
  await repository.git("config", "core.pager", "from-repository");
  const read = async (config: Record<string, string>) =>
    Buffer.from((await runGit({ args: ["config", "core.pager"], place: place(), config })).stdout).toString();
  expect(await read({})).toBe("cat\n");
  expect(await read({ "core.pager": "from-caller" })).toBe("from-caller\n");
});

test("borrows objects from a directory whose name holds a colon, a quote and a newline", async () => {
  const lender = await createTestRepository({
    directory: join(scratch.path, 'odd:"name\nhere'),
    files: { "lent.txt": "lent\n" },
  });
  const id = (await lender.git("rev-parse", "HEAD:lent.txt")).trim();
  const { stdout } = await runGit({
    args: ["cat-file", "blob", id],
    place: {
      kind: "repository",
      gitDir: join(repository.directory, ".git"),
      objectDirectories: [join(lender.directory, ".git/objects")],
    },
  });
  expect(Buffer.from(stdout).toString()).toBe("lent\n");
  await lender.remove();
});
