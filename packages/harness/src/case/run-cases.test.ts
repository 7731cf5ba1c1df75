import { execFileSync } from "node:child_process";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { createFakeEngine } from "@cto/engine-fake";
import { describe, expect, it } from "vitest";
import { createFolder, writeFiles } from "../__fixtures__/run-kit.ts";
import { runCases } from "../index.ts";

const contract = JSON.stringify({
  schema: "cto.task.v1",
  id: "t",
  title: "T",
  brief: "b",
  allowed_paths: ["a.txt"],
  verification: [{ id: "check", run: ["true"] }],
});
const expectation = JSON.stringify({
  schema: "cto.expect.v1",
  invoke: { stage: 2, target: "none" },
  expect: { status: "pass", code: null, event: null, exit: 0 },
});

/** Runs both cases of a folder; `started` has those that came to run. */
async function run(cwd: string): Promise<{ readonly thrown: unknown; readonly started: readonly string[] }> {
  const started: string[] = [];
  const thrown: unknown = await runCases({
    ids: ["first", "second"],
    caseFolders: [cwd],
    cwd,
    scratch: join(cwd, "scratch"),
    engine: createFakeEngine({ executable: "/nowhere" }),
    isolation: "bubblewrap",
    run: async ({ loaded }) => {
      started.push(loaded.caseId ?? "");
      return {
        runId: "r",
        directory: cwd,
        status: "pass",
        blockers: [],
        changedFiles: [],
        landing: "none" as const,
        sealed: true,
        fault: null,
        notes: [],
      };
    },
    onCase: () => {},
  }).catch((error: unknown) => error);
  return { thrown, started };
}

function createCases(): string {
  const cwd = createFolder();
  writeFiles(cwd, {
    "first/task.yaml": contract,
    "first/expect.yaml": expectation,
    "second/task.yaml": contract,
  });
  return cwd;
}

describe("runCases", () => {
  it("runs every case", async () => {
    const cwd = createCases();
    writeFiles(cwd, { "second/expect.yaml": expectation });
    const { thrown, started } = await run(cwd);
    expect([thrown, started]).toMatchObject([
      [{ ok: true }, { ok: true }],
      ["first", "second"],
    ]);
  });

  it("names the case without an expect.yaml before anything runs", async () => {
    const { thrown, started } = await run(createCases());
    expect(thrown).toMatchObject({
      code: "CASE_EXPECTATION_MISSING",
      details: { file: "second/expect.yaml", system: "ENOENT" },
    });
    expect(started).toEqual([]);
  });

  it("refuses a named pipe and a huge file in the place of expect.yaml at once", async () => {
    const cwd = createCases();
    execFileSync("sh", ["-c", 'mkfifo "$0"', join(cwd, "second/expect.yaml")]);
    expect((await run(cwd)).thrown).toMatchObject({
      code: "CASE_EXPECTATION_UNREADABLE",
      message: "second/expect.yaml cannot be read (it is not a plain file)",
    });
    const other = createCases();
    writeFiles(other, { "second/expect.yaml": "" });
    truncateSync(join(other, "second/expect.yaml"), 8 * 1024 ** 3);
    expect((await run(other)).thrown).toMatchObject({ code: "CASE_EXPECTATION_UNREADABLE" });
  });
});
