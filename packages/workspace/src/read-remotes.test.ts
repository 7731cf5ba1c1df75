import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTestDirectory, createTestRepository } from "@cto/git-state/testing";
import { afterEach, expect, test } from "vitest";
import { readRemotes } from "./index.ts";

const made: { remove(): Promise<void> }[] = [];
afterEach(() => Promise.all(made.splice(0).map((one) => one.remove())));

test("names what git itself wrote, once each, and nothing where there is none", async () => {
  const repository = await createTestRepository({ files: { a: "1\n" } });
  made.push(repository);
  expect(await readRemotes(repository.directory)).toEqual([]);
  await repository.git("remote", "add", "origin", "https://forge.invalid/a.git");
  await repository.git("remote", "add", "-t", "main", "up.stream", "https://forge.invalid/b.git");
  await repository.git("config", "remote.origin.pushurl", "https://forge.invalid/c.git");
  expect(await readRemotes(repository.directory)).toEqual(["origin", "up.stream"]);
});

test.each([
  ['[ReMoTe "a\\"b"]\n\turl = x\n', ['a\\"b']],
  ["[remote.old]\n\turl = x\n", ["old"]],
  ['  [remote "x"] url = y\n', ["x"]],
  ['[remotes]\n\tx = y\n[branch "remote"]\n', []],
  ['# [remote "commented"]\n', []],
])("reads %j as git does", async (text, names) => {
  const folder = await createTestDirectory();
  made.push(folder);
  await mkdir(join(folder.path, ".git"));
  await writeFile(join(folder.path, ".git", "config"), text);
  expect(await readRemotes(folder.path)).toEqual(names);
});

test("answers nothing for a work tree without a readable .git", async () => {
  const folder = await createTestDirectory();
  made.push(folder);
  expect(await readRemotes(folder.path)).toEqual([]);
});
