import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readGitState } from "@cto/git-state";
import { createTestDirectory, createTestRepository } from "@cto/git-state/testing";
import { expect, test } from "vitest";
import { checkOut, createBaseline } from "./index.ts";
import { createTestWorkspace } from "./testing/test-workspace.ts";

test("a checkout is a clean work tree on branch main with nothing but its own git directory", async () => {
  const workspace = await createTestWorkspace({ "src/a.js": "1\n", ".gitignore": "out/\n" });
  const { checkout, baseline, run } = workspace;
  expect(await readGitState(checkout.directory)).toEqual({
    work_tree: true,
    clean: true,
    head: baseline.commit.slice(0, 12),
    attachment: "attached",
    staged: 0,
    unstaged: 0,
    untracked: 0,
  });
  expect(checkout.tree).toBe(baseline.tree);
  expect((await run("git", "symbolic-ref", "HEAD")).trim()).toBe("refs/heads/main");
  expect(await run("git", "remote")).toBe("");
  const gitDir = join(checkout.directory, ".git");
  expect((await readdir(gitDir)).sort()).toEqual(["HEAD", "config", "index", "info", "objects", "refs"]);
  expect(await readFile(join(gitDir, "info/exclude"), "utf8")).toBe("");
  expect(await readdir(join(gitDir, "objects/info"))).toEqual([]);
  await workspace.remove();
});

test("an engine can commit in it, and its git leaves no process behind to pack objects", async () => {
  const workspace = await createTestWorkspace({ a: "1\n" });
  await workspace.write("a", "2\n");
  await workspace.run("git", "commit", "-qam", "x");
  expect((await workspace.run("git", "config", "gc.auto")).trim()).toBe("0");
  expect((await workspace.run("git", "log", "--format=%s")).trim()).toBe("x\nBaseline");
  await workspace.remove();
});

test("target, baseline and checkouts share no inode", async () => {
  const scratch = await createTestDirectory();
  const target = await createTestRepository({ files: { a: "1\n", "b/c": "2\n" } });
  await target.git("gc", "-q");
  const baseline = await createBaseline({ kind: "repository", from: target.directory }, join(scratch.path, "baseline"));
  await checkOut(baseline, join(scratch.path, "one"));
  await checkOut(baseline, join(scratch.path, "two"));
  const places = [target.directory, ...["baseline", "one", "two"].map((name) => join(scratch.path, name))];
  const seen = new Map<string, string>();
  for (const place of places) {
    for (const inode of await listInodes(place)) {
      expect(seen.get(inode) ?? place).toBe(place);
      seen.set(inode, place);
    }
  }
  expect(seen.size).toBeGreaterThan(20);
  await target.remove();
  await scratch.remove();
});

async function listInodes(root: string): Promise<string[]> {
  const names = await readdir(root, { recursive: true });
  const found = await Promise.all(names.map((name) => lstat(join(root, name))));
  return found.filter((stat) => stat.isFile()).map((stat) => `${stat.dev}:${stat.ino}`);
}

test("refuses a directory that holds something", async () => {
  const workspace = await createTestWorkspace({ a: "1\n" });
  await expect(checkOut(workspace.baseline, workspace.checkout.directory)).rejects.toMatchObject({
    code: "WORKSPACE_DIRECTORY_IN_USE",
  });
  await workspace.remove();
});

test("keeps conversions that the baseline's attributes ask for", async () => {
  const workspace = await createTestWorkspace({ "a.txt": "1\n2\n", ".gitattributes": "*.txt text eol=crlf\n" });
  expect(await readFile(join(workspace.checkout.directory, "a.txt"), "utf8")).toBe("1\r\n2\r\n");
  await workspace.remove();
});
