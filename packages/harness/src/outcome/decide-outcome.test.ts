import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore, trustKey } from "@cto/bundle-store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOutcomeReader, findTargets } from "../index.ts";
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

const branchOf = ({ runId }: PendingHome) => `refs/heads/cto/${runId}`;
const outcomesOf = ({ store }: PendingHome) => join(store.root, "outcomes");

/** Outcome folders and branches of a home, hidden ones too, and whatever is left to work with. */
async function look(pending: PendingHome) {
  const refs = await pending.git("for-each-ref", "--format=%(refname)", "refs/heads/cto/");
  return {
    records: existsSync(outcomesOf(pending)) ? readdirSync(outcomesOf(pending)) : [],
    branches: refs.split("\n").filter(Boolean),
    scratch: readdirSync(join(pending.store.root, "tmp")),
  };
}

const isLock = (name: string) => name.includes("/locks/");
const nothing = { records: [], branches: [], scratch: [] };
const everything = (pending: PendingHome) => ({ records: [pending.runId], branches: [branchOf(pending)], scratch: [] });

/** Accepts, and puts the record back under its hidden name: what a process leaves that dies after the ref transaction. */
async function acceptAndDie(pending: PendingHome): Promise<void> {
  await pending.decide();
  renameSync(join(outcomesOf(pending), pending.runId), join(outcomesOf(pending), `.prepared-${pending.runId}`));
}

function editAdmission({ home }: PendingHome, change: (record: Record<string, unknown>) => void): void {
  const file = join(home, "cto/admissions/target.json");
  const record = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  change(record);
  writeFileSync(file, JSON.stringify(record));
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

describe("a decision is refused, and nothing is changed,", () => {
  const cases: readonly (readonly [string, string, (pending: PendingHome) => unknown])[] = [
    ["if a byte of the patch is changed", "bundle_not_valid", (pending) => spoil(pending, "patch.diff")],
    ["if a byte of the report is changed", "bundle_not_valid", (pending) => spoil(pending, "report.json")],
    [
      "if the approval's signature is changed",
      "bundle_not_valid",
      (pending) => spoil(pending, "proofs/approval-decision.json"),
    ],
    [
      "if the ledger has no line for the run",
      "run_not_in_ledger",
      ({ store }) => {
        const file = join(store.root, "ledger.ndjson");
        writeFileSync(file, `${readFileSync(file, "utf8").trimEnd().split("\n").slice(0, -1).join("\n")}\n`);
      },
    ],
    ["if HEAD has moved", "target_moved", (pending) => pending.git("commit", "-q", "--allow-empty", "-m", "Faster")],
    [
      "if the branch is there at another commit",
      "landing_refused",
      (pending) => pending.git("branch", `cto/${pending.runId}`),
    ],
    ["if a branch cto is in the way", "landing_refused", (pending) => pending.git("branch", "cto")],
    ["if the admission is gone", "target_not_admitted", ({ home }) => rmSync(join(home, "cto/admissions/target.json"))],
    [
      "if the owner took the admission back",
      "target_not_admitted",
      (pending) =>
        editAdmission(pending, (record) => {
          record.admission_status = "not_admitted";
        }),
    ],
    [
      "if the admission is for another path",
      "target_not_admitted",
      (pending) =>
        editAdmission(pending, (record) => {
          record.target_repository_path = "../elsewhere";
        }),
    ],
    [
      "if the admission permits less by now",
      "target_not_admitted",
      (pending) =>
        editAdmission(pending, (record) => {
          record.allowed_paths = ["b.txt"];
        }),
    ],
    [
      "if the admission forbids a changed path by now",
      "target_not_admitted",
      (pending) =>
        editAdmission(pending, (record) => {
          record.forbidden_paths = ["a.txt"];
        }),
    ],
    [
      "if some record cannot be read",
      "target_not_admitted",
      ({ home }) => writeFileSync(join(home, "cto/admissions/x.json"), "{"),
    ],
    [
      "if a record that nobody can judge stands there",
      "outcome_invalid",
      (pending) => mkdirSync(join(outcomesOf(pending), pending.runId), { recursive: true, mode: 0o700 }),
    ],
  ];
  it.each(cases)("%s: %s", async (_, code, spoilIt) => {
    const pending = template.copy();
    await spoilIt(pending);
    const before = await look(pending).catch(() => null);
    const target = digestDirectory(pending.target, isLandingsOwn);
    const decision = await pending.decide();
    expect(decision).toEqual({
      kind: "refused",
      code,
      message: expect.stringMatching(/./),
      hint: expect.stringMatching(/./),
    });
    expect(await look(pending).catch(() => null)).toEqual(before);
    expect(digestDirectory(pending.target, isLandingsOwn)).toBe(target);
    expect(existsSync(join(pending.store.root, "runs", pending.runId, "patch.diff"))).toBe(true);
  });

  it("if the key is nobody's, or not an approver's", async () => {
    const pending = template.copy();
    const { store } = pending;
    const signer = store.keys.openSigner("eve");
    expect(await pending.decide({ signer })).toMatchObject({ code: "approver_not_trusted" });
    await trustKey(store.home, signer.publicKey, ["harness"]);
    expect(await pending.decide({ signer, outcome: "rejected" })).toMatchObject({ code: "approver_not_trusted" });
    expect(await look(pending)).toEqual(nothing);
    await trustKey(store.home, signer.publicKey, ["approver"]);
    expect(await pending.decide({ signer })).toMatchObject({
      kind: "recorded",
      outcome: { approver: { name: "eve" } },
    });
  });

  it("if the run is no passed run of stage 5", async () => {
    const pending = template.copy();
    const others = pending.store.listRuns().filter(({ run_id }) => run_id !== pending.runId);
    const decisions = await Promise.all(others.map(({ run_id: runId }) => pending.decide({ runId })));
    expect(decisions.length).toBeGreaterThanOrEqual(6);
    expect(new Set(decisions.map((one) => (one.kind === "refused" ? one.code : one.kind)))).toEqual(
      new Set(["run_not_pending"]),
    );
    expect(await look(pending)).toEqual(nothing);
  });

  it("if a good bundle was copied over another run", async () => {
    const pending = template.copy();
    const { runId, store } = pending;
    const other = store.listRuns().find(({ run_id }) => run_id !== runId)?.run_id ?? "";
    rmSync(join(store.root, "runs", other), { recursive: true });
    renameSync(join(store.root, "runs", runId), join(store.root, "runs", other));
    expect(await pending.decide({ runId: other })).toMatchObject({ code: "bundle_not_valid" });
  });

  it("if the target is another repository, or a clone that nobody admitted", async () => {
    const pending = template.copy();
    const { root } = pending;
    await pending.git("clone", "-q", pending.target, join(root, "clone"));
    expect(await pending.decide({ targetDirectory: join(root, "clone") })).toMatchObject({
      code: "target_not_admitted",
    });
    const other = join(root, "other");
    await pending.git("init", "-q", other);
    await pending.git("-C", other, "commit", "-q", "--allow-empty", "-m", "Another root");
    expect(await pending.decide({ targetDirectory: other })).toMatchObject({ code: "target_mismatch" });
    expect(await pending.decide({ targetDirectory: null })).toMatchObject({ code: "target_unknown" });
    await expect(pending.decide({ targetDirectory: join(root, "home") })).rejects.toMatchObject({
      code: "GIT_NOT_A_REPOSITORY",
    });
    await pending.git("symbolic-ref", "HEAD", "refs/heads/empty");
    await expect(pending.decide()).rejects.toMatchObject({ code: "GIT_UNBORN" });
    expect(await look(pending)).toEqual(nothing);
  });

  it("if setup changed what the engine began with: the patch alone is not what was verified", async () => {
    const pending = template.copy();
    const runId = await pending.runAgain({ setup: [{ run: ["sh", "-c", "echo made > c.txt"], timeout_seconds: 10 }] });
    expect(await pending.decide({ runId })).toMatchObject({ code: "setup_changed_files" });
    expect(await look(pending)).toEqual(nothing);
  });

  it("until the reason is gone: HEAD back at the base, the branch out of the way", async () => {
    const pending = template.copy();
    await pending.git("commit", "-q", "--allow-empty", "-m", "Faster");
    await pending.git("branch", `cto/${pending.runId}`);
    expect(await pending.decide()).toMatchObject({ code: "landing_refused" });
    await pending.git("branch", "-D", `cto/${pending.runId}`);
    expect(await pending.decide()).toMatchObject({ code: "target_moved" });
    await pending.git("reset", "-q", "--hard", "HEAD^");
    expect(await pending.decide()).toMatchObject({ kind: "recorded" });
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
  it("finds the admitted repository by what it is, and every admitted clone of it", async () => {
    const pending = template.copy();
    const { home, root, target } = pending;
    const decided = await pending.decide({ outcome: "rejected" });
    const targetId = decided.kind === "recorded" ? decided.outcome.target_id : "";
    expect(await findTargets(home, targetId, new Date())).toEqual([target]);
    expect(await findTargets(home, "0".repeat(64), new Date())).toEqual([]);
    await pending.git("clone", "-q", target, join(root, "clone"));
    const record = readFileSync(join(home, "cto/admissions/target.json"), "utf8");
    const clone = record.replace('"id":"target"', '"id":"clone"').replace("../target", "../clone");
    writeFileSync(join(home, "cto/admissions/clone.json"), clone);
    writeFileSync(
      join(home, "cto/admissions/gone.json"),
      clone.replace('"id":"clone"', '"id":"gone"').replace("../clone", "../gone"),
    );
    expect(await findTargets(home, targetId, new Date())).toEqual([join(root, "clone"), target]);
    editAdmission(pending, (one) => {
      one.admission_status = "not_admitted";
    });
    expect(await findTargets(home, targetId, new Date())).toEqual([join(root, "clone")]);
  });
});

function spoil({ runId, store }: PendingHome, name: string): void {
  const file = join(store.root, "runs", runId, name);
  const bytes = readFileSync(file);
  const at = bytes.length - 10;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}
