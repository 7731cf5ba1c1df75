import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readRepository, readSourceDigests } from "@cto/git-state";
import { afterEach, describe, expect, it } from "vitest";
import { createDisposable, readDisposableState, removeTree } from "./index.ts";
import { branch, createTestLanding, type TestLanding } from "./testing/test-landing.ts";

const made: TestLanding[] = [];
afterEach(async () => {
  await Promise.all(made.splice(0).map((one) => one.remove()));
});

async function createLanding(): Promise<TestLanding> {
  const landing = await createTestLanding({ change: (copy) => copy.write("a.txt", "new\n") });
  made.push(landing);
  return landing;
}

describe("createDisposable", () => {
  it("is a bare repository at the commit that shares no inode, remote, hook or alternate with its source", async () => {
    const landing = await createLanding();
    await landing.target.git("remote", "add", "origin", "https://forge.invalid/repo.git");
    await landing.target.commitAll("Later");
    const source = await readRepository(landing.target.directory);
    const before = await readSourceDigests(source);
    const directory = join(landing.folder, "disposable/repository.git");
    const made = await createDisposable({ source, commit: landing.base, directory });
    expect(made).toMatchObject({ kind: "bare", gitDir: directory, commit: landing.base });
    expect((await readdir(directory)).sort()).toEqual(["HEAD", "config", "info", "objects", "refs"]);
    expect(await readFile(join(directory, "config"), "utf8")).not.toMatch(/remote|url|alternate/i);
    expect(await readdir(join(directory, "objects/info"))).toEqual([]);
    for (const name of await readdir(join(directory, "objects/pack"))) {
      expect((await lstat(join(directory, "objects/pack", name))).nlink).toBe(1);
    }
    expect(await readSourceDigests(source)).toEqual(before);
  });

  it("takes a landing that adds its own branch and moves nothing else, and goes away", async () => {
    const landing = await createLanding();
    const directory = join(landing.folder, "repository.git");
    const source = await readRepository(landing.target.directory);
    const target = await createDisposable({ source, commit: landing.base, directory });
    const before = await readDisposableState(directory, branch);
    expect(await landing.land({ target })).toMatchObject({ kind: "landed", tree: landing.tree });
    expect(await readDisposableState(directory, branch)).toEqual(before);
    expect(before).toMatchObject({ head: `refs/heads/main ${landing.base}`, remotes: 0 });
    await removeTree(directory);
    await expect(lstat(directory)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("readDisposableState", () => {
  it.each([
    ["another branch", "other_refs_sha256", ["branch", "other"]],
    ["a tag", "other_refs_sha256", ["tag", "v1"]],
    ["a branch that only begins like the landing's", "other_refs_sha256", ["branch", `${branch}-x`]],
    ["a moved HEAD", "head", ["symbolic-ref", "HEAD", "refs/heads/other"]],
    ["a remote", "remotes", ["remote", "add", "origin", "https://forge.invalid/x.git"]],
  ] as const)("sees %s", async (_, field, args) => {
    const landing = await createLanding();
    const directory = join(landing.folder, "repository.git");
    const source = await readRepository(landing.target.directory);
    await createDisposable({ source, commit: landing.base, directory });
    const before = await readDisposableState(directory, branch);
    await landing.target.git("--git-dir", directory, ...args);
    const after = await readDisposableState(directory, branch);
    expect(after).toEqual({ ...before, [field]: after[field] });
    expect(after[field]).not.toEqual(before[field]);
  });
});
