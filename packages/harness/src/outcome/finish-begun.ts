import { setTimeout as sleep } from "node:timers/promises";
import type { Outcome } from "@cto/evidence-interface";
import type { Repository } from "@cto/git-state";
import { readBranch } from "@cto/workspace";
import { type Decision, toCommit } from "./decision.ts";
import { type OutcomeDecision, refuse } from "./outcome-decision.ts";
import type { PendingRun } from "./read-pending-run.ts";

/** What a dead process left: a landing that reached the target is finished with that one's record, anything else is dropped. Null if there is nothing to finish. */
export async function finishBegun(decision: Decision): Promise<OutcomeDecision | null> {
  const { draft, outcome, pending, target, trustedKeys } = decision;
  const prepared = draft.readPrepared({ run: pending.run, trustedKeys });
  const begun = prepared.kind === "recorded" ? prepared.outcome : null;
  const mayLand = prepared.kind !== "none" && begun?.outcome !== "rejected";
  if (target === null && mayLand) {
    const message = "an accept of this run was cut short, and whether it reached the target is not known";
    return refuse("outcome_unfinished", message, "Name the target, so that it can be looked at: --target DIR.");
  }
  const isLanded = target !== null && (await hasLanded(target, pending, mayLand ? patienceMs : 0));
  if (isLanded && begun?.outcome === "accepted") {
    await draft.publish();
    if (outcome === "accepted") return { kind: "recorded", outcome: begun, recovered: true };
    return compareOutcomes(outcome, begun);
  }
  if (isLanded && outcome === "rejected") {
    const message = `the result was landed on ${pending.branch}, and no record says who accepted it`;
    return refuse("outcome_unfinished", message, `Finish it: cto accept ${pending.runId}. Or remove the branch first.`);
  }
  await draft.discard();
  return null;
}

/** Git may outlive the process that started it, for a moment. */
const patienceMs = 500;

async function hasLanded(target: Repository, pending: PendingRun, waitMs: number): Promise<boolean> {
  const { id } = toCommit(pending, target);
  const deadline = performance.now() + waitMs;
  for (;;) {
    if ((await readBranch(target, pending.branch)) === id) return true;
    if (performance.now() >= deadline) return false;
    await sleep(50);
  }
}

/** The answer to somebody who wants an outcome where one is recorded. */
export function compareOutcomes(wanted: Outcome["outcome"], outcome: Outcome): OutcomeDecision {
  if (outcome.outcome === wanted) return { kind: "already", outcome };
  const message = `the run was ${outcome.outcome} at ${outcome.recorded_at} by ${outcome.approver.name}`;
  return refuse("outcome_recorded", message, "A decision stands for good. Run the task again for another one.");
}
