import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openStore } from "@cto/bundle-store";
import { CtoError } from "@cto/errors";
import { beforeAll, describe, expect, it } from "vitest";
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
import { listEverything } from "../__fixtures__/list-everything.ts";
import {
  codesOf,
  during,
  eventsOf,
  type KitOptions,
  messageOf,
  runKit,
  type SeenRun,
} from "../__fixtures__/run-kit.ts";

const change = { write: { path: "a.txt", text: "new\n" } };

/** Proven up to stage 4. */
let climbed: Place;
beforeAll(async () => {
  climbed = await createPlace();
  await climb(climbed, 4);
});

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

const proofOf = (run: SeenRun, name: string): unknown => JSON.parse(run.read(`proofs/${name}.json`));

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
    await place.store.removeRun(runId);
    expect(existsSync(dirname(kept))).toBe(false);
  });

  it.each<[string, string, KitOptions]>([
    ["did not verify", "verification_failed", { steps: [{ write: { path: "a.txt", text: "wrong\n" } }] }],
    ["does not land", "patch_not_applicable", { task: { setup: [{ run: ["touch", "made.txt"] }] } }],
  ])("keeps none for a result that %s, and the approval is spent all the same", async (_what, code, options) => {
    const place = copyPlace(climbed);
    const run = await runApproved(place, 4, { retain: true, ...options });
    expect(codesOf(run)).toEqual([code]);
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
