import { createHash } from "node:crypto";
import { access, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { applyPatch, checkOut, compareTrees, takeSnapshot, writePatch, writeResultTree } from "./index.ts";
import { createTestWorkspace, type TestWorkspace } from "./testing/test-workspace.ts";

let workspace: TestWorkspace;
beforeEach(async () => {
  workspace = await createTestWorkspace({ "a.txt": "1\n2\n3\n", "dir/b.txt": "b\n", "no-newline": "x" });
});
afterEach(() => workspace.remove());

const patchFile = () => join(workspace.scratch, "patch.diff");

async function writeResultPatch(maxBytes = 1e7) {
  const { baseline, checkout } = workspace;
  const snapshot = await takeSnapshot(checkout.directory);
  const result = await writeResultTree(baseline, checkout, { snapshot });
  if (result.kind !== "written") throw new Error(result.message);
  const request = { from: checkout.tree, to: result.tree, file: patchFile(), maxBytes };
  return { snapshot, tree: result.tree, request, written: await writePatch(baseline, request) };
}

const checkOutFresh = () => checkOut(workspace.baseline, join(workspace.scratch, "fresh"));

test("a patch carries every change exactly to a fresh checkout", async () => {
  const { directory } = workspace.checkout;
  await workspace.write("a.txt", "1\nzwei\r\n3");
  await workspace.write("binary", Buffer.from([0, 255, 1, 254, 10, 0]));
  await workspace.write("empty", "");
  await workspace.write("run.sh", "#!/bin/sh\n", 0o755);
  await workspace.write('odd "\n\\ name', "o\n");
  await workspace.write("-rf", "o\n");
  await workspace.run("sh", "-c", 'printf x > "$(printf "b\\377")"');
  await rm(join(directory, "dir"), { recursive: true });
  await symlink("a.txt", join(directory, "dir"));
  await workspace.write("no-newline", "y");
  const { snapshot, tree, written } = await writeResultPatch();
  const bytes = await readFile(patchFile());
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  expect(written).toEqual({ kind: "written", bytes: bytes.length, sha256 });
  const fresh = await checkOutFresh();
  const applied = await applyPatch(workspace.baseline, fresh, patchFile());
  expect(applied).toEqual({ kind: "applied", tree, checkout: { ...fresh, tree, index: expect.any(String) } });
  expect(compareTrees(snapshot, await takeSnapshot(fresh.directory))).toEqual([]);
});

test("the same trees give the same bytes, whatever attributes say", async () => {
  await workspace.write(".gitattributes", "* -diff -text diff=x\n");
  await workspace.write("a.txt", "1\n2\nthree\n");
  const { request, written } = await writeResultPatch();
  expect(await readFile(patchFile(), "utf8")).toContain("-3\n+three\n");
  await rm(patchFile());
  expect(await writePatch(workspace.baseline, request)).toEqual(written);
});

test("no change is an empty patch, which applies", async () => {
  const { tree, written } = await writeResultPatch();
  expect(written).toMatchObject({ kind: "written", bytes: 0 });
  const fresh = await checkOutFresh();
  expect(await applyPatch(workspace.baseline, fresh, patchFile())).toEqual({ kind: "applied", tree, checkout: fresh });
});

test("a patch that grows over the limit is not kept", async () => {
  await workspace.write("large", Buffer.alloc(3_000_000, "0123456789abcde\n"));
  expect((await writeResultPatch(1_000)).written).toEqual({ kind: "too-large", maxBytes: 1_000 });
  await expect(access(patchFile())).rejects.toMatchObject({ code: "ENOENT" });
});

test("does not write over a file", async () => {
  await writeFile(patchFile(), "mine");
  await expect(writeResultPatch()).rejects.toMatchObject({ code: "WORKSPACE_WRITE_FAILED" });
  expect(await readFile(patchFile(), "utf8")).toBe("mine");
});

const addFile = (path: string) =>
  `diff --git a/${path} b/${path}\nnew file mode 100644\nindex 0000000..ce01362\n--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+hello\n`;

const refused: readonly (readonly [name: string, patch: string])[] = [
  ["leaves the work tree", addFile("../outside")],
  ["names an absolute path", addFile("/tmp/cto-absolute")],
  ["goes into .git", addFile(".git/hooks/pre-commit")],
  ["goes into .GIT", addFile(".GIT/config")],
  [
    "goes through a link that it makes itself",
    `diff --git a/up b/up\nnew file mode 120000\n--- /dev/null\n+++ b/up\n@@ -0,0 +1 @@\n+..\n\\ No newline at end of file\n${addFile("up/outside")}`,
  ],
  ["does not fit", addFile("a.txt")],
  ["is no patch", "hello\n"],
  ["is broken", addFile("x").slice(0, -3)],
];

test.each(refused)("a patch that %s is not applicable and changes nothing", async (_name, patch) => {
  const fresh = await checkOutFresh();
  const before = await takeSnapshot(workspace.scratch);
  await writeFile(patchFile(), patch);
  const applied = await applyPatch(workspace.baseline, fresh, patchFile());
  expect(applied).toEqual({ kind: "not-applicable", message: expect.stringMatching(/\w/) });
  const after = await takeSnapshot(fresh.directory);
  expect(after.sha256).toBe((await takeSnapshot(join(workspace.scratch, "fresh"))).sha256);
  const outside = [...(await takeSnapshot(workspace.scratch)).byPath.keys()].filter((path) => !before.byPath.has(path));
  expect(outside.filter((path) => !path.startsWith("baseline/"))).toEqual(["patch.diff"]);
});

test("a patch never writes through a link that set-up left behind", async () => {
  const fresh = await checkOutFresh();
  await symlink(workspace.scratch, join(fresh.directory, "link"));
  await writeFile(patchFile(), addFile("link/outside"));
  expect(await applyPatch(workspace.baseline, fresh, patchFile())).toMatchObject({ kind: "not-applicable" });
  await workspace.write("../fresh/.gitignore", "link\n");
  await applyPatch(workspace.baseline, fresh, patchFile());
  expect(await readdir(workspace.scratch)).not.toContain("outside");
});

test("a patch does not write over a file that set-up left or changed", async () => {
  const fresh = await checkOutFresh();
  await writeFile(join(fresh.directory, "new"), "mine");
  await writeFile(patchFile(), addFile("new"));
  expect((await applyPatch(workspace.baseline, fresh, patchFile())).kind).toBe("not-applicable");
  expect(await readFile(join(fresh.directory, "new"), "utf8")).toBe("mine");
  await writeFile(join(fresh.directory, "a.txt"), "mine");
  await workspace.write("a.txt", "1\n");
  await rm(patchFile());
  await writeResultPatch();
  expect((await applyPatch(workspace.baseline, fresh, patchFile())).kind).toBe("not-applicable");
  expect(await readFile(join(fresh.directory, "a.txt"), "utf8")).toBe("mine");
});

test("a fresh checkout gets the conversions of the attributes that the patch itself brings", async () => {
  await workspace.write("a.txt", "1\r\n2\r\nthree\r\n");
  await workspace.write("z/.gitattributes", "*.txt text eol=crlf\n");
  await workspace.write("z/b.txt", "b\r\n");
  await workspace.write(".gitattributes", "*.txt text eol=crlf\n");
  await workspace.write("dir/b.txt", "b\r\nb\r\n");
  const { snapshot } = await writeResultPatch();
  const fresh = await checkOutFresh();
  expect((await applyPatch(workspace.baseline, fresh, patchFile())).kind).toBe("applied");
  expect(compareTrees(snapshot, await takeSnapshot(fresh.directory))).toEqual([]);
});

test("a patch that only brings attributes gives every file the bytes of a clone", async () => {
  const script = "#!/bin/sh\nexit 1\n";
  const other = await createTestWorkspace({ "check.sh": script, "sub/check.sh": script, "sub/same": "1\n" });
  const { baseline, checkout, scratch } = other;
  await other.write("sub/.gitattributes", "*.sh text eol=crlf\n");
  const snapshot = await takeSnapshot(checkout.directory);
  const result = await writeResultTree(baseline, checkout, { snapshot });
  if (result.kind !== "written") throw new Error(result.message);
  const file = join(scratch, "patch.diff");
  await writePatch(baseline, { from: checkout.tree, to: result.tree, file, maxBytes: 1e6 });
  const fresh = await checkOut(baseline, join(scratch, "fresh"));
  await writeFile(join(fresh.directory, "made-by-set-up"), "x");
  const applied = await applyPatch(baseline, fresh, file);
  if (applied.kind !== "applied") throw new Error(applied.message);
  expect(await readFile(join(fresh.directory, "sub/check.sh"), "utf8")).toBe("#!/bin/sh\r\nexit 1\r\n");
  const after = await takeSnapshot(fresh.directory);
  expect(compareTrees(snapshot, after).map(({ path, change }) => `${change} ${path}`)).toEqual([
    "added made-by-set-up",
    "modified sub/check.sh",
  ]);
  expect(await writeResultTree(baseline, applied.checkout, { snapshot: after })).toMatchObject({
    changes: [{ path: "made-by-set-up" }],
  });
  await other.remove();
});

test("a patch that takes attributes away gives every file the bytes of a clone", async () => {
  const other = await createTestWorkspace({ "a.txt": "1\n", ".gitattributes": "*.txt text eol=crlf\n" });
  const { baseline, checkout, scratch } = other;
  await rm(join(checkout.directory, ".gitattributes"));
  const snapshot = await takeSnapshot(checkout.directory);
  const result = await writeResultTree(baseline, checkout, { snapshot });
  if (result.kind !== "written") throw new Error(result.message);
  const file = join(scratch, "patch.diff");
  await writePatch(baseline, { from: checkout.tree, to: result.tree, file, maxBytes: 1e6 });
  const fresh = await checkOut(baseline, join(scratch, "fresh"));
  expect(await readFile(join(fresh.directory, "a.txt"), "utf8")).toBe("1\r\n");
  expect((await applyPatch(baseline, fresh, file)).kind).toBe("applied");
  expect(await readFile(join(fresh.directory, "a.txt"), "utf8")).toBe("1\n");
  await other.remove();
});

test("bytes that attributes hide from a patch show when the trees are compared", async () => {
  await workspace.write(".gitattributes", "*.txt text\n");
  await workspace.write("a.txt", "1\r\n2\r\n3\r\n");
  const { snapshot } = await writeResultPatch();
  expect(await readFile(patchFile(), "utf8")).not.toContain("a.txt");
  const fresh = await checkOutFresh();
  await applyPatch(workspace.baseline, fresh, patchFile());
  const differences = compareTrees(snapshot, await takeSnapshot(fresh.directory));
  expect(differences.map(({ path, change }) => `${change} ${path}`)).toEqual(["modified a.txt"]);
});

test("throws where there is no patch file", async () => {
  const fresh = await checkOutFresh();
  await expect(applyPatch(workspace.baseline, fresh, patchFile())).rejects.toMatchObject({
    code: "WORKSPACE_UNREADABLE",
  });
});
