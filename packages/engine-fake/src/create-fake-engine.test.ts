import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSession, executable, inside, spawnLocally } from "./__fixtures__/session.ts";
import { createFakeEngine, type FakeStep } from "./index.ts";

const engine = createFakeEngine({ executable });
let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "engine-fake-"));
});
afterEach(() => {
  rmSync(cwd, { recursive: true, force: true });
});

const sessionOf = (...steps: readonly FakeStep[]) => createSession(steps, spawnLocally(cwd));
const run = (...steps: readonly FakeStep[]) => engine.doRun(sessionOf(...steps).session);
const exited = (code: number) => ({ kind: "exited", code }) as const;

describe("describe and doProbe", () => {
  it("describes an engine that needs no model", () => {
    expect(engine.describe()).toEqual({
      contract: "cto.engine.v1",
      id: "fake",
      title: "Scripted engine: does what fake.yaml says",
      needs_model: false,
      claims: ["files", "tests_passed", "committed", "summary"],
    });
  });

  it("is ready with a valid script, shows one file inside and carries the package's version", async () => {
    const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(await engine.doProbe(sessionOf().session.input)).toEqual({
      kind: "ready",
      version: manifest.version,
      executable,
      mounts: [{ host: executable, inside }],
    });
  });

  it("shows a built executable under a name that is a module wherever it lies", async () => {
    const built = join(cwd, "fake-engine.js");
    writeFileSync(built, "");
    expect(await createFakeEngine({ executable: built }).doProbe(sessionOf().session.input)).toMatchObject({
      mounts: [{ host: built, inside: "/opt/cto/engine-fake/fake-engine.mjs" }],
    });
  });

  it("is missing without a script and says how to write one", async () => {
    expect(await engine.doProbe(null)).toEqual({
      kind: "missing",
      message: "there is no fake.yaml beside the task file",
      hint: expect.stringContaining("cto.fake-script.v1"),
    });
  });

  it("is missing with an invalid script and says where", async () => {
    expect(
      await engine.doProbe({ file: "x/fake.yaml", text: "schema: cto.fake-script.v1\nsteps: [{exit: no}]" }),
    ).toMatchObject({
      kind: "missing",
      message: "x/fake.yaml:2:16: Invalid input: expected number, received string",
    });
  });

  it("is missing without its executable, and with a folder in its place", async () => {
    const { input } = sessionOf().session;
    expect(await createFakeEngine({ executable: join(cwd, "none.js") }).doProbe(input)).toMatchObject({
      kind: "missing",
      message: "the fake's executable cannot be read (ENOENT)",
    });
    expect(await createFakeEngine({ executable: cwd }).doProbe(input)).toMatchObject({
      kind: "missing",
      message: "the fake's executable is not a file",
    });
  });
});

describe("doRun with the real executable", () => {
  it("completes, with merged claims and live events that hold no file contents", async () => {
    const { session, events } = sessionOf(
      { write: { path: "a", text: "secret" } },
      { run: { argv: ["true"] } },
      { patch: "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-secret\n\\ No newline at end of file\n+public\n" },
      { print: { text: "é".repeat(600), stream: "stdout" } },
      { claim: { files: ["a"], summary: "first" } },
      { claim: { summary: "second", tests_passed: true } },
      { sleep: 0 },
    );
    expect(await engine.doRun(session)).toEqual({
      kind: "completed",
      end: exited(0),
      terminal_event_seen: true,
      claims: { files: ["a"], summary: "second", tests_passed: true },
    });
    expect(events).toEqual([
      { kind: "file", data: { step: 1, action: "write", path: "a" } },
      { kind: "command", data: { step: 2, action: "run", argv: ["true"] } },
      { kind: "file", data: { step: 3, action: "patch" } },
      { kind: "message", data: { step: 4, action: "print", text: `${"é".repeat(500)}...`, stream: "stdout" } },
      { kind: "claim", data: { step: 5, action: "claim", files: ["a"], summary: "first" } },
      { kind: "claim", data: { step: 6, action: "claim", summary: "second", tests_passed: true } },
      { kind: "note", data: { step: 7, action: "sleep", value: 0 } },
    ]);
    expect(readFileSync(join(cwd, "a"), "utf8")).toBe("public\n");
  });

  it.each([
    "failed",
    "reviewer-rejected",
    "protocol-error",
    "provider-unavailable",
    "provider-auth",
    "provider-config",
    "provider-response-shape",
  ] as const)("ends as %s when the script says so", async (reason) => {
    expect(await run({ claim: { summary: "s" } }, { fail: { reason, message: "why" } })).toEqual({
      kind: reason,
      message: "why",
      end: exited(1),
      terminal_event_seen: true,
      claims: { summary: "s" },
    });
  });

  it("sees no terminal event in an exit 0 without one, nor on a closed standard output", async () => {
    const silent = { kind: "completed", end: exited(0), terminal_event_seen: false, claims: {} };
    expect(await run({ exit: 0 })).toEqual(silent);
    expect(await run({ close_stdout: true })).toEqual(silent);
  });

  it("tells a crash by signal, by exit code and by something unscripted apart", async () => {
    expect(await run({ signal: "SIGKILL" })).toEqual({
      kind: "crashed",
      message: "the fake died by SIGKILL",
      end: { kind: "signaled", signal: "SIGKILL" },
      terminal_event_seen: false,
      claims: {},
    });
    expect(await run({ exit: 3 })).toMatchObject({
      kind: "crashed",
      message: "the fake exited 3: it said nothing on standard error",
      end: exited(3),
    });
    expect(await run({ delete: "nothing" })).toMatchObject({
      kind: "crashed",
      message: expect.stringContaining("the fake exited 64: fake-engine: step 1 (delete): "),
      end: exited(64),
    });
  });

  it("returns as canceled when the session is aborted", async () => {
    const controller = new AbortController();
    const spawn = spawnLocally(cwd, executable, controller.signal);
    const { session } = createSession([{ ignore_signals: true }, { sleep: 60 }], spawn);
    const outcome = engine.doRun({ ...session, signal: controller.signal, emit: () => controller.abort() });
    expect(await outcome).toMatchObject({ kind: "canceled", end: { kind: "canceled" }, terminal_event_seen: false });
  });

  it("passes over noise of every kind, also megabytes without a line end", async () => {
    const outcome = await run(
      { print: { text: '\u2028{"fake" :1}\r\n{"fake"\n{}\n' } },
      { print: { base64: "//4=", repeat: 2_000_000 } },
      { claim: { summary: "a\u2028b" } },
      { print: { stream: "stderr", text: "x", repeat: 2_000_000 } },
    );
    expect(outcome).toMatchObject({ kind: "completed", terminal_event_seen: true, claims: { summary: "a\u2028b" } });
  });

  it("reads a stand-in that speaks the same protocol", async () => {
    const standIn = join(cwd, "stand-in.cjs");
    const line = '{"fake":"v1","event":"done"}\\n';
    writeFileSync(standIn, `process.stdin.resume().on("end", () => process.stdout.write('${line}'))`);
    const outcome = await engine.doRun(createSession([], spawnLocally(cwd, standIn)).session);
    expect(outcome).toEqual({ kind: "completed", end: exited(0), terminal_event_seen: true, claims: {} });
  });

  it("refuses to start without a script or with an invalid one", async () => {
    const { session } = sessionOf();
    await expect(async () => engine.doRun({ ...session, input: null })).rejects.toMatchObject({
      code: "FAKE_SCRIPT_MISSING",
    });
    const input = { file: "fake.yaml", text: "steps" };
    await expect(async () => engine.doRun({ ...session, input })).rejects.toMatchObject({
      code: "FAKE_SCRIPT_INVALID",
    });
  });
});
