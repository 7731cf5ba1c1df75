import { mkdir, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readPackedRefs } from "./index.ts";
import { createTestWorkspace, type TestWorkspace } from "./testing/test-workspace.ts";

let workspace: TestWorkspace;
let gitDir: string;
let file: string;
beforeEach(async () => {
  workspace = await createTestWorkspace({ a: "1\n" });
  gitDir = join(workspace.checkout.directory, ".git");
  file = join(gitDir, "packed-refs");
});
afterEach(() => workspace.remove());

const read = () => readPackedRefs(workspace.checkout.directory);
const id = "1".repeat(40);

test("no packed-refs is an empty map", async () => {
  expect(await read()).toEqual(new Map());
});

test.each([
  ["git gc", ["gc", "-q"]],
  ["git pack-refs", ["pack-refs", "--all"]],
] as const)("reads what %s writes, tags and odd names included", async (_name, args) => {
  const { commit } = workspace.baseline;
  await workspace.run("git", "branch", "ä/x");
  await workspace.run("git", "tag", "-a", "-m", "x", "v1");
  const tag = (await workspace.run("git", "rev-parse", "v1")).trim();
  await workspace.run("git", ...args);
  expect(await read()).toEqual(
    new Map([
      ["refs/heads/main", commit],
      ["refs/heads/ä/x", commit],
      ["refs/tags/v1", tag],
    ]),
  );
});

const hostile: readonly (readonly [name: string, plant: () => Promise<unknown>])[] = [
  ["no .git", () => rm(gitDir, { recursive: true })],
  ["a .git file", async () => [await rm(gitDir, { recursive: true }), await writeFile(gitDir, "gitdir: x\n")]],
  ["a link at .git", async () => [await rename(gitDir, `${gitDir}-2`), await symlink(".git-2", gitDir)]],
  ["a link", () => symlink("/dev/zero", file)],
  ["a link to nothing", () => symlink("nowhere", file)],
  ["a fifo", () => workspace.run("mkfifo", ".git/packed-refs")],
  ["a directory", () => mkdir(file)],
  ["a sparse file of 10 TB", async () => [await writeFile(file, ""), await truncate(file, 10e12)]],
  ["a line that is none", () => writeFile(file, "hello\n")],
  ["a last line that is cut", () => writeFile(file, `${id} refs/heads/a\n${id} refs/heads/b`)],
  ["a ref that stands twice", () => writeFile(file, `${id} refs/heads/a\n${id} refs/heads/a\n`)],
  ["a name that is no ref", () => writeFile(file, `${id} HEAD\n`)],
];

test.each(hostile)("answers %s with undefined", async (_name, plant) => {
  await plant();
  expect(await read()).toBeUndefined();
});
