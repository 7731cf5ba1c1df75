import { link, lstat, readdir, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { type SourceDigests, sourceDigestsSchema } from "@cto/evidence-interface";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readGitState, readRepository, readSourceDigests } from "./index.ts";
import { createTestRepository, type TestRepository } from "./testing/index.ts";

let repository: TestRepository;
beforeEach(async () => {
  repository = await createTestRepository({ files: { "a.txt": "1\n", "b/c.txt": "1\n" } });
});
afterEach(() => repository.remove());

const read = async () => readSourceDigests(await readRepository(repository.directory));

/** Which digests differ after `change`. */
async function changedBy(change: () => Promise<unknown>): Promise<string[]> {
  const before = await read();
  await change();
  const after = await read();
  return (Object.keys(before) as (keyof SourceDigests)[]).filter((name) => before[name] !== after[name]).sort();
}

test("is equal as long as nothing changes, and fits the schema", async () => {
  const first = await read();
  expect(sourceDigestsSchema.parse(first)).toEqual(first);
  expect(await read()).toEqual(first);
});

test("shows what a person can do to a repository, each in its digest", async () => {
  expect(await changedBy(() => repository.write("a.txt", "2\n"))).toEqual(["status"]);
  expect(await changedBy(() => repository.write("untracked/deep.txt", ""))).toEqual(["status"]);
  expect(await changedBy(() => repository.git("add", "-A"))).toEqual(["index", "objects", "status"]);
  expect(await changedBy(() => repository.git("commit", "-qm", "x"))).toEqual(["objects", "refs", "status"]);
  expect(await changedBy(() => repository.git("tag", "v1"))).toEqual(["refs"]);
  expect(await changedBy(() => repository.git("pack-refs", "--all"))).toEqual(["refs"]);
  expect(await changedBy(() => repository.git("checkout", "-q", "-b", "other"))).toContain("head");
  expect(await changedBy(() => repository.git("gc", "-q"))).toContain("objects");
});

test("shows a hard link to an object, and an object that was overwritten in place with another size", async () => {
  const id = (await repository.git("rev-parse", "HEAD:a.txt")).trim();
  const object = join(repository.directory, ".git/objects", id.slice(0, 2), id.slice(2));
  const outside = join(repository.directory, "..", "outside");
  expect(await changedBy(() => link(object, outside))).toEqual(["objects"]);
  expect(await changedBy(() => rm(outside))).toEqual(["objects"]);
});

test("sees the own HEAD and index of a linked work tree, and the shared refs", async () => {
  const linked = join(repository.directory, "..", "linked");
  await repository.git("worktree", "add", "-q", linked);
  const readLinked = async () => readSourceDigests(await readRepository(linked));
  const before = await readLinked();
  await repository.write("a.txt", "2\n");
  expect(await readLinked()).toEqual(before);
  await repository.git("tag", "v1");
  expect((await readLinked()).refs).not.toBe(before.refs);
});

test("answers a bare repository", async () => {
  const bare = join(repository.directory, "..", "bare.git");
  await repository.git("clone", "-q", "--bare", ".", bare);
  const digests = await readSourceDigests(await readRepository(bare));
  expect(sourceDigestsSchema.parse(digests)).toEqual(digests);
});

test("reading writes nothing, even where the index is stale", async () => {
  await utimes(join(repository.directory, "a.txt"), 1_000, 1_000);
  const before = await listAll(repository.directory);
  await readGitState(repository.directory);
  await read();
  expect(await listAll(repository.directory)).toEqual(before);
  await repository.git("status");
  expect(await listAll(repository.directory)).not.toEqual(before);
});

/** Name, inode and all times but the access time of everything below a directory. */
async function listAll(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  const lines = ["", ...names].map(async (name) => {
    const { ino, mtimeMs, ctimeMs, size } = await lstat(join(directory, name));
    return `${name} ${ino} ${mtimeMs} ${ctimeMs} ${size}`;
  });
  return (await Promise.all(lines)).sort();
}

test("does not take it for a change when git only refreshes the times in its index, and sees flags that hide a change", async () => {
  const later = new Date(Date.now() + 5_000);
  const refreshed = await changedBy(async () => {
    await utimes(join(repository.directory, "a.txt"), later, later);
    await repository.git("status");
  });
  expect(refreshed).toEqual([]);
  expect(await changedBy(() => repository.git("update-index", "--assume-unchanged", "a.txt"))).toEqual(["index"]);
  expect(await changedBy(() => repository.git("update-index", "--skip-worktree", "b/c.txt"))).toEqual(["index"]);
});
