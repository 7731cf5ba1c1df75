import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { type CtoError, closestWord, messageOf, oneLine, systemCode } from "@cto/errors";
import { identifierSchema } from "@cto/evidence-interface";
import { type PolicyPlaces, parseTask, readTaskPlaces, type TaskContract } from "@cto/gates";
import { createHarnessError, type HarnessErrorCode } from "../harness-error.ts";
import { readPlainFile, readStart } from "./read-plain-file.ts";

/** A task contract and what stands beside its file. */
export interface LoadedTask {
  readonly task: TaskContract;
  /** The case id, or null for a plain task file. */
  readonly caseId: string | null;
  /** As shown to people: relative where the caller gave a relative path. */
  readonly file: string;
  /** Absolute path of the folder that holds the task file. */
  readonly directory: string;
  /** Absolute path of `fixture/` beside the task file, or null. */
  readonly fixture: string | null;
  /** Where each rule stands in the file. Looked up when somebody asks: it takes a second reading. */
  readonly readPlaces: () => PolicyPlaces;
}

export interface LoadTaskOptions {
  /** A path if it has a slash or a suffix, else a case id. */
  readonly selector: string;
  readonly cwd: string;
  /** Folders of cases, first match wins: `cto/cases` of the home, then the built-in ones. */
  readonly caseFolders: readonly string[];
}

/** Finds and parses a task contract. Throws `TASK_NOT_FOUND`, `TASK_IS_DIRECTORY`, `TASK_UNREADABLE` and the `TASK_*` codes of the parser. */
export async function loadTask({ selector, cwd, caseFolders }: LoadTaskOptions): Promise<LoadedTask> {
  if (selector.includes("/") || extname(selector) !== "" || /^\.\.?$/.test(selector)) return loadPath(selector, cwd);
  for (const folder of isCaseId(selector) ? caseFolders : []) {
    const file = join(folder, selector, "task.yaml");
    if ((await statOrUndefined(file, selector)) !== undefined) return loadFile(file, `${selector}/task.yaml`, selector);
  }
  const near = [...(await suggestPath(selector, cwd)), ...suggestCases(selector, await listCaseIds(caseFolders))];
  throw createHarnessError("TASK_NOT_FOUND", `no case "${oneLine(selector, 80)}"`, {
    hint: `${near.length === 0 ? "" : `Did you mean ${near.slice(0, 3).join(", ")}? `}\`cto cases list\` shows all cases; a path needs a slash or a suffix, such as ./task.yaml.`,
    details: { selector },
  });
}

async function loadPath(selector: string, cwd: string): Promise<LoadedTask> {
  const given = resolve(cwd, selector);
  const found = await statOrUndefined(given, selector);
  if (found === undefined)
    throw createHarnessError("TASK_NOT_FOUND", `no such file: ${oneLine(selector)}`, {
      hint: "Give the path of a task.yaml, or a case id from `cto cases list`.",
      details: { selector },
    });
  if (!found.isDirectory()) return loadFile(given, selector, null);
  const inside = join(given, "task.yaml");
  if ((await statOrUndefined(inside, selector)) === undefined)
    throw createHarnessError("TASK_IS_DIRECTORY", `${oneLine(selector)} is a directory without a task.yaml`, {
      hint: "Give the path of the task file itself.",
      details: { file: selector },
    });
  const name = basename(given);
  return loadFile(inside, join(selector, "task.yaml"), isCaseId(name) ? name : null);
}

/** An identifier without a suffix, so that it is never taken for a path. */
function isCaseId(text: string): boolean {
  return extname(text) === "" && identifierSchema.safeParse(text).success;
}

function suggestCases(selector: string, known: readonly { readonly id: string }[]): readonly string[] {
  const ids = known.map(({ id }) => id);
  const longer = selector === "" ? [] : ids.filter((id) => id.includes(selector) || selector.includes(id));
  return [...new Set([closestWord(selector, ids) ?? [], ...longer].flat())];
}

/** The path of a folder in the working directory that has this name and a task.yaml: it lacks only the slash. */
async function suggestPath(selector: string, cwd: string): Promise<readonly string[]> {
  const isTask = (await statOrUndefined(join(cwd, selector, "task.yaml"), selector)) !== undefined;
  return isTask ? [selector === "" ? "./task.yaml" : `./${oneLine(selector, 80)}`] : [];
}

/**
 * The cases in the given folders: id and folder, sorted; the first folder that has an id wins. A folder that does not exist has none; a
 * case whose name is no id is left out. Throws `TASK_UNREADABLE`.
 */
export async function listCaseIds(
  folders: readonly string[],
): Promise<readonly { readonly id: string; readonly directory: string }[]> {
  const byId = new Map<string, string>();
  for (const folder of folders) {
    for (const id of await readdirOrNone(folder)) {
      if (byId.has(id) || !isCaseId(id)) continue;
      const directory = join(folder, id);
      if ((await statOrUndefined(join(directory, "task.yaml"), `${id}/task.yaml`)) !== undefined)
        byId.set(id, directory);
    }
  }
  return [...byId].map(([id, directory]) => ({ id, directory })).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The text of `<engine id>.yaml` beside the task file, or null. Throws `ENGINE_INPUT_UNREADABLE`. */
export async function readEngineInput(
  loaded: LoadedTask,
  engineId: string,
): Promise<{ readonly file: string; readonly text: string } | null> {
  const file = `${engineId}.yaml`;
  try {
    return { file, text: await readPlainFile(join(loaded.directory, file)) };
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return null;
    throw unreadable("ENGINE_INPUT_UNREADABLE", file, cause);
  }
}

async function loadFile(path: string, shown: string, caseId: string | null): Promise<LoadedTask> {
  const bytes = await readStart(path).catch((cause: unknown) => {
    throw unreadable("TASK_UNREADABLE", shown, cause);
  });
  const directory = dirname(path);
  const fixture = join(directory, "fixture");
  const hasFixture = (await statOrUndefined(fixture, "fixture/"))?.isDirectory() === true;
  return {
    task: parseTask({ file: shown, bytes }),
    caseId,
    file: shown,
    directory,
    fixture: hasFixture ? fixture : null,
    readPlaces: () => readTaskPlaces({ file: shown, bytes }),
  };
}

async function statOrUndefined(path: string, shown: string) {
  try {
    return await stat(path);
  } catch (cause) {
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(systemCode(cause) ?? "")) return undefined;
    throw unreadable("TASK_UNREADABLE", shown, cause);
  }
}

async function readdirOrNone(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(cause) ?? "")) return [];
    throw unreadable("TASK_UNREADABLE", basename(folder), cause);
  }
}

function unreadable(code: HarnessErrorCode, shown: string, cause: unknown): CtoError<HarnessErrorCode> {
  const system = systemCode(cause) ?? null;
  return createHarnessError(code, `${oneLine(shown)} cannot be read (${system ?? oneLine(messageOf(cause), 80)})`, {
    hint: "Check that it is a plain file of at most 1 MiB and that you may read it and the folders above it.",
    details: { file: shown, system },
    cause,
  });
}
