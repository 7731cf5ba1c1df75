import { mkdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readWorkspaceHead } from "./index.ts";
import { createTestWorkspace, type TestWorkspace } from "./testing/test-workspace.ts";

let workspace: TestWorkspace;
let gitDir: string;
beforeEach(async () => {
  workspace = await createTestWorkspace({ a: "1\n" });
  gitDir = join(workspace.checkout.directory, ".git");
});
afterEach(() => workspace.remove());

const read = () => readWorkspaceHead(workspace.baseline, workspace.checkout);
const idOf = async (name: string) => (await workspace.run("git", "rev-parse", name)).trim();

test("an untouched workspace stands at the baseline on main", async () => {
  const { commit, tree } = workspace.baseline;
  expect(await read()).toEqual({ kind: "known", commit, tree, moved: false, ref: "refs/heads/main" });
});

test("sees a commit of the engine, also when refs are packed, objects packed or HEAD detached", async () => {
  await workspace.write("a", "2\n");
  await workspace.run("git", "commit", "-qam", "x");
  const moved = { kind: "known", commit: await idOf("HEAD"), tree: await idOf("HEAD^{tree}"), moved: true };
  expect(await read()).toEqual({ ...moved, ref: "refs/heads/main" });
  await workspace.run("git", "gc", "-q");
  expect(await read()).toEqual({ ...moved, ref: "refs/heads/main" });
  await workspace.run("git", "checkout", "-q", "-b", "feature/x");
  expect(await read()).toEqual({ ...moved, ref: "refs/heads/feature/x" });
  await workspace.run("git", "checkout", "-q", "--detach");
  expect(await read()).toEqual({ ...moved, ref: null });
});

const garbage: readonly (readonly [name: string, plant: () => Promise<unknown>])[] = [
  ["no .git", () => rm(gitDir, { recursive: true })],
  ["a .git file", async () => [await rm(gitDir, { recursive: true }), await workspace.write(".git", "gitdir: x\n")]],
  ["a link at .git", async () => [await rename(gitDir, `${gitDir}-2`), await symlink(".git-2", gitDir)]],
  ["an empty HEAD", () => workspace.write(".git/HEAD", "")],
  ["binary in HEAD", () => workspace.write(".git/HEAD", Buffer.from([0, 255, 10, 0]))],
  ["a large HEAD", () => workspace.write(".git/HEAD", Buffer.alloc(100_000, "a"))],
  ["a ref that climbs", () => workspace.write(".git/HEAD", "ref: refs/heads/../../HEAD\n")],
  ["a ref that is not there", () => workspace.write(".git/HEAD", "ref: refs/heads/nothing\n")],
  ["a commit that is not there", () => workspace.write(".git/HEAD", `${"1".repeat(40)}\n`)],
  ["an id of a tree", () => workspace.write(".git/HEAD", `${workspace.baseline.tree}\n`)],
  ["a fifo at HEAD", async () => [await rm(join(gitDir, "HEAD")), await workspace.run("mkfifo", ".git/HEAD")]],
  [
    "a fifo at the ref",
    async () => [await rm(join(gitDir, "refs/heads/main")), await workspace.run("mkfifo", ".git/refs/heads/main")],
  ],
  [
    "a link at HEAD",
    async () => [
      await rename(join(gitDir, "HEAD"), join(gitDir, "HEAD2")),
      await symlink("HEAD2", join(gitDir, "HEAD")),
    ],
  ],
  [
    "refs behind a link",
    async () => [
      await rename(join(gitDir, "refs"), join(workspace.scratch, "refs")),
      await symlink(join(workspace.scratch, "refs"), join(gitDir, "refs")),
    ],
  ],
  [
    "a commit that is larger than any",
    async () => {
      const tree = workspace.baseline.tree;
      await workspace.write("../commit", `tree ${tree}\ncommitter x <x> 1 +0000\n\n${"x".repeat(2_000_000)}`);
      const id = await workspace.run("git", "hash-object", "-w", "-t", "commit", "../commit");
      await workspace.write(".git/HEAD", id);
    },
  ],
  ["a directory at HEAD", async () => [await rm(join(gitDir, "HEAD")), await mkdir(join(gitDir, "HEAD"))]],
];

test.each(garbage)("answers %s with unknown", async (_name, plant) => {
  await plant();
  expect(await read()).toEqual({ kind: "unknown", message: expect.stringMatching(/\w/) });
});

test("reads no object through alternates, which can be endless or lead anywhere", async () => {
  await workspace.run("git", "commit", "-q", "--allow-empty", "-m", "x");
  await rename(join(gitDir, "objects"), join(workspace.scratch, "elsewhere"));
  await mkdir(join(gitDir, "objects/info"), { recursive: true });
  await workspace.write(".git/objects/info/alternates", `${join(workspace.scratch, "elsewhere")}\n`);
  expect((await workspace.run("git", "log", "-1", "--format=%s")).trim()).toBe("x");
  expect(await read()).toEqual({ kind: "unknown", message: "the object store borrows from elsewhere" });
});
