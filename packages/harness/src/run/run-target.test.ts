import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CtoError } from "@cto/errors";
import { createTestRepository } from "@cto/git-state/testing";
import { describe, expect, it } from "vitest";
import { listEverything } from "../__fixtures__/list-everything.ts";
import { codesOf, createFolder, runKit } from "../__fixtures__/run-kit.ts";

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (thrown) {
    if (CtoError.is(thrown)) return thrown.code;
    throw thrown;
  }
  return "no error";
}

describe("a run against a repository", () => {
  it("works on a copy and leaves the target as it was, to the inode and the nanosecond", async () => {
    const target = await createTestRepository({ files: { "a.txt": "old\n", "b.txt": "other\n" } });
    const before = listEverything(target.directory);
    const run = await runKit({ stage: 3, target: { directory: target.directory } });
    expect(codesOf(run)).toEqual([]);
    expect(listEverything(target.directory)).toEqual(before);
    expect(run.report).toMatchObject({ stage: 3, mutation_scope: "repository-copy" });
    const treeState = JSON.parse(run.read("proofs/tree-state.json"));
    expect(treeState.source_before).not.toBeNull();
    expect(treeState.source_after).toEqual(treeState.source_before);
    expect(JSON.parse(run.read("run.json")).source.git_state).toMatchObject({
      work_tree: true,
      clean: true,
      attachment: "attached",
    });
    expect(run.verified.verdict).toBe("unsigned");
    await target.remove();
  });

  it("a dirty target is blocked with a proof that nothing happened", async () => {
    const target = await createTestRepository({ files: { "a.txt": "old\n" } });
    writeFileSync(join(target.directory, "a.txt"), "half done\n");
    writeFileSync(join(target.directory, "new.txt"), "x\n");
    const run = await runKit({ stage: 3, target: { directory: target.directory } });
    expect(codesOf(run)).toEqual(["dirty_starting_tree"]);
    expect(run.outcome.blockers[0]?.message).toBe("the target has 0 staged, 1 unstaged and 1 untracked change(s)");
    expect(JSON.parse(run.read("proofs/no-effect.json"))).toMatchObject({
      subject: "repository",
      equal: true,
      process_started: false,
      processes_left: 0,
    });
    expect(run.verified.verdict).toBe("unsigned");
    await target.remove();
  });

  it("a target that changes while the run goes on is noticed", async () => {
    const target = await createTestRepository({ files: { "a.txt": "old\n" } });
    const run = await runKit({
      stage: 3,
      target: { directory: target.directory },
      onProgress: ({ step, state }) => {
        if (step === "engine" && state === "started") writeFileSync(join(target.directory, "meanwhile.txt"), "x\n");
      },
    });
    expect(codesOf(run)).toContain("source_mutated");
    expect(run.outcome.status).toBe("fail");
    expect(run.verified.verdict).toBe("unsigned");
    await target.remove();
  });

  it("a target that vanishes while the run goes on does not take the evidence along", async () => {
    const target = await createTestRepository({ files: { "a.txt": "old\n" } });
    const run = await runKit({
      stage: 3,
      target: { directory: target.directory },
      steps: [{ sleep: 0.5 }, { write: { path: "a.txt", text: "new\n" } }],
      onProgress: ({ step, state }) => {
        if (step === "engine" && state === "started") rmSync(target.directory, { recursive: true });
      },
    });
    expect(codesOf(run)).toEqual(["source_mutated"]);
    expect(run.read("patch.diff")).toContain("+new");
    expect(run.verified.verdict).toBe("unsigned");
    await target.remove();
  });

  it("two runs at once on one target do not meet", async () => {
    const target = await createTestRepository({ files: { "a.txt": "old\n" } });
    const runs = await Promise.all([1, 2].map(() => runKit({ stage: 3, target: { directory: target.directory } })));
    expect(runs.map((run) => run.outcome.status)).toEqual(["pass", "pass"]);
    await target.remove();
  });

  it("brings an ignored folder of the target, read-only, with its digest", async () => {
    const target = await createTestRepository({ files: { "a.txt": "old\n", ".gitignore": "vendor/\n" } });
    await target.write("vendor/tool.txt", "tool\n");
    const task = {
      bring: ["vendor/"],
      verification: [{ id: "check", run: ["grep", "-q", "tool", "vendor/tool.txt"] }],
    };
    const run = await runKit({ stage: 3, target: { directory: target.directory }, task });
    expect(codesOf(run)).toEqual([]);
    expect(JSON.parse(run.read("proofs/brought.json")).folders).toMatchObject([{ path: "vendor", entries: 1 }]);
    const tamper = await runKit({
      stage: 3,
      target: { directory: target.directory },
      task,
      steps: [
        { run: { argv: ["sh", "-c", "echo x > vendor/tool.txt"], ok_to_fail: true } },
        { write: { path: "a.txt", text: "new\n" } },
      ],
    });
    expect(codesOf(tamper)).toEqual([]);
    await target.remove();
  });
});

describe("targets of other shapes", () => {
  it("a bare and a shallow clone work; the bundle says which commit", async () => {
    const target = await createTestRepository({ files: { "a.txt": "old\n" } });
    await target.write("b.txt", "second\n");
    const commit = await target.commitAll("second");
    const folder = createFolder();
    await target.git("clone", "-q", "--bare", target.directory, join(folder, "bare.git"));
    await target.git("clone", "-q", "--depth=1", `file://${target.directory}`, join(folder, "shallow"));
    for (const directory of [join(folder, "bare.git"), join(folder, "shallow")]) {
      const before = listEverything(directory);
      const run = await runKit({ stage: 3, target: { directory } });
      expect(codesOf(run)).toEqual([]);
      expect(run.report.source.baseline_commit).toBe(commit);
      expect(listEverything(directory)).toEqual(before);
      expect(run.verified.verdict).toBe("unsigned");
    }
    await target.remove();
  });

  it("--ref starts from another commit", async () => {
    const target = await createTestRepository({ files: { "a.txt": "old\n" } });
    const first = (await target.git("rev-parse", "HEAD")).trim();
    await target.write("a.txt", "other\n");
    await target.commitAll("second");
    const run = await runKit({ stage: 3, target: { directory: target.directory, ref: "HEAD~1" } });
    expect(codesOf(run)).toEqual([]);
    expect(run.report.source.baseline_commit).toBe(first);
    await target.remove();
  });

  it("submodules are left empty and recorded", async () => {
    const inner = await createTestRepository({ files: { "inner.txt": "x\n" } });
    const target = await createTestRepository({ files: { "a.txt": "old\n" } });
    await target.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.directory, "lib");
    await target.commitAll("with a submodule");
    const run = await runKit({ stage: 3, target: { directory: target.directory } });
    expect(codesOf(run)).toEqual([]);
    expect(JSON.parse(run.read("proofs/tree-state.json")).skipped_submodules).toEqual(["lib"]);
    expect(run.verified.verdict).toBe("unsigned");
    await target.remove();
    await inner.remove();
  });

  it("a linked work tree works", async () => {
    const target = await createTestRepository({ files: { "a.txt": "old\n" } });
    const linked = join(createFolder(), "linked");
    await target.git("worktree", "add", "-q", linked);
    const run = await runKit({ stage: 3, target: { directory: linked } });
    expect(codesOf(run)).toEqual([]);
    await target.remove();
  });
});

describe("targets that cannot be used are refused before there is a bundle", () => {
  it("a folder that is no repository, one without a commit, an unknown ref, none at all", async () => {
    const empty = createFolder();
    expect(await codeOf(runKit({ stage: 3, target: { directory: empty } }))).toBe("GIT_NOT_A_REPOSITORY");
    expect(await codeOf(runKit({ stage: 3, target: { directory: join(empty, "nothing") } }))).toMatch(/^GIT_/);
    const target = await createTestRepository({ files: { "a.txt": "old\n" } });
    expect(await codeOf(runKit({ stage: 3, target: { directory: target.directory, ref: "nope" } }))).toBe(
      "GIT_REF_UNKNOWN",
    );
    await target.remove();
    const unborn = await createTestRepository();
    expect(await codeOf(runKit({ stage: 3, target: { directory: unborn.directory } }))).toBe("GIT_UNBORN");
    await unborn.remove();
    expect(await codeOf(runKit({ stage: 3 }))).toBe("RUN_TARGET_MISSING");
    expect(await codeOf(runKit({ stage: 2, target: { directory: empty } }))).toBe("RUN_TARGET_UNUSED");
    expect(await codeOf(runKit({ stage: 3, task: { stage: 2 }, target: { directory: empty } }))).toBe(
      "RUN_STAGE_TOO_HIGH",
    );
  });
});
