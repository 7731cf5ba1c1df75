import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CtoError } from "@cto/errors";
import { describe, expect, it } from "vitest";
import { createFolder, writeFiles } from "../__fixtures__/run-kit.ts";
import { type LoadedTask, listCaseIds, loadTask } from "../index.ts";
import { readEngineInput } from "./load-task.ts";

const contract = (id: string) =>
  JSON.stringify({
    schema: "cto.task.v1",
    id,
    title: "T",
    brief: "b",
    stage: 2,
    allowed_paths: ["a.txt"],
    verification: [{ id: "check", run: ["true"] }],
  });

function load(selector: string, cwd: string, ...caseFolders: string[]): Promise<LoadedTask> {
  return loadTask({ selector, cwd, caseFolders });
}

async function errorOf(promise: Promise<unknown>): Promise<CtoError> {
  const thrown: unknown = await promise.then(
    () => "nothing was thrown",
    (error: unknown) => error,
  );
  if (!CtoError.is(thrown)) throw thrown;
  return thrown;
}

function createPipe(path: string): void {
  execFileSync("sh", ["-c", 'mkfifo "$0"', path]);
}

/** Runs with the rights of an ordinary user, whom permissions hold. */
async function asOrdinaryUser<Value>(work: () => Promise<Value>): Promise<Value> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe("loadTask, by path", () => {
  it("loads a file relative to the working directory, without a case id", async () => {
    const cwd = createFolder();
    writeFiles(cwd, { "sub/my.json": contract("t") });
    const { task, ...rest } = await load("sub/my.json", cwd);
    expect(task.id).toBe("t");
    expect(rest).toEqual({
      caseId: null,
      file: "sub/my.json",
      readPlaces: expect.any(Function),
      directory: join(cwd, "sub"),
      fixture: null,
    });
  });

  it("loads a folder with a task.yaml as a case, with its fixture", async () => {
    const cwd = createFolder();
    writeFiles(cwd, { "cases/one/task.yaml": contract("t"), "cases/one/fixture/a.txt": "" });
    const { task: _, ...rest } = await load("./cases/one/", cwd);
    const directory = join(cwd, "cases/one");
    expect(rest).toEqual({
      caseId: "one",
      file: "cases/one/task.yaml",
      readPlaces: expect.any(Function),
      directory,
      fixture: join(directory, "fixture"),
    });
    expect((await load(".", directory)).caseId).toBe("one");
  });

  it("gives no case id to a folder whose name is none, and no fixture where fixture is a file", async () => {
    const cwd = createFolder();
    writeFiles(cwd, { "My Case/task.yaml": contract("t"), "My Case/fixture": "" });
    expect(await load("./My Case", cwd)).toMatchObject({ caseId: null, fixture: null });
  });

  it.each(["./task.yaml", "task.yml", "nowhere/", "task.txt", "..", "task.yaml/inner.yaml", `./${"a".repeat(300)}`])(
    "answers TASK_NOT_FOUND or TASK_IS_DIRECTORY for %s and takes none of them for a case id",
    async (selector) => {
      const cwd = join(createFolder(), "inner");
      mkdirSync(cwd);
      const { code, details } = await errorOf(load(selector, cwd));
      expect([code, details]).toEqual(
        selector === ".." ? ["TASK_IS_DIRECTORY", { file: ".." }] : ["TASK_NOT_FOUND", { selector }],
      );
    },
  );

  it("refuses a directory without a task.yaml", async () => {
    const cwd = createFolder();
    mkdirSync(join(cwd, "task.yaml"));
    const error = await errorOf(load("task.yaml", cwd));
    expect([error.code, error.details]).toEqual(["TASK_IS_DIRECTORY", { file: "task.yaml" }]);
  });

  it("refuses a named pipe at once, a device and a directory in the place of the task file", async () => {
    const cwd = createFolder();
    createPipe(join(cwd, "pipe.yaml"));
    symlinkSync("/dev/zero", join(cwd, "zero.yaml"));
    mkdirSync(join(cwd, "odd/task.yaml"), { recursive: true });
    for (const selector of ["pipe.yaml", "zero.yaml", "odd/"]) {
      const error = await errorOf(load(selector, cwd));
      expect([error.code, error.message]).toEqual([
        "TASK_UNREADABLE",
        expect.stringContaining("cannot be read (it is not a plain file)"),
      ]);
    }
  });

  it("says with the system's code why a file cannot be read", async () => {
    const cwd = createFolder();
    writeFiles(cwd, { "secret.yaml": contract("t"), "closed/task.yaml": contract("t") });
    chmodSync(cwd, 0o755);
    chmodSync(join(cwd, "secret.yaml"), 0);
    chmodSync(join(cwd, "closed"), 0);
    symlinkSync("loop.yaml", join(cwd, "loop.yaml"));
    const errors = await asOrdinaryUser(() =>
      Promise.all(["secret.yaml", "closed/task.yaml", "loop.yaml"].map((name) => errorOf(load(name, cwd)))),
    );
    expect(errors.map(({ code, details }) => [code, details])).toEqual([
      ["TASK_UNREADABLE", { file: "secret.yaml", system: "EACCES" }],
      ["TASK_UNREADABLE", { file: "closed/task.yaml", system: "EACCES" }],
      ["TASK_UNREADABLE", { file: "loop.yaml", system: "ELOOP" }],
    ]);
    chmodSync(join(cwd, "closed"), 0o700);
  });

  it("leaves the content to the parser, also of a file that is far too large", async () => {
    const cwd = createFolder();
    writeFiles(cwd, { "empty.yaml": "", "wrong.yaml": "schema: cto.task.v1\nid: 7\n", "huge.yaml": "" });
    truncateSync(join(cwd, "huge.yaml"), 8 * 1024 ** 3);
    const codes = ["empty.yaml", "wrong.yaml", "huge.yaml"].map(async (name) => (await errorOf(load(name, cwd))).code);
    expect(await Promise.all(codes)).toEqual(["TASK_EMPTY", "TASK_INVALID", "TASK_TOO_LARGE"]);
  });
});

describe("loadTask, by case id", () => {
  function createCases(): { readonly own: string; readonly builtIn: string } {
    const root = createFolder();
    writeFiles(root, {
      "own/shared/task.yaml": contract("own"),
      "own/mine/task.yaml": contract("mine"),
      "own/notes.txt": "",
      "own/empty/readme.txt": "",
      "own/v1.2/task.yaml": contract("dotted"),
      "built-in/shared/task.yaml": contract("built-in"),
      "built-in/r1-string-slugify/task.yaml": contract("slugify"),
    });
    return { own: join(root, "own"), builtIn: join(root, "built-in") };
  }

  it("takes the first folder that has the id", async () => {
    const { own, builtIn } = createCases();
    const { task, ...rest } = await load("shared", "/", own, builtIn);
    expect(task.id).toBe("own");
    expect(rest).toEqual({
      caseId: "shared",
      file: "shared/task.yaml",
      readPlaces: expect.any(Function),
      directory: join(own, "shared"),
      fixture: null,
    });
    expect((await load("shared", "/", builtIn, own)).task.id).toBe("built-in");
    expect((await load("r1-string-slugify", "/", join(own, "nowhere"), own, builtIn)).task.id).toBe("slugify");
  });

  it("lists every id once, sorted, with the folder that wins", async () => {
    const { own, builtIn } = createCases();
    expect(await listCaseIds([own, builtIn, join(own, "nowhere"), join(own, "notes.txt")])).toEqual([
      { id: "mine", directory: join(own, "mine") },
      { id: "r1-string-slugify", directory: join(builtIn, "r1-string-slugify") },
      { id: "shared", directory: join(own, "shared") },
    ]);
  });

  it.each([
    ["r1-string-slugfy", "Did you mean r1-string-slugify? "],
    ["R1_String_Slugify", "Did you mean r1-string-slugify? "],
    ["slugify", "Did you mean r1-string-slugify? "],
    ["xyzzy", ""],
    ["", ""],
    ["My Case", ""],
  ])("does not know %j and suggests what is near", async (selector, suggestion) => {
    const { own, builtIn } = createCases();
    const error = await errorOf(load(selector, "/", own, builtIn));
    expect({ code: error.code, message: error.message, hint: error.hint, details: error.details }).toEqual({
      code: "TASK_NOT_FOUND",
      message: `no case "${selector}"`,
      hint: `${suggestion}\`cto cases list\` shows all cases; a path needs a slash or a suffix, such as ./task.yaml.`,
      details: { selector },
    });
  });

  it("suggests the path where a folder of that name, or the working directory, has a task.yaml", async () => {
    const cwd = createFolder();
    writeFiles(cwd, { "slug/task.yaml": contract("t"), "slugify/readme.txt": "", "task.yaml": contract("t") });
    const { own, builtIn } = createCases();
    const hintOf = async (selector: string) => (await errorOf(load(selector, cwd, own, builtIn))).hint;
    expect(await hintOf("slug")).toMatch(/^Did you mean \.\/slug, r1-string-slugify\? /);
    expect(await hintOf("slugify")).toMatch(/^Did you mean r1-string-slugify\? /);
    expect(await hintOf("")).toMatch(/^Did you mean \.\/task\.yaml\? /);
  });

  it("does not go on to the next folder when a case is there and broken", async () => {
    const { own, builtIn } = createCases();
    writeFileSync(join(own, "shared/task.yaml"), "");
    expect((await errorOf(load("shared", "/", own, builtIn))).code).toBe("TASK_EMPTY");
  });
});

describe("readEngineInput", () => {
  async function createLoaded(files: Readonly<Record<string, string>> = {}): Promise<LoadedTask> {
    const cwd = createFolder();
    writeFiles(cwd, { "task.json": contract("t"), ...files });
    return load("task.json", cwd);
  }

  it("is the text beside the task file, or null", async () => {
    const loaded = await createLoaded({ "fake.yaml": "steps: []\n" });
    expect(await readEngineInput(loaded, "fake")).toEqual({ file: "fake.yaml", text: "steps: []\n" });
    expect(await readEngineInput(loaded, "other")).toBeNull();
  });

  it("refuses what is no plain file and what is too large", async () => {
    const loaded = await createLoaded({ "large.yaml": "" });
    truncateSync(join(loaded.directory, "large.yaml"), 1024 ** 2 + 1);
    createPipe(join(loaded.directory, "pipe.yaml"));
    const errors = [await errorOf(readEngineInput(loaded, "large")), await errorOf(readEngineInput(loaded, "pipe"))];
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      ["ENGINE_INPUT_UNREADABLE", "large.yaml cannot be read (more than 1048576 bytes)"],
      ["ENGINE_INPUT_UNREADABLE", "pipe.yaml cannot be read (it is not a plain file)"],
    ]);
  });
});
