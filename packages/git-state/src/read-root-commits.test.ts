import { afterEach, expect, test } from "vitest";
import { readRepository, readRootCommits } from "./index.ts";
import { createTestDirectory, createTestRepository, type TestRepository } from "./testing/index.ts";

const made: { remove(): Promise<void> }[] = [];
afterEach(() => Promise.all(made.splice(0).map((one) => one.remove())));

async function create(files: Readonly<Record<string, string>>): Promise<TestRepository> {
  const repository = await createTestRepository({ files });
  made.push(repository);
  return repository;
}
const rootsOf = async (directory: string) => readRootCommits(await readRepository(directory));

test("is the first commit, whatever came after it, and the same in a clone", async () => {
  const origin = await create({ "a.txt": "a\n" });
  const first = (await origin.git("rev-parse", "HEAD")).trim();
  await origin.write("a.txt", "b\n");
  await origin.commitAll();
  expect(await rootsOf(origin.directory)).toEqual([first]);
  const folder = await createTestDirectory();
  made.push(folder);
  await origin.git("clone", "-q", origin.directory, `${folder.path}/clone`);
  expect(await rootsOf(`${folder.path}/clone`)).toEqual([first]);
});

test("is every root of a joined history, sorted, and another one elsewhere", async () => {
  const origin = await create({ "a.txt": "a\n" });
  const other = await create({ "b.txt": "b\n" });
  const roots = [...(await rootsOf(origin.directory)), ...(await rootsOf(other.directory))].sort();
  await origin.git("fetch", "-q", other.directory, "HEAD");
  await origin.git("merge", "-q", "--allow-unrelated-histories", "-m", "joined", "FETCH_HEAD");
  expect(new Set(roots).size).toBe(2);
  expect(await rootsOf(origin.directory)).toEqual(roots);
});
