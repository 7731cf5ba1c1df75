import { createHash } from "node:crypto";
import { cpSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, type Store, trustKey } from "@cto/bundle-store";
import {
  ALWAYS_FORBIDDEN_ACTIONS,
  APPROVAL_DECISION_TYPE,
  type ApprovalDecision,
  type FailureCode,
  SCHEMAS,
  type Stage,
  toCanonicalJson,
  toEnvelope,
  toPreAuthentication,
} from "@cto/evidence-interface";
import { createTestRepository, type TestRepository } from "@cto/git-state/testing";
import { codesOf, runKit, type SeenRun, writeFiles } from "../../__fixtures__/run-kit.ts";
import { type DecideOutcomeOptions, decideOutcome, type OutcomeDecision } from "../../index.ts";

const failureClasses: readonly (readonly [Stage, readonly FailureCode[]])[] = [
  [2, ["no_diff", "disallowed_file_change", "verification_failed", "missing_test_command", "missing_required_event"]],
  [3, ["dirty_starting_tree", "dirty_ending_tree", "timeout", "artifact_write_failure"]],
  [4, ["approval_denied", "reviewer_rejected", "provider_unavailable"]],
  [5, ["disallowed_file_change", "verification_failed", "approval_denied"]],
];
const record = {
  approval_source: "The owner",
  approval_timestamp: "2026-01-02T03:04:05.000Z",
  review_trigger: "Next year",
};

/** A home and the repository that it governs, with one passed run of stage 5 that waits for a decision. */
export interface PendingHome {
  readonly root: string;
  readonly home: string;
  readonly target: string;
  readonly runId: string;
  readonly store: Store;
  decide(changed?: Partial<DecideOutcomeOptions>): Promise<OutcomeDecision>;
  /** Another passed run of stage 5, with other keys of the contract. Returns its id. */
  runAgain(task: Readonly<Record<string, unknown>>): Promise<string>;
  /** Plain git in the target. */
  git(...args: readonly string[]): Promise<string>;
}

/** What a test file pays for once: five runs from stage 1 to 5 through the real pipeline. Tests work on copies. */
export interface PendingTemplate {
  readonly folder: string;
  /** A copy of its own, below the template's folder. Paths in records are relative, so they hold there too. */
  copy(): PendingHome;
  remove(): Promise<void>;
}

export async function createPendingTemplate(): Promise<PendingTemplate> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "cto-pending-")));
  const original = join(root, "original");
  const target = await createTestRepository({
    directory: join(original, "target"),
    files: { "a.txt": "old\n", "b.txt": "other\n" },
  });
  const store = openStore({ home: join(original, "home") });
  writeFiles(store.home, toRecords());
  for (const name of ["ann", "eve"]) store.keys.createKey({ name });
  await trustKey(store.home, store.keys.openSigner("ann").publicKey, ["approver"]);
  for (const stage of [1, 2, 3, 4] as const) await climb(store, target.directory, stage);
  const { outcome } = await climb(store, target.directory, 5);
  let copies = 0;
  return {
    folder: root,
    copy() {
      copies += 1;
      const folder = join(root, `copy-${copies}`);
      cpSync(original, folder, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
      return openPendingHome(folder, outcome.runId, target.git);
    },
    async remove() {
      await target.remove();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function openPendingHome(root: string, runId: string, git: TestRepository["git"]): PendingHome {
  const store = openStore({ home: join(root, "home") });
  const target = join(root, "target");
  return {
    root,
    home: store.home,
    target,
    runId,
    store,
    decide: (changed = {}) =>
      decideOutcome({
        runId,
        outcome: "accepted",
        reason: null,
        signer: store.keys.openSigner("ann"),
        store,
        targetDirectory: target,
        now: new Date(),
        ...changed,
      }),
    runAgain: async (task) => (await climb(store, target, 5, task)).outcome.runId,
    git: (...args) => git("-C", target, ...args),
  };
}

function toRecords(): Readonly<Record<string, string>> {
  const exemptions = failureClasses.flatMap(([stage, codes]) =>
    codes.map((code) => {
      const id = `stage-${stage}-${code.replaceAll("_", "-")}`;
      return {
        schema: SCHEMAS.failureExemption,
        id,
        engine: "fake",
        stage,
        code,
        reason: "Shown elsewhere",
        ...record,
      };
    }),
  );
  const admission = {
    schema: SCHEMAS.targetAdmission,
    id: "target",
    admission_status: "admitted",
    target_repository_path: "../target",
    repository_owner: "The team",
    ownership_evidence: "Its maintainers file",
    risk_classification: "low_risk_noncritical",
    noncritical_rationale: "Nobody depends on it",
    allowed_paths: ["*.txt"],
    forbidden_paths: ["secret/"],
    forbidden_actions: [...ALWAYS_FORBIDDEN_ACTIONS],
    operator_outcome_required: true,
    ...record,
  };
  return Object.fromEntries(
    [admission, ...exemptions].map((one) => [`cto/admissions/${one.id}.json`, JSON.stringify(one)]),
  );
}

/** One run at a stage, with a person's approval where the stage asks for one. */
async function climb(
  store: Store,
  target: string,
  stage: Stage,
  task: Readonly<Record<string, unknown>> = {},
): Promise<SeenRun> {
  const run = () =>
    runKit({
      store,
      stage,
      task: { stage: 5, allowed_paths: ["a.txt"], ...task },
      ...(stage < 3 ? {} : { target: { directory: target } }),
    });
  const first = await run();
  const seen = codesOf(first).includes("approval_missing") ? await approveAndRun(store, run) : first;
  const codes = codesOf(seen).join();
  if (codes === (stage === 1 ? "gate_missing" : "")) return seen;
  throw new Error(`stage ${stage} ended with ${codes}: ${JSON.stringify(seen.outcome.blockers)}`);
}

async function approveAndRun(store: Store, run: () => Promise<SeenRun>): Promise<SeenRun> {
  const signer = store.keys.openSigner("ann");
  for (const row of store.approvals.list()) {
    if (row.kind === "broken" || row.decision !== null) continue;
    const decision: ApprovalDecision = {
      schema: SCHEMAS.approvalDecision,
      packet_sha256: row.sha256,
      decision: "granted",
      reason: null,
      approver: signer.publicKey,
      decided_at: new Date().toISOString(),
      narrowing: null,
    };
    const payload = Buffer.from(toCanonicalJson(decision));
    const signature = signer.sign(toPreAuthentication(APPROVAL_DECISION_TYPE, payload));
    const signatures = [{ keyid: signer.publicKey.keyid, signature }];
    await store.approvals.writeDecision(
      row.sha256,
      toEnvelope({ payloadType: APPROVAL_DECISION_TYPE, payload, signatures }),
    );
  }
  return run();
}

/** Digest over everything below a directory: names, kinds, modes, contents. What `skip` answers true for is left out, with what lies below. */
export function digestDirectory(root: string, skip: (name: string) => boolean = () => false): string {
  const hash = createHash("sha256");
  const walk = (folder: string, prefix: string): void => {
    for (const name of readdirSync(folder).sort()) {
      const [path, shown] = [join(folder, name), prefix + name];
      if (skip(shown)) continue;
      const found = lstatSync(path);
      hash.update(`${shown}\0${found.mode}\0`);
      if (found.isDirectory()) walk(path, `${shown}/`);
      else hash.update(found.isSymbolicLink() ? readlinkSync(path) : readFileSync(path));
    }
  };
  walk(root, "");
  return hash.digest("hex");
}

/** What a landing may add to a repository: objects, and branches below `cto/`. */
export function isLandingsOwn(name: string): boolean {
  return /^\.git\/(?:objects(?:\/|$)|refs\/heads\/cto(?:\/|$))/.test(name);
}
