import { rm } from "node:fs/promises";
import { join } from "node:path";
import { lossyGitStateSchema } from "@cto/evidence-interface";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readGitState } from "./index.ts";
import { createTestDirectory, createTestRepository, type TestRepository } from "./testing/index.ts";

let repository: TestRepository;
beforeEach(async () => {
  repository = await createTestRepository({ files: { "a.txt": "1\n", "b.txt": "1\n", "dir/c.txt": "1\n" } });
});
afterEach(() => repository.remove());

const nothing = {
  work_tree: false,
  clean: false,
  head: null,
  attachment: "unknown",
  staged: 0,
  unstaged: 0,
  untracked: 0,
};
const head = async () => (await repository.git("rev-parse", "HEAD")).slice(0, 12);

test("calls an untouched work tree clean", async () => {
  const state = await readGitState(repository.directory);
  expect(state).toEqual({ ...nothing, work_tree: true, clean: true, head: await head(), attachment: "attached" });
  expect(lossyGitStateSchema.parse(state)).toEqual(state);
});

test("counts staged, unstaged and untracked, each path once, also in a subdirectory", async () => {
  await repository.write("a.txt", "2\n");
  await repository.git("add", "a.txt");
  await repository.write("a.txt", "3\n");
  await rm(join(repository.directory, "b.txt"));
  await repository.git("mv", "dir/c.txt", "dir/moved.txt");
  await repository.write("new 1\n.txt", "");
  await repository.write("folder/one", "");
  await repository.write("folder/two", "");
  const expected = { work_tree: true, clean: false, head: await head(), attachment: "attached" };
  expect(await readGitState(repository.directory)).toEqual({ ...expected, staged: 3, unstaged: 2, untracked: 2 });
  expect(await readGitState(join(repository.directory, "dir"))).toMatchObject(expected);
});

test("counts a conflict as staged and unstaged", async () => {
  await repository.git("checkout", "-q", "-b", "other");
  await repository.write("a.txt", "other\n");
  await repository.commitAll();
  await repository.git("checkout", "-q", "main");
  await repository.write("a.txt", "main\n");
  await repository.commitAll();
  await repository.git("merge", "-q", "other").catch(() => "conflict");
  expect(await readGitState(repository.directory)).toMatchObject({ clean: false, staged: 1, unstaged: 1 });
});

test("tells attached, detached and unborn apart", async () => {
  await repository.git("checkout", "-q", "--detach");
  expect(await readGitState(repository.directory)).toMatchObject({ attachment: "detached", head: await head() });
  const unborn = await createTestRepository();
  expect(await readGitState(unborn.directory)).toEqual({
    ...nothing,
    work_tree: true,
    clean: true,
    attachment: "unborn",
  });
  await unborn.remove();
});

test("knows nothing outside of a work tree", async () => {
  const outside = await createTestDirectory();
  expect(await readGitState(outside.path)).toEqual(nothing);
  await outside.remove();
  const bare = join(repository.directory, "..", "bare.git");
  await repository.git("clone", "-q", "--bare", ".", bare);
  expect(await readGitState(bare)).toEqual(nothing);
});

test("does not take a broken repository for no repository", async () => {
  await repository.write(".git/index", "garbage");
  await expect(readGitState(repository.directory)).rejects.toMatchObject({ code: "GIT_FAILED" });
});

test("refuses a missing directory and a file", async () => {
  await expect(readGitState(join(repository.directory, "missing"))).rejects.toMatchObject({
    code: "GIT_DIRECTORY_MISSING",
  });
  await expect(readGitState(join(repository.directory, "a.txt"))).rejects.toMatchObject({
    code: "GIT_NOT_A_DIRECTORY",
  });
});
