import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openStore } from "@cto/bundle-store";
import { CtoError } from "@cto/errors";
import { beforeAll, describe, expect, it } from "vitest";
import { createOtherBuild } from "../__fixtures__/governed-run.ts";
import {
  accept,
  admitTarget,
  climb,
  copyPlace,
  createPlace,
  git,
  type Place,
  runApproved,
  runAt,
} from "../__fixtures__/ladder-kit.ts";
import {
  codesOf,
  createFolder,
  eventsOf,
  type KitOptions,
  runKit,
  type SeenRun,
  writeFiles,
} from "../__fixtures__/run-kit.ts";

const change = { write: { path: "a.txt", text: "new\n" } };

/** Proven up to stage 4. */
let climbed: Place;
beforeAll(async () => {
  climbed = await createPlace();
  await climb(climbed, 4);
});

/** Name, inode, size, mode, link count, change time and bytes of everything below a folder: what "untouched" means. */
function listEverything(folder: string): readonly string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).sort().map((name) => {
    const { ctimeNs, ino, mode, nlink, size } = lstatSync(join(folder, name), { bigint: true });
    const isFile = lstatSync(join(folder, name)).isFile();
    return [name, ino, mode, size, nlink, ctimeNs, isFile ? readFileSync(join(folder, name), "base64") : ""].join(" ");
  });
}

/** What an owner may have lying about: a linked work tree with uncommitted work, and a stash. */
function leaveOwnersWork({ root, target }: Place): readonly string[] {
  writeFileSync(join(target, "b.txt"), "stashed\n");
  git(target, "stash", "-q");
  const linked = join(root, "linked");
  git(target, "worktree", "add", "-q", linked);
  writeFileSync(join(linked, "a.txt"), "half done\n");
  writeFileSync(join(linked, "new.txt"), "x\n");
  return [target, linked];
}

const messageOf = (run: SeenRun): string => run.outcome.blockers[0]?.message ?? "";
const proofOf = (run: SeenRun, name: string): unknown => JSON.parse(run.read(`proofs/${name}.json`));

function during(step: string, work: () => void): KitOptions {
  return { onProgress: (event) => (event.step === step && event.state === "started" ? work() : undefined) };
}

describe("stage 4, a throwaway repository", () => {
  it("lands there after the approval, disposes of it, and leaves the target as it was", async () => {
    const place = copyPlace(climbed);
    const folders = leaveOwnersWork(place);
    const before = folders.map(listEverything);
    const run = await runApproved(place, 4);
    expect(codesOf(run)).toEqual([]);
    expect(folders.map(listEverything)).toEqual(before);
    expect(eventsOf(run).indexOf("approval.granted")).toBeLessThan(eventsOf(run).indexOf("engine.started"));
    const proof = proofOf(run, "disposable") as Readonly<Record<string, unknown>>;
    expect(proof).toMatchObject({
      base_commit: git(place.target, "rev-parse", "HEAD"),
      branch: `refs/heads/cto/${run.outcome.runId}`,
      tree: run.report.source.result_tree,
      other_refs_before: proof.other_refs_after,
      head_unmoved: true,
      remotes: 0,
      disposal: "disposed",
    });
    expect(run.report).toMatchObject({ mutation_scope: "disposable", landing: "none", approval_status: "consumed" });
    expect(existsSync(join(place.store.root, "disposable"))).toBe(false);
    expect(existsSync(join(place.store.root, "tmp", run.outcome.runId))).toBe(false);
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "pass" });
  });

  it("keeps it if that was asked for, private, without remotes, with nothing but the run's branch added", async () => {
    const place = copyPlace(climbed);
    const run = await runApproved(place, 4, { retain: true });
    expect(codesOf(run)).toEqual([]);
    const { runId } = run.outcome;
    expect(proofOf(run, "disposable")).toMatchObject({
      disposal: "retained",
      note: `kept as .cto/disposable/${runId}/repository.git; \`cto runs rm\` removes it`,
    });
    const kept = join(place.store.root, "disposable", runId, "repository.git");
    expect(git(kept, "show", `cto/${runId}:a.txt`)).toBe("new");
    expect(git(kept, "rev-parse", "HEAD")).toBe(git(place.target, "rev-parse", "HEAD"));
    expect([git(kept, "remote"), git(kept, "fsck", "--strict")]).toEqual(["", ""]);
    expect(statSync(dirname(kept)).mode & 0o777).toBe(0o700);
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("makes none for a result that did not verify, and the approval is spent all the same", async () => {
    const place = copyPlace(climbed);
    const run = await runApproved(place, 4, { retain: true, steps: [{ write: { path: "a.txt", text: "wrong\n" } }] });
    expect(codesOf(run)).toEqual(["verification_failed"]);
    expect(run.report.approval_status).toBe("consumed");
    expect(existsSync(join(run.outcome.directory, "proofs/disposable.json"))).toBe(false);
    expect(existsSync(join(place.store.root, "disposable"))).toBe(false);
    expect(run.verified.verdict).toBe("unsigned");
  });
});

describe("stage 5, an owned repository", () => {
  it("seals with the landing pending, and nothing has happened in the target", async () => {
    const place = copyPlace(climbed);
    const folders = leaveOwnersWork(place);
    const before = folders.map(listEverything);
    const run = await runApproved(place, 5);
    expect(codesOf(run)).toEqual([]);
    expect(run.outcome.landing).toBe("pending");
    expect(run.report).toMatchObject({
      landing: "pending",
      mutation_scope: "owned-clone",
      source: { target_id: expect.any(String) },
    });
    expect(proofOf(run, "admissions")).toMatchObject({ items: [{ kind: "target", id: "site", status: "admitted" }] });
    expect(folders.map(listEverything)).toEqual(before);
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "pass" });
  });

  it("is held to the paths that the target's own admission permits", async () => {
    const place = copyPlace(climbed);
    admitTarget(place, { forbidden_paths: ["docs/private/"] });
    const task = { allowed_paths: ["a.txt", "docs/"] };
    const run = await runApproved(place, 5, {
      task,
      steps: [change, { write: { path: "docs/private/x", text: "x" } }],
    });
    expect(codesOf(run)).toEqual(["forbidden_path_change"]);
    const wider = await runAt(place, 5, { task: { allowed_paths: ["a.txt", "b.txt"] } });
    expect(codesOf(wider)).toEqual(["policy_widened"]);
    expect(messageOf(wider)).toContain("b.txt");
    expect([run, wider].map(({ verified }) => verified.verdict)).toEqual(["unsigned", "unsigned"]);
  });

  it("a file of the target that is edited while the engine works is source_mutated", async () => {
    const place = copyPlace(climbed);
    const edit = (): void => writeFileSync(join(place.target, "b.txt"), "meanwhile\n");
    const run = await runApproved(place, 5, during("engine", edit));
    expect(codesOf(run)).toEqual(["source_mutated"]);
    expect(run.outcome.landing).toBe("none");
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "fail" });
  });

  it.each<[string, (place: Place) => void]>([
    ["a commit", ({ target }) => void git(target, "commit", "-q", "--allow-empty", "-m", "Meanwhile")],
    ["an edit", ({ target }) => writeFileSync(join(target, "b.txt"), "meanwhile\n")],
  ])("%s in the target while the checks run is target_moved, and nothing waits for a landing", async (_what, alter) => {
    const place = copyPlace(climbed);
    const run = await runApproved(
      place,
      5,
      during("verification", () => alter(place)),
    );
    expect(codesOf(run)).toEqual(["target_moved"]);
    expect(run.outcome.landing).toBe("none");
    expect(run.read("patch.diff")).toContain("+new");
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "blocked" });
  });

  it("works, and is accepted, on another file system", async () => {
    const shared = "/dev/shm";
    if (!existsSync(shared) || statSync(shared).dev === statSync(tmpdir()).dev)
      throw new Error("this test needs a second file system at /dev/shm");
    const place = copyPlace(climbed);
    const elsewhere = mkdtempSync(join(shared, "cto-harness-"));
    try {
      const target = join(elsewhere, "target");
      execFileSync("cp", ["-a", "--", place.target, target]);
      admitTarget(place, { target_repository_path: target });
      const there = { ...place, target };
      const run = await runApproved(there, 5);
      expect(codesOf(run)).toEqual([]);
      await accept(there, run);
      expect(git(target, "show", `cto/${run.outcome.runId}:a.txt`)).toBe("new");
      expect(git(target, "status", "--porcelain")).toBe("");
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });
});

describe("what no stage takes", () => {
  async function codeOf(work: Promise<unknown>): Promise<string> {
    try {
      await work;
    } catch (thrown) {
      if (CtoError.is(thrown)) return thrown.code;
      throw thrown;
    }
    return "no error";
  }

  it("a target inside .cto, by whatever way it is named", async () => {
    const place = await createPlace();
    const inside = join(place.store.root, "tmp/target");
    mkdirSync(dirname(inside), { recursive: true, mode: 0o700 });
    execFileSync("cp", ["-a", "--", place.target, inside]);
    symlinkSync(inside, join(place.root, "link"));
    symlinkSync(place.store.home, join(place.root, "other-home"));
    const throughLink = openStore({ home: join(place.root, "other-home") });
    for (const [store, directory] of [
      [place.store, inside],
      [place.store, join(place.root, "link")],
      [throughLink, inside],
      [throughLink, join(throughLink.root, "tmp/target")],
    ] as const)
      expect(await codeOf(runKit({ store, stage: 3, target: { directory } }))).toBe("RUN_TARGET_INSIDE_STORE");
    expect(place.store.listRuns()).toEqual([]);
  });

  it("options that mean nothing at the stage", async () => {
    const target = { directory: climbed.target };
    expect(await codeOf(runKit({ stage: 3, target, retain: true }))).toBe("RUN_RETAIN_UNUSED");
    expect(await codeOf(runKit({ stage: 5, target: { ...target, ref: "HEAD" }, task: { stage: 5 } }))).toBe(
      "RUN_REF_UNUSED",
    );
  });

  it("a run without isolation from stage 3 on", async () => {
    const run = await runKit({ stage: 3, target: { directory: climbed.target }, isolation: "none" });
    expect(codesOf(run)).toEqual(["gate_missing"]);
    expect(messageOf(run)).toContain("isolation none is permitted at stages 1 and 2 only");
    expect(run.verified.verdict).toBe("unsigned");
  });
});

describe("the rung below falls", () => {
  const runOf = ({ store }: Place, stage: number): string => {
    const row = store
      .listRuns()
      .find((one) =>
        store
          .listRunDirectories()
          .some((directory) => directory.endsWith(one.run_id) && readStage(directory) === stage),
      );
    return row?.run_id ?? "";
  };
  const readStage = (directory: string): number =>
    (JSON.parse(readFileSync(join(directory, "run.json"), "utf8")) as { stage: number }).stage;

  it.each<[string, RegExp, (place: Place) => Promise<KitOptions> | KitOptions]>([
    [
      "with one byte of one bundle",
      /nothing older counts at stage 3/,
      (place) => {
        const file = join(place.store.root, "runs", runOf(place, 3), "report.md");
        writeFileSync(file, readFileSync(file, "utf8").slice(0, -1));
        return {};
      },
    ],
    [
      "with a bundle that is gone",
      /nothing older counts at stage 2/,
      (place) => {
        rmSync(join(place.store.root, "runs", runOf(place, 2)), { recursive: true });
        return {};
      },
    ],
    [
      "with a bundle that was removed by its owner",
      /nothing older counts at stage 3/,
      async (place) => {
        await place.store.removeRun(runOf(place, 3));
        return {};
      },
    ],
    [
      "with another build of the engine",
      /stage 3 is not proven: .*stage 1/,
      () => ({ engine: createOtherBuild(createFolder()) }),
    ],
    [
      "with another standing policy",
      /stage 3 is not proven: .*stage 1/,
      ({ store }) => {
        writeFiles(store.home, { "cto/config.yaml": "schema: cto.config.v1\npolicy: {forbidden_paths: [secret/]}\n" });
        return {};
      },
    ],
    [
      "with a violation",
      /ended hidden_mutation, so nothing older counts at stage 3/,
      async (place) => {
        expect(
          codesOf(await runAt(place, 3, { steps: [change, { write: { path: ".git/description", text: "x" } }] })),
        ).toEqual(["hidden_mutation"]);
        return {};
      },
    ],
    [
      "for another target",
      /no pass at stage 3 on this target/,
      async () => ({ target: { directory: (await createPlace()).target } }),
    ],
    [
      "without the record that excused a failure class",
      /no run at stage 3 that ended timeout/,
      ({ store }) => {
        const folder = join(store.home, "cto/admissions");
        for (const name of readdirSync(folder))
          if (readFileSync(join(folder, name), "utf8").includes('"timeout"')) rmSync(join(folder, name));
        return {};
      },
    ],
  ])("%s", async (_what, message, alter) => {
    const place = copyPlace(climbed);
    const run = await runAt(place, 4, await alter(place));
    expect(codesOf(run)).toEqual(["stage_not_proven"]);
    expect(messageOf(run)).toMatch(message);
    expect(run.report.process_started).toBe(false);
    expect(proofOf(run, "rung")).toMatchObject({ required_stage: 3, proven: false });
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "blocked" });
  });
});

describe("stage 6, candidate default", () => {
  it("needs two accepted tasks; then it compares, starts nothing and ends blocked by design", async () => {
    const place = copyPlace(climbed);
    const first = await runApproved(place, 5);
    expect(codesOf(await runAt(place, 6))).toEqual(["gate_missing", "stage_not_proven"]);
    await accept(place, first);
    const early = await runAt(place, 6);
    expect(codesOf(early)).toEqual(["gate_missing", "stage_not_proven"]);
    expect(early.outcome.blockers[1]?.message).toContain("two different tasks");
    expect(existsSync(join(early.outcome.directory, "proofs/comparison.json"))).toBe(false);
    expect(early.verified.verdict).toBe("unsigned");
    await accept(place, await runApproved(place, 5, { task: { id: "second-task" } }));
    const run = await runAt(place, 6);
    expect(codesOf(run)).toEqual(["gate_missing"]);
    expect(eventsOf(run).at(-2)).toBe("backend.gate.blocked");
    expect(run.report).toMatchObject({ process_started: false, runtime_default_activation: false });
    expect(proofOf(run, "comparison")).toMatchObject({
      complete: true,
      runtime_default_activation: false,
      lanes: [
        { engine: "fake", run_id: first.outcome.runId, missing: null },
        ...["case", "codex", "pi"].map((engine) => ({
          engine,
          run_id: null,
          missing: `this version has no adapter for ${engine}`,
        })),
      ],
    });
    expect(proofOf(run, "route-guard")).toMatchObject({
      guard_status: "blocked",
      blocked_reason: expect.stringContaining("promotion-requested"),
      runtime_default_activation: false,
    });
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "blocked" });
  });
});
