import { mkdir, realpath, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRepository } from "./index.ts";
import { createTestDirectory, createTestRepository, type TestDirectory, type TestRepository } from "./testing/index.ts";

let scratch: TestDirectory;
let repository: TestRepository;
beforeEach(async () => {
  scratch = await createTestDirectory();
  repository = await createTestRepository({ directory: join(scratch.path, "target"), files: { "dir/a.txt": "1\n" } });
});
afterEach(async () => {
  await repository.remove();
  await scratch.remove();
});

const idOf = async (name: string) => (await repository.git("rev-parse", name)).trim();

test("describes an ordinary work tree at HEAD", async () => {
  const { directory } = repository;
  expect(await readRepository(directory)).toEqual({
    kind: "work-tree",
    topLevel: directory,
    gitDir: join(directory, ".git"),
    commonDir: join(directory, ".git"),
    commit: await idOf("HEAD"),
    tree: await idOf("HEAD^{tree}"),
    objectFormat: "sha1",
    shallow: false,
    submodules: [],
  });
});

test("takes another ref, tag or id, and peels a tag to its commit", async () => {
  const first = await idOf("HEAD");
  await repository.git("tag", "-a", "v1", "-m", "v1");
  await repository.write("b.txt", "2\n");
  await repository.commitAll();
  for (const ref of ["v1", "HEAD~1", first, "main^"]) {
    expect(await readRepository(repository.directory, { ref })).toMatchObject({ commit: first });
  }
});

test.each(["no-such-branch", "HEAD:dir", "", "HEAD\nHEAD", "--help"])("refuses %j as a ref", async (ref) => {
  await expect(readRepository(repository.directory, { ref })).rejects.toMatchObject({
    code: "GIT_REF_UNKNOWN",
    details: { ref },
  });
});

test("answers a detached HEAD, a bare, a shallow and a sha256 repository", async () => {
  await repository.git("checkout", "-q", "--detach");
  const commit = await idOf("HEAD");
  expect(await readRepository(repository.directory)).toMatchObject({ kind: "work-tree", commit });
  const bare = join(scratch.path, "bare.git");
  await repository.git("clone", "-q", "--bare", ".", bare);
  expect(await readRepository(bare)).toMatchObject({ kind: "bare", topLevel: bare, gitDir: bare, commit });
  await repository.write("b.txt", "2\n");
  await repository.commitAll();
  const shallow = join(scratch.path, "shallow");
  await repository.git("clone", "-q", "--depth=1", `file://${repository.directory}`, shallow);
  expect(await readRepository(shallow)).toMatchObject({ shallow: true, commit: await idOf("HEAD") });
  const modern = await createTestRepository({ objectFormat: "sha256", files: { a: "1\n" } });
  const found = await readRepository(modern.directory);
  expect([found.objectFormat, found.commit.length, found.tree.length]).toEqual(["sha256", 64, 64]);
  await modern.remove();
});

test("answers a linked work tree with its own git directory and the shared one", async () => {
  const linked = join(scratch.path, "linked\nwork tree");
  await repository.git("worktree", "add", "-q", "-b", "linked", linked);
  expect(await readRepository(linked)).toMatchObject({
    kind: "work-tree",
    topLevel: linked,
    gitDir: expect.stringMatching(/target\/\.git\/worktrees\//),
    commonDir: join(repository.directory, ".git"),
    commit: await idOf("HEAD"),
  });
});

test("follows a symbolic link to the top of a repository", async () => {
  const link = join(scratch.path, "link");
  await symlink(repository.directory, link);
  expect(await readRepository(link)).toMatchObject({ topLevel: await realpath(link) });
});

test("lists submodules of the commit", async () => {
  const inner = await createTestRepository({ files: { i: "1\n" } });
  const add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add"];
  await repository.git(...add, inner.directory, "vendor/in ner");
  await repository.git(...add, inner.directory, 'quo"te');
  await repository.commitAll();
  expect(await readRepository(repository.directory)).toMatchObject({
    submodules: ['"quo\\"te"', "vendor/in ner"],
  });
  await inner.remove();
});

test("names the top level when given a folder inside", async () => {
  await expect(readRepository(join(repository.directory, "dir"))).rejects.toMatchObject({
    code: "GIT_NOT_THE_TOP_LEVEL",
    details: { top_level: repository.directory },
  });
});

test("refuses what is no repository, and the inside of a git directory", async () => {
  const plain = join(scratch.path, "plain");
  await mkdir(plain);
  await expect(readRepository(plain)).rejects.toMatchObject({ code: "GIT_NOT_A_REPOSITORY" });
  await expect(readRepository(join(repository.directory, ".git"))).rejects.toMatchObject({
    code: "GIT_NOT_A_REPOSITORY",
  });
});

test("refuses a repository without a commit, a missing path and a file", async () => {
  const unborn = await createTestRepository();
  await expect(readRepository(unborn.directory)).rejects.toMatchObject({ code: "GIT_UNBORN" });
  await unborn.remove();
  await expect(readRepository(join(scratch.path, "missing"))).rejects.toMatchObject({ code: "GIT_DIRECTORY_MISSING" });
  await expect(readRepository(join(repository.directory, "dir/a.txt"))).rejects.toMatchObject({
    code: "GIT_NOT_A_DIRECTORY",
  });
});
