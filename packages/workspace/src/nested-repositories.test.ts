import { mkdir, rename, rm, rmdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runProcess } from "@cto/exec";
import { createTestDirectory, createTestRepository, type TestDirectory } from "@cto/git-state/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  applyPatch,
  type Baseline,
  type Checkout,
  checkOut,
  createBaseline,
  takeSnapshot,
  writePatch,
  writeResultTree,
} from "./index.ts";

let scratch: TestDirectory;
let baseline: Baseline;
let checkout: Checkout;
/** Whoever opens it for reading waits: it stands for `/dev/zero`, which would cost all memory if this test failed. */
let endless: string;
beforeEach(async () => {
  scratch = await createTestDirectory();
  const target = await createTestRepository({ files: { "a.txt": "1\n", "src/b.txt": "1\n", ".gitignore": "out/\n" } });
  await target.git("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},vendor`);
  await target.git("commit", "-qm", "with a submodule");
  baseline = await createBaseline({ kind: "repository", from: target.directory }, join(scratch.path, "baseline"));
  await target.remove();
  checkout = await checkOut(baseline, join(scratch.path, "workspace"));
  endless = join(scratch.path, "endless");
  const env = { PATH: "/usr/bin:/bin" };
  await runProcess({ argv: ["mkfifo", endless], cwd: scratch.path, env, timeoutMs: 10_000, graceMs: 100 });
});
afterEach(() => scratch.remove());

async function write(path: string, content = ""): Promise<void> {
  await mkdir(dirname(join(checkout.directory, path)), { recursive: true });
  await writeFile(join(checkout.directory, path), content);
}

async function linkEndless(path: string): Promise<void> {
  await mkdir(dirname(join(checkout.directory, path)), { recursive: true });
  await symlink(endless, join(checkout.directory, path));
}

/** A repository that git takes for one, with nothing in it. */
async function makeRepository(folder: string): Promise<void> {
  for (const name of ["objects", "refs/heads"]) {
    await mkdir(join(checkout.directory, folder, ".git", name), { recursive: true });
  }
  await write(`${folder}/.git/HEAD`, "ref: refs/heads/main\n");
}

async function writeResult(from: Checkout = checkout) {
  const snapshot = await takeSnapshot(from.directory);
  const result = await writeResultTree(baseline, from, { snapshot, signal: AbortSignal.timeout(10_000) });
  if (result.kind !== "written") throw new Error(result.message);
  const changes = result.changes.map(({ path, change, submodule }) => `${change} ${path}${submodule ? " (sub)" : ""}`);
  return { ...result, changes };
}

test("an untouched checkout with a submodule shows no change", async () => {
  expect(await writeResult()).toMatchObject({ tree: baseline.tree, changes: [], leftOut: [] });
});

test.each(["refs/heads/main", "commondir", "config", "packed-refs"])(
  "git does not read an endless %s in the folder of a submodule",
  async (name) => {
    await makeRepository("vendor");
    await linkEndless(`vendor/.git/${name}`);
    await write("vendor/new.txt");
    await write("a.txt", "2\n");
    const result = await writeResult();
    expect(result.changes).toEqual(["modified a.txt"]);
    expect(result.leftOut).toEqual(["vendor", "vendor/.git"]);
  },
);

test.each(["refs/heads/main", "commondir", "config", "packed-refs"])(
  "git does not read an endless %s in a nested repository, ignored or not",
  async (name) => {
    for (const folder of ["nested", "src/deep", "out/made"]) {
      await makeRepository(folder);
      await linkEndless(`${folder}/.git/${name}`);
      await write(`${folder}/new.txt`);
    }
    await write("a.txt", "2\n");
    const result = await writeResult();
    expect(result.changes).toEqual(["modified a.txt"]);
    expect(result.leftOut).toEqual(["nested", "nested/.git", "out/made/.git", "src/deep", "src/deep/.git"]);
    expect(result.ignored).toEqual([]);
  },
);

test("git does not read an endless .git of a nested folder, nor one below a tracked folder", async () => {
  await linkEndless("nested/.git");
  await makeRepository("src");
  await linkEndless("src/.git/commondir");
  await write("src/new.txt");
  const result = await writeResult();
  expect(result.changes).toEqual(["added src/new.txt"]);
  expect(result.leftOut).toEqual(["nested", "nested/.git", "src/.git"]);
});

test("what was written before is still not looked into: later results keep their distance from submodules", async () => {
  await write("set-up.txt");
  const settled = await writeResult();
  await makeRepository("vendor");
  await linkEndless("vendor/.git/refs/heads/main");
  await write("a.txt", "2\n");
  expect((await writeResult(settled.checkout)).changes).toEqual(["modified a.txt"]);
});

async function applyToFresh(tree: string): Promise<Checkout> {
  const file = join(scratch.path, "patch.diff");
  await writePatch(baseline, { from: checkout.tree, to: tree, file, maxBytes: 1e6 });
  const fresh = await checkOut(baseline, join(scratch.path, "fresh"));
  const applied = await applyPatch(baseline, fresh, file);
  if (applied.kind !== "applied") throw new Error(applied.message);
  expect(applied.tree).toBe(tree);
  return applied.checkout;
}

test.each(["a.txt", ".gitattributes"])("nor does git look into submodules after a patch of %s", async (path) => {
  await write(path, "2\n");
  checkout = await applyToFresh((await writeResult()).tree);
  await makeRepository("vendor");
  await linkEndless("vendor/.git/refs/heads/main");
  expect((await writeResult()).changes).toEqual([]);
});

test("a submodule that is removed, or replaced by a file or a link, is a change", async () => {
  const vendor = join(checkout.directory, "vendor");
  await rmdir(vendor);
  const removed = await writeResult();
  expect(removed.changes).toEqual(["deleted vendor (sub)"]);
  await applyToFresh(removed.tree);
  await write("vendor", "1\n");
  expect((await writeResult()).changes).toEqual(["type-changed vendor (sub)"]);
  await rm(vendor);
  await symlink("src", vendor);
  expect((await writeResult()).changes).toEqual(["type-changed vendor (sub)"]);
});

test("a submodule that is moved away shows as removed, its new place as left out", async () => {
  await makeRepository("vendor");
  await rename(join(checkout.directory, "vendor"), join(checkout.directory, "elsewhere"));
  const result = await writeResult();
  expect(result.changes).toEqual(["deleted vendor (sub)"]);
  expect(result.leftOut).toEqual(["elsewhere", "elsewhere/.git"]);
});

test("ignore rules are asked about names of any kind", async () => {
  await write(".gitignore", "*.o\n!keep.o\n");
  await write("deep/.gitignore", "x\n");
  const ignored = ["-f.o", ":(top)a.o", "new\nline.o", "*.o", "ä.o", "dir/back\\slash.o", "deep/x", "deep/er/x"];
  const kept = ["keep.o", "x", "[a].c", ":!b"];
  for (const path of [...ignored, ...kept]) await write(path);
  await symlink("nowhere", join(checkout.directory, "link.o"));
  const result = await writeResult();
  expect(result.changes).toEqual([
    "modified .gitignore",
    "added :!b",
    "added [a].c",
    "added deep/.gitignore",
    "added keep.o",
    "added x",
  ]);
  expect(result.ignored).toEqual(
    [...ignored, "link.o"].map((name) => (/[\n\\]/.test(name) ? JSON.stringify(name) : name)).sort(),
  );
});

test.each([".gitignore", "src/.gitattributes", "new/.gitignore"])(
  "answers a huge %s instead of reading it",
  async (path) => {
    await write(path, "x\n".repeat(600_000));
    const snapshot = await takeSnapshot(checkout.directory);
    expect(await writeResultTree(baseline, checkout, { snapshot })).toEqual({
      kind: "unreadable",
      message: `${path} has 1200000 bytes, and git would read them all`,
    });
  },
);
