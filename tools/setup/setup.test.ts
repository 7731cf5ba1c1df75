import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkIntegrity, checkNode } from "./install.mjs";
import { withLock } from "./lock.mjs";
import { countTests } from "./run-tests.mjs";
import { digestOf, isStamped, writeStamp } from "./stamp.mjs";
import { runLogged, runSteps, SetupError } from "./steps.mjs";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cto-setup-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string) {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

test("a digest of sources changes with a byte, a name and a new file, and not with build products", () => {
  mkdirSync(join(folder, "a/dist"), { recursive: true });
  mkdirSync(join(folder, "a/node_modules"));
  write("a/one.ts", "1");
  const seen = [digestOf(folder, ["a", "later.json"])];
  const again = () => seen.push(digestOf(folder, ["a", "later.json"]));
  write("a/one.ts", "2");
  again();
  write("a/two.ts", "2");
  rmSync(join(folder, "a/one.ts"));
  again();
  write("later.json", "{}");
  again();
  expect(new Set(seen).size).toBe(4);
  write("a/dist/x.js", "x");
  write("a/node_modules/y.js", "y");
  again();
  expect(seen[4]).toBe(seen[3]);
  write("a/z.test.ts", "z");
  expect(digestOf(folder, ["a", "later.json"], (path: string) => !path.endsWith(".test.ts"))).toBe(seen[3]);
});

test("a stamp holds for its own digest only", () => {
  const stamp = join(folder, "stamps", "s");
  expect(isStamped(stamp, "a")).toBe(false);
  writeStamp(stamp, "a");
  expect([isStamped(stamp, "a"), isStamped(stamp, "b")]).toEqual([true, false]);
});

test("refuses a download that differs from its pin, and names what has no pin", () => {
  const lockfile = write(
    "lock.json",
    JSON.stringify({
      packages: { "node_modules/a": { integrity: "sha512-x" }, "node_modules/@b/c": { integrity: "sha512-y" } },
    }),
  );
  expect(checkIntegrity(lockfile, { a: "sha512-x" })).toEqual(["@b/c"]);
  expect(() => checkIntegrity(lockfile, { "@b/c": "sha512-z" })).toThrow(
    "@b/c: the download has integrity sha512-y, the pin says sha512-z",
  );
});

test("accepts a Node of the pinned version and digest, and no other", () => {
  const binary = write("node", "#!/bin/sh\necho v1.2.3\n");
  chmodSync(binary, 0o755);
  const sha256 = createHash("sha256").update(readFileSync(binary)).digest("hex");
  expect(checkNode(binary, { version: "1.2.3", sha256: { here: sha256 } }, "here")).toBe("v1.2.3, digest as pinned");
  expect(checkNode(binary, { version: "1.2.3", sha256: { here: sha256 } }, "there")).toBe(
    "v1.2.3; no digest is pinned for there, only the version was checked",
  );
  expect(() => checkNode(binary, { version: "1.2.4", sha256: {} }, "here")).toThrow(
    "version is v1.2.3, the pin says v1.2.4",
  );
  expect(() => checkNode(binary, { version: "1.2.3", sha256: { here: "0" } }, "here")).toThrow(
    `sha256 is ${sha256}, the pin says 0`,
  );
});

test("keeps a child's output in a log, and shows its end if the child fails", async () => {
  const options = { name: "child", cwd: folder, env: process.env, logs: join(folder, "logs"), advice: "mend it" };
  await runLogged({ ...options, argv: [process.execPath, "-e", "console.log('fine')"] });
  expect(readFileSync(join(folder, "logs/child.log"), "utf8")).toBe("fine\n");

  const failing = runLogged({
    ...options,
    argv: [process.execPath, "-e", "console.error('the reason'); process.exit(7)"],
  });
  await expect(failing).rejects.toThrow(/exit 7\n {4}the reason$/);
  await expect(failing).rejects.toMatchObject({ advice: "mend it", log: join("logs", "child.log") });
  await expect(
    runLogged({ ...options, argv: [process.execPath, "-e", "process.kill(process.pid, 'SIGKILL')"] }),
  ).rejects.toThrow("signal SIGKILL");
  await expect(runLogged({ ...options, argv: [join(folder, "absent")] })).rejects.toThrow("ENOENT");
});

test("says what each step did, and stops at the first that fails", async () => {
  const lines: string[] = [];
  const steps = [
    { title: "one", run: () => "done" },
    { title: "two", run: () => Promise.reject(new SetupError("no", { advice: "a" })) },
    { title: "three", run: () => "never" },
  ];
  await expect(runSteps(steps, (line) => lines.push(line.replace(/\d+\.\d s/, "N s")))).rejects.toThrow("no");
  expect(lines).toEqual(["[1/3] one: done (N s)"]);
});

test("lets one set-up run at a time", async () => {
  const lock = join(folder, "lock");
  const trace: string[] = [];
  const work = (name: string) => () =>
    withLock(
      lock,
      (line) => trace.push(line.slice(0, 25)),
      async () => {
        trace.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 50));
        trace.push(`${name} ends`);
      },
    );
  await Promise.all([work("a")(), work("b")()]);
  expect(trace).toEqual(["a begins", "another set-up is running", "a ends", "b begins", "b ends"]);
  expect(existsSync(lock)).toBe(false);
});

test("takes over the lock of a process that is gone", async () => {
  const child = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => child.once("exit", resolve));
  const lock = write("lock", String(child.pid));
  expect(
    await withLock(
      lock,
      () => {},
      () => Promise.resolve("mine"),
    ),
  ).toBe("mine");
});

test("counts a test file that does not load as a failed test, and everything not run as skipped", () => {
  const of = (...statuses: string[]) => statuses.map((status) => ({ status }));
  const testResults = [
    { status: "passed", assertionResults: of("passed", "passed", "pending", "todo", "skipped") },
    { status: "failed", assertionResults: of("passed", "failed") },
    { status: "failed", assertionResults: [] },
  ];
  expect(countTests({ testResults })).toEqual({ passed: 3, failed: 2, skipped: 3 });
});
