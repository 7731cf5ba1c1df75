import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openStore, type Signer, type Store } from "@cto/bundle-store";
import type { FailureCode, Stage } from "@cto/evidence-interface";
import { decideOutcome, writeRecord } from "../index.ts";
import { createApprover, decideOpen, type Wish } from "./approver-kit.ts";
import { codesOf, createFolder, type KitOptions, runKit, type SeenRun, writeFiles } from "./run-kit.ts";

/** A home and a target beside each other, with nothing absolute in them: a copy is as good. */
export interface Place {
  readonly root: string;
  readonly store: Store;
  readonly target: string;
  readonly approver: Signer;
}

/** Plain git in a folder, without the machine's configuration. */
export function git(directory: string, ...args: readonly string[]): string {
  const identity = ["-c", "user.name=Owner", "-c", "user.email=owner@example.org"];
  const env = { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1" };
  return execFileSync("git", [...identity, ...args], { cwd: directory, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

const targetRecord = {
  schema: "cto.target-admission.v1",
  id: "site",
  admission_status: "admitted",
  target_repository_path: "../target",
  repository_owner: "team web",
  ownership_evidence: "listed in the service catalogue",
  risk_classification: "low_risk_noncritical",
  noncritical_rationale: "a static page",
  allowed_paths: ["a.txt", "docs/"],
  forbidden_paths: [],
  forbidden_actions: [
    "push",
    "merge",
    "deploy",
    "close",
    "pr_open",
    "issue_close",
    "public_publication",
    "credential_change",
    "vendor_source_mutation",
  ],
  approval_source: "owner, ticket 17",
  approval_timestamp: "2026-01-01T08:00:00.000Z",
  operator_outcome_required: true,
  review_trigger: "a new owner",
};

/** Writes a target admission with other fields. */
export function admitTarget({ store }: Pick<Place, "store">, fields: object = {}): void {
  const record = { ...targetRecord, ...fields };
  writeFiles(store.home, { "cto/admissions/site.json": JSON.stringify(record) });
}

/** A home that trusts one approver and admits one target, with nothing proven yet. */
export async function createPlace(root = createFolder()): Promise<Place> {
  const target = join(root, "target");
  writeFiles(target, { "a.txt": "old\n", "b.txt": "other\n" });
  git(target, "init", "-q", "-b", "main");
  git(target, "add", "-A");
  git(target, "commit", "-q", "-m", "First");
  mkdirSync(join(root, "home"));
  const store = openStore({ home: join(root, "home") });
  admitTarget({ store });
  return { root, store, target, approver: await createApprover(store.home) };
}

/** The same place once more: its bundles prove the same, and what happens there happens to nobody else. */
export function copyPlace(place: Place): Place {
  const root = join(createFolder(), "copy");
  execFileSync("cp", ["-a", "--", place.root, root]);
  return { ...place, root, store: openStore({ home: join(root, "home") }), target: join(root, "target") };
}

/** A run at a stage, in the place's home, on the place's target where the stage has one. */
export function runAt(place: Place, stage: Stage, options: KitOptions = {}): Promise<SeenRun> {
  const target = stage >= 3 ? { target: { directory: place.target } } : {};
  return runKit({ ...target, ...options, store: place.store, stage, task: { stage: 6, ...options.task } });
}

/** Asks, has it approved, and runs. */
export async function runApproved(place: Place, stage: Stage, options: KitOptions = {}, wish: Wish = {}): Promise<SeenRun> {
  const asked = await runAt(place, stage, options);
  // An earlier run of the same contract has spent its own.
  if (!codesOf(asked).includes("approval_consumed")) expectCodes(asked, ["approval_missing"]);
  await decideOpen(place.store, place.approver, wish);
  return runAt(place, stage, options);
}

/** Takes a place up to a stage with as few runs as the rules allow: every failure class is left out by a record. */
export async function climb(place: Place, to: 1 | 2 | 3 | 4): Promise<void> {
  exemptAll(place);
  expectCodes(await runAt(place, 1), ["gate_missing"]);
  if (to >= 2) expectCodes(await runAt(place, 2), []);
  if (to >= 3) expectCodes(await runAt(place, 3), []);
  if (to >= 4) expectCodes(await runApproved(place, 4), []);
}

const classes: Readonly<Partial<Record<Stage, readonly FailureCode[]>>> = {
  2: ["no_diff", "disallowed_file_change", "verification_failed", "missing_test_command", "missing_required_event"],
  3: ["dirty_starting_tree", "dirty_ending_tree", "timeout", "artifact_write_failure"],
  4: ["approval_denied", "reviewer_rejected", "provider_unavailable"],
  5: ["disallowed_file_change", "verification_failed", "approval_denied"],
};

function exemptAll({ store }: Place): void {
  for (const [stage, codes] of Object.entries(classes)) {
    for (const code of codes) {
      const record = {
        schema: "cto.failure-exemption.v1",
        id: `fake-${stage}-${code.replaceAll("_", "-")}`,
        engine: "fake",
        stage: Number(stage),
        code,
        reason: "tests climb by the shortest way",
        approval_source: "the tests",
        approval_timestamp: "2026-01-01T08:00:00.000Z",
        review_trigger: "never",
      } as const;
      writeRecord({ home: store.home, record, replace: false, now: new Date() });
    }
  }
}

/** Accepts a pending run of stage 5. */
export async function accept(place: Place, run: SeenRun): Promise<void> {
  const decided = await decideOutcome({
    runId: run.outcome.runId,
    outcome: "accepted",
    reason: null,
    signer: place.approver,
    store: place.store,
    targetDirectory: place.target,
    now: new Date(),
  });
  if (decided.kind !== "recorded") throw new Error(`not accepted: ${JSON.stringify(decided)}`);
}

/** A step of the way that did not end as it must would make every later test say something else. */
function expectCodes(run: SeenRun, codes: readonly string[]): void {
  if (codesOf(run).join() !== codes.join())
    throw new Error(`expected ${codes.join() || "a pass"}, seen ${run.outcome.blockers.map(({ message }) => message).join("; ")}`);
}
