import { open, readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { CtoError, systemCode } from "@cto/errors";
import { parseTask, type TaskContract } from "@cto/gates";

/** Task files are small; a larger one is refused before it is read. */
const taskFileLimit = 1024 * 1024;

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
}

export interface LoadTaskOptions {
  /** A path if it has a slash or a suffix, else a case id. */
  readonly selector: string;
  readonly cwd: string;
  /** Folders of cases, first match wins: `cto/cases` of the home, then the built-in ones. */
  readonly caseFolders: readonly string[];
}

/** Finds and parses a task contract. Throws `TASK_NOT_FOUND`, `TASK_IS_DIRECTORY`, `TASK_UNREADABLE` and the `TASK_*` codes of the parser. */
export async function loadTask(options: LoadTaskOptions): Promise<LoadedTask> {
  const { selector, cwd } = options;
  if (selector.includes("/") || /\.(?:ya?ml|json)$/i.test(selector)) {
    const given = resolve(cwd, selector);
    const found = await statOrUndefined(given);
    if (found === undefined)
      throw notFound(
        selector,
        `no such file: ${selector}`,
        "Give the path of a task.yaml, or a case id from `cto cases list`.",
      );
    if (!found.isDirectory()) return loadFile(given, selector, null);
    const inside = join(given, "task.yaml");
    if ((await statOrUndefined(inside)) === undefined) {
      throw new CtoError("TASK_IS_DIRECTORY", `${selector} is a directory without a task.yaml`, {
        hint: "Give the path of the task file itself.",
        details: { file: selector },
      });
    }
    return loadFile(inside, join(selector, "task.yaml"), basename(given));
  }
  for (const folder of options.caseFolders) {
    const file = join(folder, selector, "task.yaml");
    if ((await statOrUndefined(file)) !== undefined) return loadFile(file, `${selector}/task.yaml`, selector);
  }
  const known = (await listCaseIds(options.caseFolders)).map(({ id }) => id);
  const near = known.filter((id) => id.includes(selector) || selector.includes(id)).slice(0, 3);
  throw notFound(
    selector,
    `no case "${selector}"`,
    near.length > 0
      ? `Did you mean ${near.join(", ")}? \`cto cases list\` shows all.`
      : "`cto cases list` shows all cases; a path needs a slash or a suffix, such as ./task.yaml.",
  );
}

/** The cases in the given folders: id and folder, sorted; the first folder that has an id wins. */
export async function listCaseIds(
  folders: readonly string[],
): Promise<readonly { readonly id: string; readonly directory: string }[]> {
  const byId = new Map<string, string>();
  for (const folder of folders) {
    for (const entry of await readdirOrNone(folder)) {
      const directory = join(folder, entry);
      if (!byId.has(entry) && (await statOrUndefined(join(directory, "task.yaml"))) !== undefined)
        byId.set(entry, directory);
    }
  }
  return [...byId].map(([id, directory]) => ({ id, directory })).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The text of `<engine id>.yaml` beside the task file, or null. Throws `TASK_UNREADABLE`, `TASK_TOO_LARGE`. */
export async function readEngineInput(
  loaded: LoadedTask,
  engineId: string,
): Promise<{ readonly file: string; readonly text: string } | null> {
  const path = join(loaded.directory, `${engineId}.yaml`);
  if ((await statOrUndefined(path)) === undefined) return null;
  const bytes = await readBounded(path, `${engineId}.yaml`);
  return { file: `${engineId}.yaml`, text: new TextDecoder("utf-8").decode(bytes) };
}

async function loadFile(path: string, shown: string, caseId: string | null): Promise<LoadedTask> {
  const task = parseTask({ file: shown, bytes: await readBounded(path, shown) });
  const directory = dirname(path);
  const fixture = join(directory, "fixture");
  const hasFixture = (await statOrUndefined(fixture))?.isDirectory() === true;
  return { task, caseId, file: shown, directory, fixture: hasFixture ? fixture : null };
}

async function readBounded(path: string, shown: string): Promise<Uint8Array> {
  try {
    const handle = await open(path, "r");
    try {
      const { size } = await handle.stat();
      if (size > taskFileLimit) {
        throw new CtoError("TASK_TOO_LARGE", `${shown} has ${size} bytes; at most ${taskFileLimit} are read`, {
          hint: "Is this the right file? A task contract is a short YAML or JSON document.",
          details: { file: shown, bytes: size, limit: taskFileLimit },
        });
      }
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (CtoError.is(cause)) throw cause;
    throw new CtoError("TASK_UNREADABLE", `${shown} cannot be read (${systemCode(cause) ?? "unknown reason"})`, {
      hint: "Check that it is a plain file and that you may read it.",
      details: { file: shown, system: systemCode(cause) ?? null },
      cause,
    });
  }
}

async function statOrUndefined(path: string) {
  try {
    return await stat(path);
  } catch (cause) {
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(systemCode(cause) ?? "")) return undefined;
    throw new CtoError("TASK_UNREADABLE", `${path} cannot be looked at (${systemCode(cause) ?? "unknown reason"})`, {
      hint: "Check the permissions of the folders above it.",
      cause,
    });
  }
}

async function readdirOrNone(folder: string): Promise<readonly string[]> {
  return (await statOrUndefined(folder))?.isDirectory() === true ? readdir(folder) : [];
}

function notFound(selector: string, message: string, hint: string): CtoError<"TASK_NOT_FOUND"> {
  return new CtoError("TASK_NOT_FOUND", message, { hint, details: { selector } });
}
