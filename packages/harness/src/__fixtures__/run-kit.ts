import { randomBytes } from "node:crypto";
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openStore, type Store, verifyRunDirectory } from "@cto/bundle-store";
import { createFakeEngine } from "@cto/engine-fake";
import type { GovernedEvent, IsolationKind, Report, Stage, VerifyResult } from "@cto/evidence-interface";
import { createBubblewrapSandbox, createNoSandbox, proposeToolchains } from "@cto/sandbox";
import { afterEach } from "vitest";
import { loadTask, type ProgressEvent, type RunOutcome, runTask } from "../index.ts";

const fakeExecutable = join(dirname(createRequire(import.meta.url).resolve("@cto/engine-fake/package.json")), "src/bin/fake-engine.ts");
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder that is removed after the test. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "cto-harness-"));
  folders.push(folder);
  return folder;
}

/** Writes files below a folder; names may hold slashes. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

export interface KitOptions {
  /** Lines of YAML that are added to the task contract. */
  readonly task?: Readonly<Record<string, unknown>>;
  readonly fixture?: Readonly<Record<string, string>>;
  /** Steps of the fake's script; null leaves fake.yaml out. */
  readonly steps?: readonly unknown[] | null;
  readonly stage?: Stage | null;
  readonly isolation?: IsolationKind;
  readonly target?: { readonly directory: string; readonly ref?: string };
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
  readonly store?: Store;
}

/** A finished run and the parts of its bundle that tests look at. */
export interface SeenRun {
  readonly outcome: RunOutcome;
  readonly report: Report;
  readonly events: readonly GovernedEvent[];
  readonly verified: VerifyResult;
  readonly store: Store;
  read(name: string): string;
}

/** Runs one task of our own through the real pipeline: real git, real sandbox, the fake as a real process. */
export async function runKit(options: KitOptions = {}): Promise<SeenRun> {
  const home = createFolder();
  const folder = createFolder();
  const task = {
    schema: "cto.task.v1",
    id: "kit-task",
    title: "A task of the tests",
    brief: "Change a.txt.",
    stage: 3,
    allowed_paths: ["a.txt"],
    verification: [{ id: "check", run: ["grep", "-q", "new", "a.txt"] }],
    ...options.task,
  };
  writeFiles(folder, { "task.json": JSON.stringify(task) });
  writeFiles(join(folder, "fixture"), options.fixture ?? { "a.txt": "old\n", "b.txt": "other\n" });
  const steps = options.steps === undefined ? [{ write: { path: "a.txt", text: "new\n" } }] : options.steps;
  if (steps !== null) writeFiles(folder, { "fake.yaml": JSON.stringify({ schema: "cto.fake-script.v1", steps }) });
  const store = options.store ?? openStore({ home });
  const isolation = options.isolation ?? "bubblewrap";
  const loaded = await loadTask({ selector: join(folder, "task.json"), cwd: home, caseFolders: [] });
  const toolchains = await proposeToolchains(["node", "sh", "git", "python3"], { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/nonexistent" });
  const sandbox = isolation === "none" ? createNoSandbox({ toolchains, scratch: join(store.root, "tmp") }) : createBubblewrapSandbox({ toolchains });
  const outcome = await runTask(
    {
      loaded,
      engine: createFakeEngine({ executable: fakeExecutable, node: process.execPath }),
      requestedStage: options.stage === undefined ? null : options.stage,
      isolation,
      target: options.target ?? null,
    },
    {
      store,
      sandbox,
      entropy: (bytes) => randomBytes(bytes),
      ctoVersion: "0.0.0-test",
      signal: options.signal ?? new AbortController().signal,
      onProgress: options.onProgress ?? (() => {}),
    },
  );
  if (outcome.fault !== null) throw outcome.fault;
  const read = (name: string) => readFileSync(join(outcome.directory, name), "utf8");
  return {
    outcome,
    report: JSON.parse(read("report.json")) as Report,
    events: read("events.normalized.jsonl").trim().split("\n").map((line) => JSON.parse(line) as GovernedEvent),
    verified: verifyRunDirectory(outcome.directory),
    store,
    read,
  };
}

/** Codes of a run's blockers, the deciding one first. */
export function codesOf({ outcome }: SeenRun): readonly string[] {
  return outcome.blockers.map(({ code }) => code);
}
