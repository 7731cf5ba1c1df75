import { chmod, mkdir, rm, symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { runGit } from "@cto/git-state";
import { afterEach, expect, test } from "vitest";
import { type Checkout, type TreeChange, takeSnapshot, writeResultTree } from "./index.ts";
import { createTestWorkspace, type TestWorkspace } from "./testing/test-workspace.ts";

let workspace: TestWorkspace;
afterEach(() => workspace.remove());

async function writeResult(checkout: Checkout = workspace.checkout) {
  const snapshot = await takeSnapshot(checkout.directory);
  const result = await writeResultTree(workspace.baseline, checkout, { snapshot });
  if (result.kind !== "written") throw new Error(result.message);
  return result;
}

async function listTree(tree: string): Promise<string[]> {
  const { gitDir } = workspace.baseline;
  const { stdout } = await runGit({
    args: ["ls-tree", "-r", "--name-only", tree],
    place: { kind: "repository", gitDir },
  });
  return Buffer.from(stdout).toString().trim().split("\n");
}

const brief = (changes: readonly TreeChange[]) =>
  changes.map(({ path, change, oldMode, newMode }) => `${change} ${path} ${oldMode} ${newMode}`);

test("an untouched checkout gives the baseline's tree and no change", async () => {
  workspace = await createTestWorkspace({ "a.txt": "1\n", ".gitignore": "out/\n" });
  expect(await writeResult()).toEqual({
    kind: "written",
    tree: workspace.baseline.tree,
    changes: [],
    ignored: [],
    leftOut: [],
    checkout: workspace.checkout,
  });
});

test("tells every kind of change, and takes untracked but not ignored files", async () => {
  workspace = await createTestWorkspace({
    added: "0",
    deleted: "1\n",
    modified: "1\n",
    mode: "1\n",
    typed: "1\n",
    "folder/inside": "1\n",
    file: "1\n",
    ".gitignore": "out/\n*.o\n",
  });
  const { directory } = workspace.checkout;
  await rm(join(directory, "deleted"));
  await workspace.write("modified", "2\n");
  await chmod(join(directory, "mode"), 0o755);
  await rm(join(directory, "typed"));
  await symlink("modified", join(directory, "typed"));
  await rm(join(directory, "folder"), { recursive: true });
  await symlink("/tmp", join(directory, "folder"));
  await rm(join(directory, "file"));
  await workspace.write("file/now a folder", "");
  await workspace.write("new", "");
  await workspace.write("out/x", "");
  await workspace.write("src/y.o", "");
  const result = await writeResult();
  expect(brief(result.changes)).toEqual([
    "deleted deleted 100644 000000",
    "deleted file 100644 000000",
    "added file/now a folder 000000 100644",
    "added folder 000000 120000",
    "deleted folder/inside 100644 000000",
    "mode-changed mode 100644 100755",
    "modified modified 100644 100644",
    "added new 000000 100644",
    "type-changed typed 100644 120000",
  ]);
  expect([result.ignored, result.leftOut]).toEqual([["out/x", "src/y.o"], []]);
  expect(await listTree(result.tree)).toEqual([
    ".gitignore",
    "added",
    "file/now a folder",
    "folder",
    "mode",
    "modified",
    "new",
    "typed",
  ]);
});

test("sees a change that keeps size and mtime, made at once after the checkout", async () => {
  workspace = await createTestWorkspace({ a: "aaaa" });
  const entry = workspace.before.byPath.get("a");
  await workspace.write("a", "bbbb");
  const seconds = Number(entry?.mtimeNs) / 1e9;
  await utimes(join(workspace.checkout.directory, "a"), seconds, seconds);
  expect(brief((await writeResult()).changes)).toEqual(["modified a 100644 100644"]);
});

test("does not take a touched file for a changed one", async () => {
  workspace = await createTestWorkspace({ a: "1\n" });
  await utimes(join(workspace.checkout.directory, "a"), 1_000, 1_000);
  expect((await writeResult()).changes).toEqual([]);
});

test("keeps hostile names exact", async () => {
  workspace = await createTestWorkspace({ a: "1\n" });
  for (const name of ["new\nline", 'quo"te', "-rf", ":(top)x", "back\\slash", "git~1", "x".repeat(255), "tab\there"]) {
    await workspace.write(name, "");
  }
  await workspace.run("sh", "-c", 'printf x > "$(printf "b\\377")"');
  const result = await writeResult();
  expect(result.changes.map(({ path }) => path)).toEqual([
    "-rf",
    ":(top)x",
    '"back\\\\slash"',
    '"b\\377"',
    "git~1",
    '"new\\nline"',
    '"quo\\"te"',
    '"tab\\there"',
    "x".repeat(255),
  ]);
});

test("tells later changes against the tree that was written before", async () => {
  workspace = await createTestWorkspace({ a: "1\n", b: "1\n" });
  await workspace.write("a", "set up\n");
  const settled = await writeResult();
  await workspace.write("b", "engine\n");
  const result = await writeResult(settled.checkout);
  expect(brief(settled.changes)).toEqual(["modified a 100644 100644"]);
  expect(brief(result.changes)).toEqual(["modified b 100644 100644"]);
});

test("leaves out nested repositories, and names git refuses, and says so", async () => {
  workspace = await createTestWorkspace({ "src/a": "1\n" });
  await workspace.run("git", "init", "-q", "nested");
  await workspace.write("nested/file", "");
  await workspace.run("git", "-C", "nested", "add", ".");
  await workspace.run("git", "-C", "nested", "commit", "-qm", "x");
  await workspace.run("git", "init", "-q", "empty-nested");
  await workspace.run("git", "init", "-q", "src");
  await workspace.write("src/b", "");
  await workspace.write(".GIT/config", "");
  await workspace.write("deep/.gIt", "");
  await workspace.run("ln", "-s", "x", ".gitmodules");
  const result = await writeResult();
  expect(brief(result.changes)).toEqual(["added src/b 000000 100644"]);
  expect(result.leftOut).toEqual([
    ".GIT/config",
    ".gitmodules",
    "deep/.gIt",
    "empty-nested",
    "empty-nested/.git",
    "nested",
    "nested/.git",
    "src/.git",
  ]);
});

test("leaves out special files, also in place of a tracked one", async () => {
  workspace = await createTestWorkspace({ a: "1\n", b: "1\n" });
  await rm(join(workspace.checkout.directory, "a"));
  await workspace.run("mkfifo", "a", "new-fifo");
  const result = await writeResult();
  expect(brief(result.changes)).toEqual(["deleted a 100644 000000"]);
  expect(result.leftOut).toEqual(["a", "new-fifo"]);
});

test.each([".gitignore", ".gitattributes", "deep/.gitignore"])(
  "answers a fifo at %s instead of waiting for ever",
  async (path) => {
    workspace = await createTestWorkspace({ a: "1\n" });
    await workspace.run("mkdir", "-p", join(path, ".."));
    await workspace.run("mkfifo", path);
    const snapshot = await takeSnapshot(workspace.checkout.directory);
    expect(await writeResultTree(workspace.baseline, workspace.checkout, { snapshot })).toEqual({
      kind: "unreadable",
      message: `${path} is neither file nor folder, and git would read it`,
    });
  },
);

test("answers contents that the attributes make unreadable", async () => {
  workspace = await createTestWorkspace({ a: "1\n" });
  await workspace.write(".gitattributes", "* working-tree-encoding=UTF-16LE\n");
  await workspace.write("odd", "123");
  const snapshot = await takeSnapshot(workspace.checkout.directory);
  const result = await writeResultTree(workspace.baseline, workspace.checkout, { snapshot });
  expect(result).toEqual({ kind: "unreadable", message: expect.stringContaining("UTF-16LE") });
});

test("a broken .gitmodules, and folders under git's own names, change nothing but themselves", async () => {
  workspace = await createTestWorkspace({ a: "1\n" });
  await workspace.write(".gitmodules", "[broken\n");
  await mkdir(join(workspace.checkout.directory, ".gitattributes"));
  await mkdir(join(workspace.checkout.directory, ".gitignore"));
  await workspace.write("a", "2\n");
  expect(brief((await writeResult()).changes)).toEqual(["added .gitmodules 000000 100644", "modified a 100644 100644"]);
});

test("a file that .gitignore names counts as ignored only while it is untracked", async () => {
  workspace = await createTestWorkspace({ ".gitignore": "*.log\n", "kept.log": "1\n" });
  await workspace.write("kept.log", "2\n");
  await workspace.write("new.log", "2\n");
  const result = await writeResult();
  expect(brief(result.changes)).toEqual(["modified kept.log 100644 100644"]);
  expect(result.ignored).toEqual(["new.log"]);
});

test("treats untracked files that the caller leaves out as ignored, and tracked ones not", async () => {
  workspace = await createTestWorkspace({ "kept.pyc": "1\n" });
  await workspace.write("kept.pyc", "2\n");
  await workspace.write("__pycache__/a\n.pyc", "x");
  await workspace.write("new.py", "x");
  const snapshot = await takeSnapshot(workspace.checkout.directory);
  const leaveOut = (path: string) => path.includes(".pyc");
  const result = await writeResultTree(workspace.baseline, workspace.checkout, { snapshot, leaveOut });
  expect(result).toMatchObject({
    kind: "written",
    changes: [{ path: "kept.pyc" }, { path: "new.py" }],
    ignored: ['"__pycache__/a\\n.pyc"'],
    leftOut: [],
  });
});

test("an engine cannot hide a file behind its own exclusions, index flags or sparse patterns", async () => {
  workspace = await createTestWorkspace({ a: "1\n", b: "1\n" });
  await workspace.write(".git/info/exclude", "*\n");
  await workspace.write("../global-ignore", "*\n");
  await workspace.run("git", "config", "core.excludesFile", "../global-ignore");
  await workspace.run("git", "update-index", "--assume-unchanged", "a");
  await workspace.run("git", "update-index", "--skip-worktree", "b");
  await workspace.write("a", "2\n");
  await workspace.write("b", "2\n");
  await workspace.write("new", "");
  const result = await writeResult();
  expect(result.changes.map(({ path }) => path)).toEqual(["a", "b", "new"]);
  expect(result.ignored).toEqual([]);
});

test("works after the engine removed or broke its own .git", async () => {
  workspace = await createTestWorkspace({ a: "1\n" });
  await rm(join(workspace.checkout.directory, ".git"), { recursive: true });
  await workspace.write(".git", "gitdir: /nowhere\n");
  await workspace.write("a", "2\n");
  expect(brief((await writeResult()).changes)).toEqual(["modified a 100644 100644"]);
});
