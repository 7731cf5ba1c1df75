import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readRepository } from "@cto/git-state";
import { createTestRepository } from "@cto/git-state/testing";
import { afterEach, describe, expect, it } from "vitest";
import { branch, createTestLanding, digestDirectory, isLandingsOwn, type TestLanding } from "./testing/test-landing.ts";

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

describe("landResult, in repositories of every kind and beside their owner", () => {
  it("lands in a SHA-256 repository", async () => {
    const landing = await createLanding({ objectFormat: "sha256" });
    const landed = await landing.land();
    expect(landed).toMatchObject({
      kind: "landed",
      tree: landing.tree,
      commit: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await landing.target.git("fsck", "--strict", "--no-dangling")).toBe("");
  });

  it("lands in a bare and in a shallow repository", async () => {
    const landing = await createLanding();
    const bare = join(landing.folder, "bare.git");
    await landing.target.git("clone", "-q", "--bare", "--depth=1", `file://${landing.target.directory}`, bare);
    const before = await digestDirectory(bare, isLandingsOwn);
    expect(await landing.land({ target: await readRepository(bare) })).toMatchObject({
      kind: "landed",
      tree: landing.tree,
    });
    expect(await digestDirectory(bare, isLandingsOwn)).toBe(before);
    expect(await landing.target.git("--git-dir", bare, "fsck", "--strict", "--no-dangling")).toBe("");
    expect(await listRefs(landing)).toHaveLength(1);
  });

  it("lands through a linked work tree whose HEAD is detached", async () => {
    const landing = await createLanding();
    const linked = join(landing.folder, "linked");
    await landing.target.git("worktree", "add", "-q", "--detach", linked);
    await landing.target.commitAll("The main work tree goes on");
    const before = await Promise.all([digestRest(landing), digestDirectory(linked)]);
    expect(await landing.land({ target: await readRepository(linked) })).toMatchObject({ kind: "landed" });
    expect(await Promise.all([digestRest(landing), digestDirectory(linked)])).toEqual(before);
    expect((await landing.target.git("rev-parse", `${branch}^`)).trim()).toBe(landing.base);
  });

  it("leaves uncommitted work, another work tree and a stash byte for byte as they are", async () => {
    const landing = await createLanding();
    const { target } = landing;
    await target.write("a.txt", "stashed\n");
    await target.git("stash", "-q");
    const linked = join(landing.folder, "linked");
    await target.git("worktree", "add", "-q", "-b", "owner", linked);
    await writeFile(join(linked, "a.txt"), "work of the owner\n");
    await target.write("sub/b.txt", "staged\n");
    await target.git("add", "sub/b.txt");
    await target.write("untracked.txt", "mine\n");
    const before = await Promise.all([digestRest(landing), digestDirectory(linked), target.git("stash", "show", "-p")]);
    expect(await landing.land()).toMatchObject({ kind: "landed" });
    expect(
      await Promise.all([digestRest(landing), digestDirectory(linked), target.git("stash", "show", "-p")]),
    ).toEqual(before);
  });

  it("starts nothing that the target's configuration or hooks name", async () => {
    const landing = await createLanding({ files: { "a.txt": "old\n", ".gitattributes": "* filter=evil diff=evil\n" } });
    const { target } = landing;
    const witness = join(landing.folder, "witness");
    const evil = join(landing.folder, "evil.sh");
    await writeFile(evil, `#!/bin/sh\necho "$0 $*" >> ${witness}\n`, { mode: 0o755 });
    await mkdir(join(target.directory, ".git/hooks"), { recursive: true });
    for (const hook of [
      "reference-transaction",
      "post-update",
      "update",
      "pre-receive",
      "post-index-change",
      "post-commit",
      "pre-auto-gc",
    ]) {
      await writeFile(join(target.directory, ".git/hooks", hook), `#!/bin/sh\necho ${hook} >> ${witness}\n`, {
        mode: 0o755,
      });
    }
    for (const key of [
      "core.fsmonitor",
      "core.pager",
      "core.editor",
      "core.sshCommand",
      "filter.evil.clean",
      "filter.evil.smudge",
      "diff.evil.command",
      "diff.external",
      "gpg.program",
      "core.alternateRefsCommand",
    ]) {
      await target.git("config", key, evil);
    }
    await target.git("config", "filter.evil.required", "true");
    await target.git("config", "commit.gpgSign", "true");
    await target.git("config", "core.logAllRefUpdates", "always");
    await target.git("config", "user.name", "Somebody else");
    expect(await landing.land()).toMatchObject({ kind: "landed", tree: landing.tree });
    expect((await readdir(landing.folder)).includes("witness")).toBe(false);
    await expect(readFile(join(target.directory, ".git/logs/refs/heads", branch))).rejects.toMatchObject({
      code: "ENOENT",
    });
  });

  it("lets one of two landings at the same moment create the branch, and both agree on the commit", async () => {
    const landing = await createLanding();
    const scratch = (name: string) => ({ scratch: join(landing.folder, name) });
    const both = await Promise.all([landing.land(scratch("one")), landing.land(scratch("two"))]);
    const commits = both.map((one) => ("commit" in one ? one.commit : one.kind));
    expect(new Set(commits).size).toBe(1);
    expect(both.map(({ kind }) => kind)).toContain("landed");
    expect(await listRefs(landing)).toEqual([`refs/heads/${branch} ${commits[0]}`, `refs/heads/main ${landing.base}`]);
  });

  it("either lands on the base or tells that HEAD moved while its owner commits", async () => {
    for (let turn = 0; turn < 6; turn += 1) {
      const landing = await createLanding();
      const target = await readRepository(landing.target.directory);
      const owner = sleep(turn * 12).then(() => landing.target.commitAll("The owner"));
      const answer = await landing.land({ target });
      const head = await owner;
      const own = (await listRefs(landing)).filter((line) => line.startsWith(`refs/heads/${branch} `));
      if (answer.kind === "target-moved") expect([answer.head, own]).toEqual([head, []]);
      else if (answer.kind === "landed") expect(own).toEqual([`refs/heads/${branch} ${answer.commit}`]);
      // Git holds the lock on HEAD for the moment of a commit.
      else expect([answer, own]).toEqual([{ kind: "refused", message: expect.stringMatching(/HEAD\.lock/) }, []]);
    }
  });

  it("works when scratch and target lie on different file systems", async () => {
    const directory = await mkdtemp("/dev/shm/cto-landing-");
    const other = await createTestRepository({ directory, files: { "a.txt": "old\n", "sub/b.txt": "same\n" } });
    made.push(other);
    const landing = await createLanding();
    const target = await readRepository(directory);
    expect(await landing.land({ target, baseCommit: target.commit })).toMatchObject({
      kind: "landed",
      tree: landing.tree,
    });
    expect(await other.git("show", `${branch}:a.txt`)).toBe("new\n");
  });

  it("wants a scratch directory of its own", async () => {
    const landing = await createLanding();
    await expect(landing.land({ scratch: landing.folder })).rejects.toMatchObject({
      code: "WORKSPACE_DIRECTORY_IN_USE",
    });
  });
});

async function _messageFile(landing: TestLanding): Promise<string> {
  const file = join(landing.folder, "message");
  await writeFile(file, await landing.target.git("log", "-1", "--format=%B", branch));
  return file;
}
