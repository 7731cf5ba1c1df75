import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Store } from "@cto/bundle-store";
import { createFakeEngine } from "@cto/engine-fake";
import type { Engine, EngineTask } from "@cto/engine-interface";
import type { IsolationKind, ModelPair, Stage } from "@cto/evidence-interface";
import { createBubblewrapSandbox, createNoSandbox, proposeToolchains, type Sandbox } from "@cto/sandbox";
import { loadTask, type ProgressEvent, type RunOutcome, runTask } from "../index.ts";

const fakeExecutable = join(
  dirname(createRequire(import.meta.url).resolve("@cto/engine-fake/package.json")),
  "src/bin/fake-engine.ts",
);

/** Writes files below a folder; names may hold slashes. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** What a task of the tests consists of. */
export interface TaskOptions {
  /** Keys of YAML that are added to the task contract. */
  readonly task?: Readonly<Record<string, unknown>>;
  readonly fixture?: Readonly<Record<string, string>>;
  /** Steps of the fake's script; null leaves fake.yaml out. */
  readonly steps?: readonly unknown[] | null;
}

/** Writes a task folder of our own: contract, fixture, script. */
export function writeTask(folder: string, { fixture, steps, task }: TaskOptions): void {
  const contract = {
    schema: "cto.task.v1",
    id: "kit-task",
    title: "A task of the tests",
    brief: "Change a.txt.",
    stage: 3,
    allowed_paths: ["a.txt"],
    verification: [{ id: "check", run: ["grep", "-q", "new", "a.txt"] }],
    ...task,
  };
  writeFiles(folder, { "task.json": JSON.stringify(contract, null, 1) });
  writeFiles(join(folder, "fixture"), fixture ?? { "a.txt": "old\n", "b.txt": "other\n" });
  const script = steps === undefined ? [{ write: { path: "a.txt", text: "new\n" } }] : steps;
  if (script !== null) writeFiles(folder, { "fake.yaml": JSON.stringify({ schema: "cto.fake-script.v1", steps: script }) });
}

/** How a task is run. */
export interface GivenOptions {
  readonly stage?: Stage | null;
  readonly isolation?: IsolationKind;
  readonly target?: { readonly directory: string; readonly ref?: string };
  readonly model?: ModelPair;
  readonly retain?: boolean;
  readonly orgPolicy?: string;
  readonly optedIn?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
  /** In the place of the fake. */
  readonly engine?: Engine;
  /** In the place of the one for `isolation`. */
  readonly sandbox?: Sandbox;
}

/** The fake, as the tests start it. */
export function createKitEngine(executable = fakeExecutable): Engine {
  return createFakeEngine({ executable, node: process.execPath });
}

/** The same program in other bytes, written into a folder. */
export function createOtherBuild(folder: string): Engine {
  const copy = join(folder, "fake-engine.ts");
  writeFileSync(copy, `${readFileSync(fakeExecutable, "utf8")}// another build\n`);
  return createKitEngine(copy);
}

/** The fake, with a note of what it is told of its task. */
export function createListeningEngine(told: EngineTask[]): Engine {
  const fake = createKitEngine();
  return {
    ...fake,
    doRun: (session) => {
      told.push(session.task);
      return fake.doRun(session);
    },
  };
}

/** Runs the task of a folder through the real pipeline: real git, real sandbox, the fake as a real process. */
export async function runGiven(folder: string, store: Store, options: GivenOptions = {}): Promise<RunOutcome> {
  const isolation = options.isolation ?? "bubblewrap";
  const loaded = await loadTask({ selector: join(folder, "task.json"), cwd: store.home, caseFolders: [] });
  return runTask(
    {
      loaded,
      engine: options.engine ?? createKitEngine(),
      requestedStage: options.stage ?? null,
      isolation,
      target: options.target ?? null,
      model: options.model ?? null,
      retain: options.retain ?? false,
    },
    {
      store,
      sandbox: options.sandbox ?? (await createKitSandbox(store, isolation)),
      entropy: (bytes) => randomBytes(bytes),
      ctoVersion: "0.0.0-test",
      orgPolicy: options.orgPolicy ?? null,
      optedIn: options.optedIn ?? [],
      knownEngines: ["fake"],
      signal: options.signal ?? new AbortController().signal,
      onProgress: options.onProgress ?? (() => {}),
    },
  );
}

async function createKitSandbox(store: Store, isolation: IsolationKind): Promise<Sandbox> {
  const env = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/nonexistent" };
  const toolchains = await proposeToolchains(["node", "sh", "git", "python3"], env);
  return isolation === "none"
    ? createNoSandbox({ toolchains, scratch: join(store.root, "tmp") })
    : createBubblewrapSandbox({ toolchains });
}
