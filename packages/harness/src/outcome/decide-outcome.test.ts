import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "@cto/bundle-store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOutcomeReader, findTargets } from "../index.ts";
import { branchOf, editAdmission, everything, look, nothing, outcomesOf } from "./test/look-at-home.ts";
import {
  createPendingTemplate,
  digestDirectory,
  isLandingsOwn,
  type PendingHome,
  type PendingTemplate,
} from "./test/outcome-kit.ts";

let template: PendingTemplate;
beforeAll(async () => {
  template = await createPendingTemplate();
}, 120_000);
afterAll(() => template.remove());

const isLock = (name: string) => name.includes("/locks/");

/** Accepts, and puts the record back under its hidden name: what a process leaves that dies after the ref transaction. */
async function acceptAndDie(pending: PendingHome): Promise<void> {
  await pending.decide();
  renameSync(join(outcomesOf(pending), pending.runId), join(outcomesOf(pending), `.prepared-${pending.runId}`));
}

describe("an accepted run", () => {
  it("is one commit on a branch of its own, a signed record, and nothing else", async () => {
    const pending = template.copy();
    const { runId, store, target } = pending;
    const before = digestDirectory(target, isLandingsOwn);
    const decision = await pending.decide({ reason: "well done" });
    expect(decision).toMatchObject({
      kind: "recorded",
      recovered: false,
      outcome: {
        run_id: runId,
        outcome: "accepted",
        reason: "well done",
        approver: { name: "ann" },
        landing: { branch: branchOf(pending) },
        runtime_default_activation: false,
      },
    });
    expect(await look(pending)).toEqual(everything(pending));
    expect(digestDirectory(target, isLandingsOwn)).toBe(before);
    const manifest = createHash("sha256")
      .update(readFileSync(join(store.root, "runs", runId, "manifest.json")))
      .digest("hex");
    expect(await pending.git("log", "-1", "--format=%an <%ae>%n%B", `cto/${runId}`)).toBe(
      `cto <cto@cto.invalid>\nA task of the tests\n\nCto-Run: ${runId}\nCto-Manifest-Sha256: ${manifest}\n\n`,
    );
    expect(await pending.git("diff", "--stat", "main", `cto/${runId}`)).toMatch(/^ a\.txt \| 2 \+-\n 1 file changed/);
    expect(createOutcomeReader(store)(runId)).toBe("accepted");
  });

  it("stays accepted: again is nothing new, and a rejection is refused", async () => {
    const pending = template.copy();
    const first = await pending.decide();
    await pending.git("commit", "-q", "--allow-empty", "-m", "The owner goes on");
    const before = digestDirectory(pending.root, isLock);
    expect(await pending.decide({ reason: "again" })).toEqual({
      kind: "already",
      outcome: first.kind === "recorded" ? first.outcome : null,
    });
    expect(await pending.decide({ outcome: "rejected" })).toMatchObject({ kind: "refused", code: "outcome_recorded" });
    expect(digestDirectory(pending.root, isLock)).toBe(before);
  });

  it("leaves uncommitted work, another work tree and a stash of the owner byte for byte", async () => {
    const pending = template.copy();
    const { root, target } = pending;
    writeFileSync(join(target, "a.txt"), "stashed\n");
    await pending.git("stash", "-q");
    await pending.git("worktree", "add", "-q", "-b", "owner", join(root, "linked"));
    writeFileSync(join(root, "linked/a.txt"), "work of the owner\n");
    writeFileSync(join(target, "b.txt"), "staged\n");
    await pending.git("add", "b.txt");
    writeFileSync(join(target, "untracked.txt"), "mine\n");
    const digest = () => [digestDirectory(target, isLandingsOwn), digestDirectory(join(root, "linked"))];
    const before = digest();
    const stash = await pending.git("stash", "show", "-p");
    expect(await pending.decide()).toMatchObject({ kind: "recorded" });
    expect(digest()).toEqual(before);
    expect(await pending.git("stash", "show", "-p")).toBe(stash);
  });
});

describe("a rejected run", () => {
  it("leaves a signed record and does not touch the target, which need not even be known", async () => {
    const pending = template.copy();
    const { runId, store, target } = pending;
    const before = digestDirectory(target);
    const wish = { outcome: "rejected", reason: "not this way", targetDirectory: null } as const;
    expect(await pending.decide(wish)).toMatchObject({
      kind: "recorded",
      outcome: { outcome: "rejected", reason: "not this way", landing: null },
    });
    expect(digestDirectory(target)).toBe(before);
    expect(await look(pending)).toEqual({ ...nothing, records: [runId] });
    expect(await pending.decide(wish)).toMatchObject({ kind: "already" });
    expect(await pending.decide()).toMatchObject({ kind: "refused", code: "outcome_recorded" });
    expect(createOutcomeReader(store)(runId)).toBe("rejected");
  });

  it("may be rejected when HEAD has moved and the admission is gone", async () => {
    const pending = template.copy();
    await pending.git("commit", "-q", "--allow-empty", "-m", "Later");
    rmSync(join(pending.home, "cto/admissions/target.json"));
    expect(await pending.decide({ outcome: "rejected" })).toMatchObject({ kind: "recorded" });
  });
});

describe("after a decision that was cut short", () => {
  it("before the branch: the next accept begins anew", async () => {
    const pending = template.copy();
    await acceptAndDie(pending);
    await pending.git("update-ref", "-d", branchOf(pending));
    const now = new Date("2030-01-01T00:00:00.000Z");
    expect(await pending.decide({ now })).toMatchObject({
      kind: "recorded",
      recovered: false,
      outcome: { recorded_at: now.toISOString() },
    });
    expect(await look(pending)).toEqual(everything(pending));
  });

  it("before the branch: a rejection drops what was begun", async () => {
    const pending = template.copy();
    await acceptAndDie(pending);
    await pending.git("update-ref", "-d", branchOf(pending));
    expect(await pending.decide({ outcome: "rejected" })).toMatchObject({
      kind: "recorded",
      outcome: { outcome: "rejected" },
    });
    expect(await look(pending)).toEqual({ ...nothing, records: [pending.runId] });
  });

  it("after the branch: the next accept finishes with the record of the first, wherever HEAD is", async () => {
    const pending = template.copy();
    await acceptAndDie(pending);
    await pending.git("commit", "-q", "--allow-empty", "-m", "Later");
    expect(createOutcomeReader(pending.store)(pending.runId)).toBeNull();
    const now = new Date("2030-01-01T00:00:00.000Z");
    const decision = await pending.decide({ now });
    expect(decision).toMatchObject({ kind: "recorded", recovered: true, outcome: { outcome: "accepted" } });
    expect(decision.kind === "recorded" && decision.outcome.recorded_at < now.toISOString()).toBe(true);
    expect(await look(pending)).toEqual(everything(pending));
  });

  it("after the branch: a rejection finishes the accept and is refused", async () => {
    const pending = template.copy();
    await acceptAndDie(pending);
    expect(await pending.decide({ outcome: "rejected" })).toMatchObject({ code: "outcome_recorded" });
    expect(await look(pending)).toEqual(everything(pending));
    expect(createOutcomeReader(pending.store)(pending.runId)).toBe("accepted");
  });

  it("and with no target known, a rejection asks for it", async () => {
    const pending = template.copy();
    await acceptAndDie(pending);
    const wish = { outcome: "rejected", targetDirectory: null } as const;
    expect(await pending.decide(wish)).toMatchObject({ code: "outcome_unfinished" });
    expect((await look(pending)).records).toEqual([`.prepared-${pending.runId}`]);
  });

  it("when the record itself is lost: an accept writes it again, a rejection is refused", async () => {
    const pending = template.copy();
    await acceptAndDie(pending);
    writeFileSync(join(outcomesOf(pending), `.prepared-${pending.runId}`, "outcome.json"), "{");
    expect(await pending.decide({ outcome: "rejected" })).toMatchObject({ code: "outcome_unfinished" });
    expect(await pending.decide()).toMatchObject({ kind: "recorded", recovered: false });
    expect(await look(pending)).toEqual(everything(pending));
  });

  it("in the middle of the landing: what it had to work with goes away", async () => {
    const pending = template.copy();
    const left = join(pending.store.root, "tmp", `outcome-${pending.runId}`);
    mkdirSync(join(left, "landing.git"), { recursive: true });
    expect(await pending.decide()).toMatchObject({ kind: "recorded" });
    expect(existsSync(left)).toBe(false);
  });
});

describe("decisions at the same moment", () => {
  it("of two accepts, one is recorded and the other finds it done", async () => {
    const pending = template.copy();
    const others = [0, 1, 2].map(() => openStore({ home: pending.home }));
    const decisions = await Promise.all(others.map((store) => pending.decide({ store })));
    expect(decisions.map(({ kind }) => kind).sort()).toEqual(["already", "already", "recorded"]);
    expect(await look(pending)).toEqual(everything(pending));
  });

  it("of an accept and a rejection, one is recorded, and branch and record agree", async () => {
    const pending = template.copy();
    const decisions = await Promise.all([pending.decide(), pending.decide({ outcome: "rejected" })]);
    expect(decisions.map(({ kind }) => kind).sort()).toEqual(["recorded", "refused"]);
    const isAccepted = createOutcomeReader(pending.store)(pending.runId) === "accepted";
    expect(await look(pending)).toEqual(isAccepted ? everything(pending) : { ...nothing, records: [pending.runId] });
  });
});

describe("a record", () => {
  it("is dated no earlier than the end of the run, whatever the clock says", async () => {
    const pending = template.copy();
    const decision = await pending.decide({ now: new Date("2026-02-01T00:00:00.000Z") });
    const report = JSON.parse(readFileSync(join(pending.store.root, "runs", pending.runId, "report.json"), "utf8"));
    expect(decision.kind === "recorded" && decision.outcome.recorded_at).toBe(report.run_finished_at);
  });

  it("does not count once it is spoilt, nor while the list of trusted keys is", async () => {
    const pending = template.copy();
    await pending.decide();
    const file = join(outcomesOf(pending), pending.runId, "outcome.json");
    writeFileSync(file, readFileSync(file, "utf8").replace("accepted", "rejected"));
    expect(createOutcomeReader(pending.store)(pending.runId)).toEqual({
      invalid: expect.stringMatching(/signs other bytes/),
    });
    expect(await pending.decide()).toMatchObject({ code: "outcome_invalid" });
    writeFileSync(join(pending.home, "cto/keys/trusted.json"), "{");
    expect(createOutcomeReader(pending.store)(pending.runId)).toEqual({
      invalid: expect.stringMatching(/trusted\.json/),
    });
  });
});

describe("findTargets", () => {
  it("finds the admitted repository of the run by id and by what it is, and no clone of it", async () => {
    const pending = template.copy();
    const { home, root, target } = pending;
    const decided = await pending.decide({ outcome: "rejected" });
    const targetId = decided.kind === "recorded" ? decided.outcome.target_id : "";
    const find = (asked: { targetId?: string; targetName?: string } = {}) =>
      findTargets(home, { targetId, targetName: "target", ...asked }, new Date());
    expect(await find()).toEqual([target]);
    expect(await find({ targetId: "0".repeat(64) })).toEqual([]);
    await pending.git("clone", "-q", target, join(root, "clone"));
    const record = readFileSync(join(home, "cto/admissions/target.json"), "utf8");
    const clone = record.replace('"id":"target"', '"id":"clone"').replace("../target", "../clone");
    writeFileSync(join(home, "cto/admissions/clone.json"), clone);
    writeFileSync(
      join(home, "cto/admissions/gone.json"),
      clone.replace('"id":"clone"', '"id":"gone"').replace("../clone", "../gone"),
    );
    expect(await find()).toEqual([target]);
    expect(await find({ targetName: "clone" })).toEqual([join(root, "clone")]);
    expect(await find({ targetName: "gone" })).toEqual([]);
    editAdmission(pending, (one) => {
      one.admission_status = "not_admitted";
    });
    expect(await find()).toEqual([]);
  });
});
