import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runGit } from "@cto/git-state";
import {
  createTestDirectory,
  createTestRepository,
  type TestDirectory,
  type TestRepository,
} from "@cto/git-state/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkOut, createBaseline } from "./index.ts";
import { createTestWorkspace } from "./testing/test-workspace.ts";

let scratch: TestDirectory;
beforeEach(async () => {
  scratch = await createTestDirectory();
});
afterEach(() => scratch.remove());

async function git(gitDir: string, ...args: readonly [string, ...string[]]): Promise<string> {
  const { stdout } = await runGit({ args, place: { kind: "repository", gitDir } });
  return Buffer.from(stdout).toString();
}

async function makeFixture(files: Readonly<Record<string, string>>, name = "fixture"): Promise<string> {
  const root = join(scratch.path, name);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

const fromFixture = (from: string, name = "baseline") =>
  createBaseline({ kind: "fixture", from }, join(scratch.path, name));

test("a fixture gives the same commit id everywhere, with ignored files, modes and links", async () => {
  const from = await makeFixture({
    "src/a.js": "a\n",
    ".gitignore": "out/\n",
    "out/kept": "k\n",
    'odd "\n name': "o\n",
  });
  await writeFile(join(from, "run.sh"), "#!/bin/sh\n", { mode: 0o755 });
  await symlink("src/a.js", join(from, "link"));
  const baseline = await fromFixture(from);
  expect(baseline).toEqual({
    gitDir: join(scratch.path, "baseline"),
    commit: "3bc781f943518b6f886b7bc588254c7ad486e8ad",
    tree: "cdcf4cd5faf1a199d3c470deb82963f46703aa4a",
    objectFormat: "sha1",
    shallow: false,
    submodules: [],
  });
  expect(
    (await git(baseline.gitDir, "ls-tree", "-r", "main")).split("\n").map((line) => line.replace(/ \w+ \w+/, "")),
  ).toEqual([
    "100644\t.gitignore",
    "120000\tlink",
    '100644\t"odd \\"\\n name"',
    "100644\tout/kept",
    "100755\trun.sh",
    "100644\tsrc/a.js",
    "",
  ]);
  expect(await git(baseline.gitDir, "for-each-ref", "--format=%(refname)")).toBe("refs/heads/main\n");
  expect(await git(baseline.gitDir, "fsck", "--strict")).toBe("");
});

test("a fixture keeps names that are not UTF-8", async () => {
  const from = await makeFixture({ a: "1\n" });
  await writeFile(Buffer.concat([Buffer.from(`${from}/bad-`), Buffer.from([0xff, 0xfe])]), "b\n");
  const baseline = await fromFixture(from);
  expect(await git(baseline.gitDir, "ls-tree", "-r", "--name-only", "main")).toBe('a\n"bad-\\377\\376"\n');
});

test("refuses a fixture that is missing or a file", async () => {
  const from = await makeFixture({ a: "1\n" });
  await expect(fromFixture(join(from, "missing"))).rejects.toMatchObject({ code: "WORKSPACE_FIXTURE_MISSING" });
  await expect(fromFixture(join(from, "a"), "b2")).rejects.toMatchObject({ code: "WORKSPACE_FIXTURE_MISSING" });
});

test("an empty fixture is an empty tree", async () => {
  await mkdir(join(scratch.path, "empty"));
  const baseline = await fromFixture(join(scratch.path, "empty"));
  expect(baseline.tree).toBe("4b825dc642cb6eb9a060e54bf8d69288fbee4904");
  const checkout = await checkOut(baseline, join(scratch.path, "checkout"));
  expect(await readdir(checkout.directory)).toEqual([".git"]);
});

test.each([
  "/etc/passwd",
  "/etc/new\nline",
  "../new\nline",
  "../outside",
  "dir/../../outside",
  "dir/up/../fixture-twin",
])("refuses a fixture with a link to %j", async (target) => {
  const from = await makeFixture({ "dir/a": "1\n" });
  await makeFixture({ a: "1\n" }, "fixture-twin");
  await symlink("../..", join(from, "dir/up")).catch(() => undefined);
  await symlink(target, join(from, "link"));
  await expect(fromFixture(from)).rejects.toMatchObject({ code: "WORKSPACE_FIXTURE_INVALID" });
});

test.each([".git/HEAD", "deep/.GIT/config", "deep/.git"])("refuses a fixture that holds %s", async (path) => {
  const from = await makeFixture({ a: "1\n", [path]: "x" });
  await expect(fromFixture(from)).rejects.toMatchObject({ code: "WORKSPACE_FIXTURE_INVALID" });
});

test("refuses a directory that holds something", async () => {
  const from = await makeFixture({ a: "1\n" });
  await expect(fromFixture(from, "fixture")).rejects.toMatchObject({ code: "WORKSPACE_DIRECTORY_IN_USE" });
  await expect(fromFixture(from, "fixture/a")).rejects.toMatchObject({ code: "WORKSPACE_DIRECTORY_IN_USE" });
});

let target: TestRepository;
async function makeTarget(): Promise<void> {
  target = await createTestRepository({ directory: join(scratch.path, "target"), files: { "a.txt": "1\n" } });
  await target.write("dir/b.txt", "2\n");
  await target.commitAll("Second");
}

const fromTarget = (from = target.directory, options: { ref?: string } = {}) =>
  createBaseline({ kind: "repository", from, ...options }, join(scratch.path, "baseline"));

const idOf = async (name: string) => (await target.git("rev-parse", name)).trim();

test("a repository gives its own commit with its history, and nothing else of it", async () => {
  await makeTarget();
  await target.git("remote", "add", "origin", "https://example.invalid/x.git");
  await target.git("tag", "v1");
  await target.git("checkout", "-q", "-b", "secret");
  await target.write("secret.txt", "not reachable from main\n");
  const secret = await target.commitAll();
  await target.git("checkout", "-q", "main");
  const baseline = await fromTarget();
  expect(baseline).toEqual({
    gitDir: join(scratch.path, "baseline"),
    commit: await idOf("main"),
    tree: await idOf("main^{tree}"),
    objectFormat: "sha1",
    shallow: false,
    submodules: [],
  });
  expect(await git(baseline.gitDir, "log", "--format=%s", "main")).toBe("Second\nFirst\n");
  expect(await git(baseline.gitDir, "for-each-ref", "--format=%(refname)")).toBe("refs/heads/main\n");
  expect(await git(baseline.gitDir, "remote")).toBe("");
  expect(await readdir(baseline.gitDir)).not.toContain("hooks");
  await expect(git(baseline.gitDir, "cat-file", "-e", secret)).rejects.toMatchObject({ code: "GIT_FAILED" });
  expect(await git(baseline.gitDir, "fsck", "--strict")).toBe("");
  await target.remove();
});

test("takes a bare repository at another ref", async () => {
  await makeTarget();
  const bare = join(scratch.path, "bare.git");
  await target.git("clone", "-q", "--bare", ".", bare);
  expect(await fromTarget(bare, { ref: "main~1" })).toMatchObject({ commit: await idOf("HEAD~1") });
  await target.remove();
});

test("takes a shallow repository, a linked work tree and one that borrows objects", async () => {
  await makeTarget();
  const commit = await idOf("HEAD");
  const make = async (from: string, name: string) => {
    const baseline = await createBaseline({ kind: "repository", from }, join(scratch.path, name));
    expect(baseline).toMatchObject({ commit, shallow: name === "of-shallow" });
    expect(await git(baseline.gitDir, "fsck", "--strict")).toBe("");
    const checkout = await checkOut(baseline, join(scratch.path, `${name}-checkout`));
    const own = await runGit({ args: ["fsck", "--strict"], place: { kind: "directory", path: checkout.directory } });
    expect(own.exitCode).toBe(0);
    expect(await readFile(join(checkout.directory, "dir/b.txt"), "utf8")).toBe("2\n");
  };
  const paths = {
    shallow: join(scratch.path, "s"),
    linked: join(scratch.path, "l"),
    borrower: join(scratch.path, "b"),
  };
  await target.git("clone", "-q", "--depth=1", `file://${target.directory}`, paths.shallow);
  await target.git("worktree", "add", "-q", "--detach", paths.linked);
  await target.git("clone", "-q", "--shared", ".", paths.borrower);
  await make(paths.shallow, "of-shallow");
  await make(paths.linked, "of-linked");
  await make(paths.borrower, "of-borrower");
  await target.remove();
});

test("takes a repository with sha256 ids", async () => {
  target = await createTestRepository({ objectFormat: "sha256", files: { a: "1\n" } });
  const baseline = await fromTarget();
  expect(baseline).toMatchObject({ commit: await idOf("HEAD"), objectFormat: "sha256" });
  expect(await git(baseline.gitDir, "fsck", "--strict")).toBe("");
  await target.remove();
});

test("records submodules and leaves them empty", async () => {
  await makeTarget();
  const inner = await createTestRepository({ files: { i: "1\n" } });
  await target.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.directory, "sub");
  await target.commitAll();
  const baseline = await fromTarget();
  expect(baseline.submodules).toEqual(["sub"]);
  const checkout = await checkOut(baseline, join(scratch.path, "checkout"));
  expect(await readdir(join(checkout.directory, "sub"))).toEqual([]);
  await inner.remove();
  await target.remove();
});

test("says so where objects of the history are missing", async () => {
  await makeTarget();
  const partial = join(scratch.path, "partial");
  await target.git("config", "uploadpack.allowFilter", "true");
  await target.git("clone", "-q", "--no-checkout", "--filter=blob:none", `file://${target.directory}`, partial);
  await expect(fromTarget(partial)).rejects.toMatchObject({ code: "WORKSPACE_OBJECTS_MISSING" });
  await target.remove();
});

test("the same fixture gives the same commit twice", async () => {
  const one = await createTestWorkspace({ a: "1\n" });
  const two = await createTestWorkspace({ a: "1\n" });
  expect(one.baseline.commit).toBe(two.baseline.commit);
  await one.remove();
  await two.remove();
});
