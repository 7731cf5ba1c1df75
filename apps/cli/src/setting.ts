import { randomBytes } from "node:crypto";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findHome, openStore, type Store } from "@cto/bundle-store";
import { createFakeEngine } from "@cto/engine-fake";
import type { Engine } from "@cto/engine-interface";
import { CtoError, messageOf, oneLine, systemCode } from "@cto/errors";
import { ISOLATION_KINDS, type IsolationKind } from "@cto/evidence-interface";
import { type Config, closeInterruptedRuns, parseConfig, readPlainFile, readPolicyLayers } from "@cto/harness";
import {
  createBubblewrapSandbox,
  createNoSandbox,
  createToolchain,
  proposeToolchains,
  type Sandbox,
  type Toolchain,
} from "@cto/sandbox";

const here = dirname(fileURLToPath(import.meta.url));

/** Where a command works: the home, its store, its configuration. */
export interface Setting {
  readonly cwd: string;
  readonly home: string;
  readonly store: Store;
  readonly config: Config | null;
  /** Why `cto/config.yaml` cannot be believed; only a caller that asked for it gets here with one. */
  readonly configError: CtoError | null;
  /** First match wins: the repository's own cases, then the built-in ones. */
  readonly caseFolders: readonly string[];
}

/** Finds the home of the working directory and reads its configuration. Throws `CONFIG_INVALID`, `CONFIG_UNREADABLE`, `STORE_*`. */
export async function openSetting(cwd: string = process.cwd()): Promise<Setting> {
  const setting = await openSettingOfRun(cwd);
  if (setting.configError !== null) throw setting.configError;
  return setting;
}

/** As `openSetting`, for a run: a configuration whose policy cannot be read is no usage error but a closed gate, and leaves a bundle. */
export async function openSettingOfRun(cwd: string = process.cwd()): Promise<Setting> {
  const home = findHome(cwd);
  const { config, error } = await readConfig(join(home, "cto", "config.yaml"));
  if (error !== null && readPolicyLayers({ home, orgPolicy: orgPolicy() }).problems.length === 0) throw error;
  return {
    cwd,
    home,
    store: openStore({ home }),
    config,
    configError: error,
    caseFolders: [join(home, "cto", "cases"), join(here, "cases")],
  };
}

async function readConfig(path: string): Promise<{ readonly config: Config | null; readonly error: CtoError | null }> {
  try {
    return { config: parseConfig({ file: "cto/config.yaml", text: await readPlainFile(path) }), error: null };
  } catch (cause) {
    if (CtoError.is(cause)) return { config: null, error: cause };
    if (systemCode(cause) === "ENOENT" || systemCode(cause) === "ENOTDIR") return { config: null, error: null };
    const why = systemCode(cause) ?? oneLine(messageOf(cause), 80);
    const error = new CtoError("CONFIG_UNREADABLE", `cto/config.yaml cannot be read (${why})`, {
      hint: "Make it a plain file of at most 1 MiB that you may read, or remove it to go on without a configuration.",
      cause,
    });
    return { config: null, error };
  }
}

/** The organisation's policy file that the environment names; null if it names none. */
export function orgPolicy(): string | null {
  return process.env.CTO_ORG_POLICY ?? null;
}

/** Engines that the environment opts in: ids with commas or blanks between them. */
export function optedInEngines(): readonly string[] {
  return (process.env.CTO_ALLOW_ENGINE ?? "").split(/[\s,]+/).filter((id) => id !== "");
}

/** The engines that this version knows, in the order in which they are listed. */
export function createEngines(): readonly Engine[] {
  return [createFakeEngine({ executable: join(here, "fake-engine.mjs"), node: process.execPath })];
}

/** What an engine is probed with where there is no task: a script is needed for a run, not for being there. */
export const PROBE_INPUT = { file: "fake.yaml", text: "schema: cto.fake-script.v1\nsteps: [{exit: 0}]\n" };

/** The engine of an id. Throws `CLI_ENGINE_UNKNOWN`. */
export function findEngine(id: string): Engine {
  const engines = createEngines();
  const found = engines.find((engine) => engine.describe().id === id);
  if (found !== undefined) return found;
  throw new CtoError("CLI_ENGINE_UNKNOWN", `no engine "${id}"`, {
    hint: `Known engines: ${engines.map((engine) => engine.describe().id).join(", ")}. \`cto engines list\` says more.`,
  });
}

/** Checks a typed `--isolation`. Throws `CLI_USAGE`. */
export function parseIsolation(value: unknown): IsolationKind {
  const found = ISOLATION_KINDS.find((kind) => kind === value);
  if (found !== undefined) return found;
  throw new CtoError("CLI_USAGE", `--isolation ${String(value)}: expected ${ISOLATION_KINDS.join(" or ")}`, {
    hint: "Without the option the sandbox is bubblewrap; none must be typed and is recorded.",
  });
}

/** The tool chains for some commands: those of the configuration if it names any, else what PATH has. */
export async function findToolchains(setting: Setting, commands: readonly string[]): Promise<readonly Toolchain[]> {
  const configured = setting.config?.sandbox?.toolchains;
  if (configured !== undefined) {
    const toolchains = await Promise.all(configured.map((toolchain) => createToolchain(toolchain)));
    return toolchains.filter((toolchain) => toolchain !== undefined);
  }
  return proposeToolchains(commands, { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "/nonexistent" });
}

/** The sandbox that was asked for. Nothing falls back to another one. */
export async function createSandbox(
  setting: Setting,
  isolation: IsolationKind,
  commands: readonly string[],
): Promise<Sandbox> {
  const toolchains = await findToolchains(setting, commands);
  if (isolation === "bubblewrap") return createBubblewrapSandbox({ toolchains });
  return createNoSandbox({ toolchains, scratch: join(setting.store.root, "tmp") });
}

/** Closes runs whose harness died, and says so. */
export async function closeDeadRuns(setting: Setting, note: (line: string) => void): Promise<void> {
  for (const { note: text } of await closeInterruptedRuns(setting.store)) note(text);
}

/** A path as a person wants to read it: relative to the working directory. */
export function toShownPath(setting: Setting, path: string): string {
  return relative(setting.cwd, resolve(path)) || ".";
}

/** Random bytes for run ids. */
export function entropy(bytes: number): Uint8Array {
  return randomBytes(bytes);
}
