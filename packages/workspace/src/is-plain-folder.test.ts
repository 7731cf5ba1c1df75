import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTestDirectory, type TestDirectory } from "@cto/git-state/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isPlainFolder } from "./index.ts";

let scratch: TestDirectory;
let root: string;
beforeAll(async () => {
  scratch = await createTestDirectory();
  root = join(scratch.path, "root");
  await mkdir(join(root, "a/b"), { recursive: true });
  await mkdir(join(scratch.path, "outside/c"), { recursive: true });
  await writeFile(join(root, "file"), "");
  await symlink("../outside", join(root, "out"));
  await symlink("a", join(root, "in"));
  await symlink("b", join(root, "a/link"));
});
afterAll(() => scratch.remove());

test.each(["a", "a/", "a/b"])("%j is a plain folder", async (path) => {
  expect(await isPlainFolder(root, path)).toBe(true);
});

test.each([
  "",
  ".",
  "..",
  "/",
  "/a",
  "a/../a",
  "a//b",
  "./a",
  "a/.",
  "../outside",
  "out",
  "out/",
  "out/c",
  "in",
  "in/b",
  "a/link",
  "file",
  "file/x",
  "missing",
  "a\0",
])("%j is none", async (path) => {
  expect(await isPlainFolder(root, path)).toBe(false);
});
