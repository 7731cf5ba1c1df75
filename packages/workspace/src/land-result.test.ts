import { rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readRepository } from "@cto/git-state";
import { afterEach, describe, expect, it } from "vitest";
import { toLandingCommitId } from "./index.ts";
import {
  branch,
  createTestLanding,
  digestDirectory,
  isLandingsOwn,
  type TestLanding,
  writeRaw,
} from "./testing/test-landing.ts";

const made: { remove(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(made.splice(0).map((one) => one.remove()));
});

async function createLanding(options: Partial<Parameters<typeof createTestLanding>[0]> = {}): Promise<TestLanding> {
  const landing = await createTestLanding({ change: (copy) => copy.write("a.txt", "new\n"), ...options });
  made.push(landing);
  return landing;
}

const digestRest = (landing: TestLanding) => digestDirectory(landing.target.directory, isLandingsOwn);

/** All refs, reflogs included by name, and the files of the object store. */
async function listRefs({ target }: TestLanding): Promise<readonly string[]> {
  return (await target.git("for-each-ref", "--format=%(refname) %(objectname)")).trimEnd().split("\n");
}

describe("landResult", () => {
  it("makes one commit on a new branch and changes nothing else, not even a reflog", async () => {
    const landing = await createLanding();
    const { base, target, tree } = landing;
    const before = await digestRest(landing);
    const commit = toLandingCommitId(
      { tree, parent: base, message: "Change\n\nCto-Run: run-1", at: new Date("2026-11-20T06:01:02Z") },
      "sha1",
    );
    expect(await landing.land()).toEqual({ kind: "landed", commit, tree });
    expect(await listRefs(landing)).toEqual([`refs/heads/${branch} ${commit}`, `refs/heads/main ${base}`]);
    expect(await digestRest(landing)).toBe(before);
    expect(await target.git("cat-file", "commit", branch)).toBe(
      `tree ${tree}\nparent ${base}\nauthor cto <cto@cto.invalid> 1795154462 +0000\ncommitter cto <cto@cto.invalid> 1795154462 +0000\n\nChange\n\nCto-Run: run-1\n`,
    );
    expect(await target.git("interpret-trailers", "--parse", "--no-divider", await messageFile(landing))).toBe(
      "Cto-Run: run-1\n",
    );
    expect(await target.git("fsck", "--strict", "--no-dangling")).toBe("");
    expect(await target.git("show", `${branch}:a.txt`)).toBe("new\n");
  });

  it("is already done the second time, whatever HEAD is by then", async () => {
    const landing = await createLanding();
    const first = await landing.land();
    await landing.target.commitAll("The owner goes on");
    const second = await landing.land();
    expect([first.kind, second]).toEqual([
      "landed",
      { kind: "already", commit: first.kind === "landed" ? first.commit : "" },
    ]);
  });

  it("gives the same commit in another clone", async () => {
    const [one, two] = [await createLanding(), await createLanding()];
    expect(await one.land()).toEqual(await two.land());
  });

  it("tells a moved HEAD, and writes nothing", async () => {
    const landing = await createLanding();
    const head = await landing.target.commitAll("The owner was faster");
    const before = await digestDirectory(landing.target.directory);
    expect(await landing.land()).toEqual({ kind: "target-moved", head });
    expect(await digestDirectory(landing.target.directory)).toBe(before);
  });

  it("tells a HEAD on a branch without a commit", async () => {
    const landing = await createLanding();
    const target = await readRepository(landing.target.directory);
    await landing.target.git("checkout", "-q", "--orphan", "empty");
    expect(await landing.land({ target })).toEqual({ kind: "target-moved", head: null });
  });

  it("does not move a branch of that name", async () => {
    const landing = await createLanding();
    const { base, target } = landing;
    await target.git("branch", branch);
    const before = await digestDirectory(target.directory);
    expect(await landing.land()).toEqual({
      kind: "refused",
      message: `the branch ${branch} is there already, at ${base.slice(0, 12)}`,
    });
    expect(await digestDirectory(target.directory)).toBe(before);
  });

  it.each([
    [
      "a branch named cto is in the way",
      async (landing: TestLanding) => void (await landing.target.git("branch", "cto")),
    ],
    [
      "somebody holds the lock on HEAD",
      async (landing: TestLanding) => writeFile(join(landing.target.directory, ".git/HEAD.lock"), ""),
    ],
  ])("creates no ref when %s", async (_, prepare) => {
    const landing = await createLanding();
    await prepare(landing);
    const refs = await listRefs(landing);
    expect(await landing.land()).toEqual({
      kind: "refused",
      message: expect.stringMatching(/^the branch cannot be created: ./),
    });
    expect(await listRefs(landing)).toEqual(refs);
  });

  it("creates its own branch and no other if a dangling symbolic ref is in the way", async () => {
    const landing = await createLanding();
    const { base, target } = landing;
    await target.git("symbolic-ref", `refs/heads/${branch}`, "refs/heads/elsewhere");
    const landed = await landing.land();
    const commit = landed.kind === "landed" ? landed.commit : landed.kind;
    expect(await listRefs(landing)).toEqual([`refs/heads/${branch} ${commit}`, `refs/heads/main ${base}`]);
  });

  it("writes nothing into the target unless the tree is the one that was verified", async () => {
    const landing = await createLanding();
    const before = await digestDirectory(landing.target.directory);
    const expectedTree = "1".repeat(40);
    expect(await landing.land({ expectedTree })).toEqual({
      kind: "refused",
      message: `the patch gives the tree ${landing.tree.slice(0, 12)}, and 111111111111 was verified`,
    });
    expect(await digestDirectory(landing.target.directory)).toBe(before);
  });

  it.each([
    ["does not fit", "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-other\n+new\n"],
    ["is no patch", "hello\n"],
    ["leaves the work tree", "--- /dev/null\n+++ b/../outside\n@@ -0,0 +1 @@\n+x\n"],
    ["writes into .git", "--- /dev/null\n+++ b/.git/hooks/post-checkout\n@@ -0,0 +1 @@\n+x\n"],
  ])("refuses a patch that %s", async (_, text) => {
    const landing = await createLanding();
    await writeFile(landing.patchFile, text);
    const before = await digestDirectory(landing.target.directory);
    expect(await landing.land()).toEqual({
      kind: "refused",
      message: expect.stringMatching(/^the patch does not apply to the base: ./),
    });
    expect(await digestDirectory(landing.target.directory)).toBe(before);
  });

  it("needs a patch file", async () => {
    const landing = await createLanding();
    await rm(landing.patchFile);
    await expect(landing.land()).rejects.toMatchObject({ code: "WORKSPACE_UNREADABLE" });
  });

  it("lands an empty change as a commit of the same tree", async () => {
    const landing = await createLanding({ change: async () => {} });
    expect(await landing.land()).toMatchObject({ kind: "landed", tree: landing.tree });
    expect(await landing.target.git("diff", "HEAD", branch)).toBe("");
  });

  it("lands binary files, moved files, modes, links and names that are not UTF-8", async () => {
    const landing = await createLanding({
      files: { "a.txt": "one\ntwo\nthree\n", "bin.dat": Uint8Array.from([0, 1, 2, 255]), "run.sh": "echo\n" },
      async change(copy) {
        await copy.git("mv", "a.txt", "moved.txt");
        await copy.write(
          "bin.dat",
          Uint8Array.from({ length: 5000 }, (_, index) => (index * 7) % 256),
        );
        await copy.write("run.sh", "echo\n", 0o755);
        await copy.write('odd "name"\n.txt', "x\n");
        await writeRaw(copy.directory, Uint8Array.from([0x66, 0xff, 0xfe]), "bytes\n");
        await symlink("moved.txt", join(copy.directory, "link"));
      },
    });
    expect(await landing.land()).toMatchObject({ kind: "landed", tree: landing.tree });
    expect((await landing.target.git("rev-parse", `${branch}^{tree}`)).trim()).toBe(landing.tree);
    expect(await landing.target.git("fsck", "--strict", "--no-dangling")).toBe("");
  });
});

async function messageFile(landing: TestLanding): Promise<string> {
  const file = join(landing.folder, "message");
  await writeFile(file, await landing.target.git("log", "-1", "--format=%B", branch));
  return file;
}
