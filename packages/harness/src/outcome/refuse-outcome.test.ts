import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTrustedKeys, trustKey, verifyRunDirectory } from "@cto/bundle-store";
import { toCanonicalJson } from "@cto/evidence-interface";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyRun } from "./test/copy-run.ts";
import { editAdmission, everything, look, nothing, outcomesOf } from "./test/look-at-home.ts";
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
    ["if the run has two lines in the ledger", "run_not_in_ledger", (pending) => addLine(pending, {})],
    [
      "if a second line names another bundle",
      "run_not_in_ledger",
      (pending) => addLine(pending, { manifest_sha256: "1".repeat(64) }),
    ],
    ["if the chain is broken behind it", "run_not_in_ledger", (pending) => addLine(pending, { run_id: "x", n: 999 })],
    [
      "if a crash kept it out of the ledger, and another process entered it",
      "run_not_in_ledger",
      (pending) => editLastLine(pending, (entry) => ({ ...entry, recovered: true })),
    ],
    [
      "if this home has no claim of its approval",
      "run_not_in_ledger",
      (pending) => rmSync(claimFileOf(pending), { recursive: true }),
    ],
    [
      "if another run spent its approval",
      "run_not_in_ledger",
      (pending) => {
        const file = claimFileOf(pending);
        const claim = readFileSync(file, "utf8");
        writeFileSync(file, claim.replace(pending.runId, "another-run"));
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

  it("if it is a copy of a good one: one approval lands one change", async () => {
    const pending = template.copy();
    const { runId, store } = pending;
    await copyRun(store, runId, `${runId}-copy`);
    const directory = join(store.root, "runs", `${runId}-copy`);
    expect(verifyRunDirectory(directory, readTrustedKeys(store.home).keys)).toMatchObject({ verdict: "unsigned" });
    expect(await pending.decide({ runId: `${runId}-copy` })).toMatchObject({
      code: "run_not_in_ledger",
      message: expect.stringContaining(`run ${runId}-copy shows an approval that it did not spend here`),
    });
    expect(await pending.decide()).toMatchObject({ kind: "recorded" });
    expect(await pending.decide({ runId: `${runId}-copy` })).toMatchObject({ code: "run_not_in_ledger" });
    expect(await look(pending)).toEqual(everything(pending));
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

  it("if the target is admitted, and not the one that was approved", async () => {
    const pending = template.copy();
    const { home, root, target } = pending;
    await pending.git("clone", "-q", target, join(root, "clone"));
    const record = readFileSync(join(home, "cto/admissions/target.json"), "utf8");
    const clone = record.replace('"id":"target"', '"id":"clone"').replace("../target", "../clone");
    writeFileSync(join(home, "cto/admissions/clone.json"), clone);
    expect(await pending.decide({ targetDirectory: join(root, "clone") })).toMatchObject({
      kind: "refused",
      code: "target_mismatch",
      message: "the approval was for the target target, and this one is admitted as clone",
    });
    expect(await pending.decide()).toMatchObject({ kind: "recorded" });
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

function spoil({ runId, store }: PendingHome, name: string): void {
  const file = join(store.root, "runs", runId, name);
  const bytes = readFileSync(file);
  const at = bytes.length - 10;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

function ledgerOf({ store }: PendingHome): { readonly file: string; readonly lines: readonly string[] } {
  const file = join(store.root, "ledger.ndjson");
  return { file, lines: readFileSync(file, "utf8").trimEnd().split("\n") };
}

/** Writes a line like the last one behind it, in the chain unless `more` says another number. */
function addLine(pending: PendingHome, more: object): void {
  const { file, lines } = ledgerOf(pending);
  const last = lines.at(-1) ?? "";
  const entry = JSON.parse(last) as { n: number };
  const prev = createHash("sha256").update(last).digest("hex");
  writeFileSync(file, `${[...lines, toCanonicalJson({ ...entry, n: entry.n + 1, prev, ...more })].join("\n")}\n`);
}

function editLastLine(pending: PendingHome, edit: (entry: object) => object): void {
  const { file, lines } = ledgerOf(pending);
  const last = toCanonicalJson({ ...edit(JSON.parse(lines.at(-1) ?? "")) });
  writeFileSync(file, `${[...lines.slice(0, -1), last].join("\n")}\n`);
}

function claimFileOf({ runId, store }: PendingHome): string {
  const row = store.approvals.list().find((one) => one.kind === "readable" && one.claim?.run_id === runId);
  return join(store.root, "approvals", row?.sha256 ?? "", "claim.json");
}
