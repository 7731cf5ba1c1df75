import { join } from "node:path";
import { readTrustedKeys, type Signer } from "@cto/bundle-store";
import { type Outcome, RUN_FILES, SCHEMAS, type TrustedKey } from "@cto/evidence-interface";
import { type Repository, readRepository } from "@cto/git-state";
import { landResult, removeTree } from "@cto/workspace";
import { checkAdmission, checkIdentity } from "./check-target.ts";
import { type DecideOutcomeOptions, type Decision, scratchOf, toCommit } from "./decision.ts";
import { compareOutcomes, finishBegun } from "./finish-begun.ts";
import { type OutcomeDecision, type OutcomeRefusal, refuse } from "./outcome-decision.ts";
import { type PendingRun, readPendingRun } from "./read-pending-run.ts";
import { toOutcomeFiles } from "./to-outcome-files.ts";

/**
 * Records a person's word about a passed run of stage 5. Accepted: the verified tree becomes one commit on the branch `cto/<run id>` of the
 * target, which is otherwise left as it is. Rejected: nothing is touched. A signed record in `.cto/outcomes/<run id>/` says either. Branch and record
 * come together: after a crash the next call for the run finishes or undoes what was begun. One decision for a run, ever. Throws what reading
 * keys, store and repository throws, and `STORE_LOCKED`.
 */
export async function decideOutcome(options: DecideOutcomeOptions): Promise<OutcomeDecision> {
  const { runId, signer, store, targetDirectory } = options;
  const trustedKeys = readTrustedKeys(store.home).keys;
  const pending = readPendingRun(store, runId, trustedKeys);
  if (pending.kind === "refused") return pending;
  const distrust = checkSigner(signer, trustedKeys);
  if (distrust !== null) return distrust;
  const target = targetDirectory === null ? null : await readRepository(targetDirectory);
  const mismatch = target === null ? null : await checkIdentity(target, pending);
  if (mismatch !== null) return mismatch;
  return store.outcomes.decide(runId, (draft) => decide({ ...options, pending, trustedKeys, draft, target }));
}

function checkSigner({ publicKey }: Signer, trustedKeys: readonly TrustedKey[]): OutcomeRefusal | null {
  const entry = trustedKeys.find(({ keyid }) => keyid === publicKey.keyid);
  if (entry?.roles.includes("approver") === true) return null;
  const why = entry === undefined ? "is not in cto/keys/trusted.json" : "is not trusted as approver";
  const hint = `The repository's owner enters it: cto keys show ${publicKey.name} > key.json; cto keys trust key.json --role approver.`;
  return refuse("approver_not_trusted", `the key ${publicKey.name} ${why}`, hint);
}

async function decide(decision: Decision): Promise<OutcomeDecision> {
  const { outcome, pending, store, trustedKeys } = decision;
  // A dead process may have left its own.
  await removeTree(scratchOf(decision));
  const standing = store.outcomes.read(pending.runId, { run: pending.run, trustedKeys });
  if (standing.kind === "invalid") {
    const hint = `Look at .cto/outcomes/${pending.runId} and move it away if it is nobody's decision.`;
    return refuse("outcome_invalid", `there is a record that does not verify: ${standing.problems.join("; ")}`, hint);
  }
  if (standing.kind === "recorded") return compareOutcomes(outcome, standing.outcome);
  const begun = await finishBegun(decision);
  if (begun !== null) return begun;
  return outcome === "accepted" ? accept(decision) : reject(decision);
}

async function reject(decision: Decision): Promise<OutcomeDecision> {
  const outcome = await prepare(decision, null);
  await decision.draft.publish();
  return { kind: "recorded", outcome, recovered: false };
}

async function accept(decision: Decision): Promise<OutcomeDecision> {
  const { now, pending, store, target } = decision;
  if (target === null)
    return refuse("target_unknown", "no target is known to land in", "Name the repository: --target DIR.");
  const { start_tree: startTree, baseline_tree: baselineTree } = pending.report.source;
  if (startTree !== baselineTree) {
    const message = "setup changed files before the engine began, so the patch alone does not give what was verified";
    return refuse("setup_changed_files", message, "Have setup write only what the repository ignores, and run again.");
  }
  const refusal = await checkAdmission(target, pending, { home: store.home, now });
  return refusal ?? land(decision, target);
}

/** Record, then branch, then the record's name: a death in between leaves a prepared record, and the branch says whether it came true. */
async function land(decision: Decision, target: Repository): Promise<OutcomeDecision> {
  const { draft, pending } = decision;
  const commit = toCommit(pending, target);
  const { branch, baseCommit, resultTree } = pending;
  const outcome = await prepare(decision, {
    branch: `refs/heads/${branch}`,
    base_commit: baseCommit,
    commit: commit.id,
    tree: resultTree,
  });
  const scratch = scratchOf(decision);
  try {
    const landing = await landResult({
      target,
      baseCommit,
      patchFile: join(pending.directory, RUN_FILES.patch),
      expectedTree: resultTree,
      branch,
      message: commit.message,
      at: commit.at,
      scratch,
    });
    if (landing.kind === "landed" || landing.kind === "already") {
      await draft.publish();
      return { kind: "recorded", outcome, recovered: false };
    }
    await draft.discard();
    return landing.kind === "target-moved" ? moved(pending, landing.head) : notLanded(landing.message);
  } finally {
    await removeTree(scratch);
  }
}

/** Writes the record under its hidden name, and reads it back as anybody will. */
async function prepare(decision: Decision, landing: Outcome["landing"]): Promise<Outcome> {
  const { draft, now, pending, reason, signer, trustedKeys } = decision;
  const { finished_at, manifest_sha256, run_id } = pending.run;
  const outcome: Outcome = {
    schema: SCHEMAS.outcome,
    run_id,
    manifest_sha256,
    outcome: decision.outcome,
    reason,
    approver: signer.publicKey,
    // A clock that went back is held at the end of the run.
    recorded_at: new Date(Math.max(now.getTime(), Date.parse(finished_at))).toISOString(),
    target_id: pending.targetId,
    landing,
    runtime_default_activation: false,
  };
  await draft.prepare(toOutcomeFiles(outcome, pending.run, signer));
  const written = draft.readPrepared({ run: pending.run, trustedKeys });
  if (written.kind === "recorded") return outcome;
  await draft.discard();
  throw new Error(
    `the record does not verify: ${written.kind === "invalid" ? written.problems.join("; ") : "it is gone"}`,
  );
}

function moved({ baseCommit }: PendingRun, head: string | null): OutcomeRefusal {
  const at = head === null ? "no commit" : head.slice(0, 12);
  const message = `HEAD of the target is at ${at}, and the run began at ${baseCommit.slice(0, 12)}`;
  return refuse("target_moved", message, "Run the task again on the target as it is now, or check the base out again.");
}

function notLanded(why: string): OutcomeRefusal {
  return refuse("landing_refused", why, "Mend that in the target and accept again; the patch stays in the bundle.");
}
