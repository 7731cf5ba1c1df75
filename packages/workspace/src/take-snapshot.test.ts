import { createHash } from "node:crypto";
import { chmod, link, mkdir, open, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runProcess } from "@cto/exec";
import { createTestDirectory, type TestDirectory } from "@cto/git-state/testing";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compareSnapshots, compareTrees, type DiskChange, takeSnapshot } from "./index.ts";

let scratch: TestDirectory;
let root: string;
beforeEach(async () => {
  scratch = await createTestDirectory();
  root = join(scratch.path, "root");
  await mkdir(root);
});
afterEach(() => scratch.remove());

const sha256 = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");
const brief = (changes: readonly DiskChange[]) => changes.map(({ path, change }) => `${change} ${path}`);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function makeFifo(path: string): Promise<void> {
  const env = { PATH: "/usr/bin:/bin" };
  await runProcess({ argv: ["mkfifo", path], cwd: root, env, timeoutMs: 10_000, graceMs: 100 });
}

test("lists every kind of entry with its facts, and follows no link", async () => {
  await mkdir(join(root, ".git"));
  await writeFile(join(root, ".git/config"), "c");
  await writeFile(join(root, "file"), "hello", { mode: 0o640 });
  await chmod(join(root, "file"), 0o4750);
  await symlink("/", join(root, "to-root"));
  await makeFifo(join(root, "fifo"));
  const snapshot = await takeSnapshot(root);
  const facts = [...snapshot.byPath.values()].map(({ path, kind, size, nlink, sha256: digest, symlinkTarget }) => ({
    path,
    kind,
    size,
    nlink,
    digest,
    symlinkTarget,
  }));
  expect(facts).toEqual([
    { path: ".git", kind: "directory", size: 0, nlink: 1, digest: null, symlinkTarget: null },
    { path: "fifo", kind: "other", size: 0, nlink: 1, digest: null, symlinkTarget: null },
    { path: "file", kind: "file", size: 5, nlink: 1, digest: sha256("hello"), symlinkTarget: null },
    { path: "to-root", kind: "symlink", size: 1, nlink: 1, digest: sha256("/"), symlinkTarget: "/" },
    { path: ".git/config", kind: "file", size: 1, nlink: 1, digest: sha256("c"), symlinkTarget: null },
  ]);
  expect(snapshot.byPath.get("file")?.mode).toBe(0o4750);
  expect(snapshot.entries).toBe(5);
  expect((await takeSnapshot(root, { skipGit: true })).entries).toBe(3);
});

test("keeps names exact: newline, quote, leading dash, invalid UTF-8, case twins, 255 bytes, deep", async () => {
  const deep = Array.from({ length: 40 }, () => "d".repeat(50)).join("/");
  await mkdir(join(root, deep), { recursive: true });
  const names: readonly (readonly [string | Buffer, string])[] = [
    ["new\nline", '"new\\nline"'],
    ['quo"te', '"quo\\"te"'],
    ["-rf", "-rf"],
    [Buffer.from([0x62, 0xff]), '"b\\377"'],
    [".GIT", ".GIT"],
    ["Grüße", "Grüße"],
    ["x".repeat(255), "x".repeat(255)],
    [`${deep}/f`, `${deep}/f`],
  ];
  for (const [name] of names) await writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name)]), "");
  const files = [...(await takeSnapshot(root)).byPath.values()].filter((entry) => entry.kind === "file");
  expect(files.map((entry) => entry.path).sort()).toEqual(names.map(([, text]) => text).sort());
});

test("the digest tells contents, names, kinds and modes, and nothing of times and inodes", async () => {
  const build = async (name: string): Promise<string> => {
    const directory = join(scratch.path, name);
    await mkdir(join(directory, "sub"), { recursive: true });
    await writeFile(join(directory, "sub/a"), "1");
    await symlink("a", join(directory, "sub/l"));
    return directory;
  };
  const one = await build("one");
  await wait(20);
  const two = await build("two");
  const digest = async (directory: string) => (await takeSnapshot(directory)).sha256;
  const original = await digest(one);
  expect(await digest(two)).toBe(original);
  await chmod(join(two, "sub/a"), 0o755);
  const afterMode = await digest(two);
  await writeFile(join(two, "sub/a"), "2");
  const afterContent = await digest(two);
  await rm(join(two, "sub/l"));
  await writeFile(join(two, "sub/l"), "a");
  expect(new Set([original, afterMode, afterContent, await digest(two)]).size).toBe(4);
});

test("with a previous snapshot, a changed file is seen though size and mtime are put back", async () => {
  const file = join(root, "file");
  await writeFile(file, "aaaa");
  await utimes(file, 1_000, 1_000);
  await wait(60);
  const before = await takeSnapshot(root);
  await writeFile(file, "bbbb");
  await utimes(file, 1_000, 1_000);
  const after = await takeSnapshot(root, { previous: before });
  expect(brief(compareSnapshots(before, after))).toEqual(["modified file"]);
  expect(after.byPath.get("file")?.sha256).toBe(sha256("bbbb"));
});

test("with a previous snapshot, an unchanged file keeps its digest unread; a fresh one is read again", async () => {
  await writeFile(join(root, "file"), "aaaa");
  const racy = await takeSnapshot(root);
  await wait(60);
  const settled = await takeSnapshot(root);
  const forge = (snapshot: typeof settled) => {
    const entry = snapshot.byPath.get("file");
    if (entry === undefined) throw new Error("no entry");
    return { ...snapshot, byPath: new Map([["file", { ...entry, sha256: "forged" }]]) };
  };
  const reread = await takeSnapshot(root, { previous: forge(racy) });
  expect(reread.byPath.get("file")?.sha256).toBe(sha256("aaaa"));
  const kept = await takeSnapshot(root, { previous: forge(settled) });
  expect(kept.byPath.get("file")?.sha256).toBe("forged");
});

test("hashes a file of 200 MB without holding it", async () => {
  const handle = await open(join(root, "large"), "w");
  await handle.truncate(200_000_000);
  await handle.close();
  const peakBefore = process.resourceUsage().maxRSS;
  const snapshot = await takeSnapshot(root);
  expect(process.resourceUsage().maxRSS - peakBefore).toBeLessThan(100_000);
  const zeros = createHash("sha256");
  for (let at = 0; at < 200; at += 1) zeros.update(Buffer.alloc(1_000_000));
  expect(snapshot.byPath.get("large")?.sha256).toBe(zeros.digest("hex"));
});

test("throws WORKSPACE_UNREADABLE for a root that is not there", async () => {
  await expect(takeSnapshot(join(root, "missing"))).rejects.toMatchObject({ code: "WORKSPACE_UNREADABLE" });
});

test("compares added, deleted, modified, type-changed, mode-changed and linked entries", async () => {
  for (const name of ["deleted", "modified", "typed", "mode", "linked", "same"]) await writeFile(join(root, name), "1");
  const before = await takeSnapshot(root);
  await rm(join(root, "deleted"));
  await writeFile(join(root, "modified"), "2");
  await rm(join(root, "typed"));
  await mkdir(join(root, "typed"));
  await chmod(join(root, "mode"), 0o755);
  await link(join(root, "linked"), join(root, "twin"));
  await writeFile(join(root, "same"), "1");
  const changes = compareSnapshots(before, await takeSnapshot(root));
  expect(brief(changes)).toEqual([
    "deleted deleted",
    "modified linked",
    "mode-changed mode",
    "modified modified",
    "added twin",
    "type-changed typed",
  ]);
  expect(changes.find(({ path }) => path === "twin")).toMatchObject({ before: null, after: { nlink: 2 } });
});

test("compares trees by bytes, kinds and the executable bit alone, and leaves out what it is told to", async () => {
  const other = join(scratch.path, "other");
  for (const directory of [root, other]) {
    await mkdir(join(directory, ".git"), { recursive: true });
    await mkdir(join(directory, "out"), { recursive: true });
    await writeFile(join(directory, ".git/index"), directory);
    await writeFile(join(directory, "out/new\nline"), directory);
    await writeFile(join(directory, "a"), "1", { mode: directory === root ? 0o600 : 0o644 });
    await writeFile(join(directory, "run"), "1");
  }
  await mkdir(join(other, "empty"));
  const compare = async (except: readonly string[]) =>
    brief(compareTrees(await takeSnapshot(root), await takeSnapshot(other), { except }));
  expect(await compare([])).toEqual(['modified "out/new\\nline"']);
  expect(await compare(["out"])).toEqual([]);
  expect(await compare(["ou", '"out/new\\nline'])).toEqual(['modified "out/new\\nline"']);
  await chmod(join(other, "run"), 0o755);
  await writeFile(join(other, "more"), "");
  expect(await compare(["out"])).toEqual(["added more", "mode-changed run"]);
});

test("for any set of changes, a snapshot with a previous one equals a snapshot without", async () => {
  const names = ["a", "b", "c", "d/e"];
  const step = fc.record({
    name: fc.constantFrom(...names),
    content: fc.constantFrom("1", "2", "33"),
    mtime: fc.constantFrom(1, 2),
  });
  await mkdir(join(root, "d"));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 6 }), fc.array(step, { maxLength: 6 }), async (first, second) => {
      const apply = async (steps: typeof first) => {
        for (const { name, content, mtime } of steps) {
          await writeFile(join(root, name), content);
          await utimes(join(root, name), mtime, mtime);
        }
      };
      await apply(first);
      const previous = await takeSnapshot(root);
      await apply(second);
      expect((await takeSnapshot(root, { previous })).sha256).toBe((await takeSnapshot(root)).sha256);
    }),
    { numRuns: 60 },
  );
});
