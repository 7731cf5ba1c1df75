import { type FailureExemption, type Ladder, SCHEMAS } from "@cto/evidence-interface";
import type { LadderEvidence, OutcomeOf } from "./ladder-evidence.ts";
import { type LadderSubject, toIdentity, toIdentityKey } from "./ladder-subject.ts";
import { type Rung, RungTracker } from "./rung-tracker.ts";

export interface ToLadderOptions {
  /** Newest first. */
  readonly evidence: Iterable<LadderEvidence>;
  /** Subjects that are listed first, also without any evidence. */
  readonly subjects: readonly LadderSubject[];
  readonly outcomeOf: OutcomeOf;
  readonly exemptions: readonly FailureExemption[];
}

export type LadderItem = Ladder["items"][number];

/**
 * The rung of every subject: those asked for, then all that the evidence shows, newest first. One entry without a target for what holds for every
 * target (stages 1 and 2), one more for each target. Nothing is stored; the same evidence gives the same document.
 */
export function toLadder({ evidence, subjects, ...rules }: ToLadderOptions): Ladder {
  const items = [...evidence];
  return {
    schema: SCHEMAS.ladder,
    items: allSubjects(subjects, items).map((subject) => toItem(subject, items, rules)),
    left_out: items.flatMap(toLeftOut),
  };
}

function allSubjects(asked: readonly LadderSubject[], items: readonly LadderEvidence[]): readonly LadderSubject[] {
  const found = new Map<string, LadderSubject>();
  const add = (subject: LadderSubject): void => {
    const key = `${toIdentityKey(subject)} ${subject.target_id}`;
    if (!found.has(key)) found.set(key, subject);
  };
  for (const subject of asked) {
    add({ ...subject, target_id: null });
    if (subject.target_id !== null) add(subject);
  }
  for (const item of items) {
    if (item.state !== "verified" || item.value.isolation === "none") continue;
    const identity = toIdentity(item.value);
    if (identity === null) continue;
    add({ ...identity, target_id: null });
    if (item.value.target_id !== null) add({ ...identity, target_id: item.value.target_id });
  }
  return [...found.values()];
}

function toItem(
  subject: LadderSubject,
  items: readonly LadderEvidence[],
  rules: Pick<ToLadderOptions, "outcomeOf" | "exemptions">,
): LadderItem {
  const tracker = new RungTracker({ ...rules, subject, highest: subject.target_id === null ? 2 : 6 });
  for (const item of items) tracker.take(item);
  const rungs = tracker.rungs();
  const provenStage = rungs.filter(({ proven }) => proven).length;
  const { engine, model, standing_policy_digest, target_id } = subject;
  return {
    engine: { ...engine },
    model: model === null ? null : { ...model },
    standing_policy_digest,
    target_id,
    proven_stage: provenStage,
    repeatability_count: countTasks(rungs, provenStage),
    candidate_default_eligible: provenStage === 6,
    rungs: rungs.map((rung) => ({ ...rung })),
    runtime_default_activation: false,
  };
}

/** Distinct tasks that passed at the proven stage. Stages 1 and 6 start no engine: 6 rests on the tasks of 5, and 1 on none. */
function countTasks(rungs: readonly Rung[], provenStage: number): number {
  const stage = Math.min(provenStage, 5);
  return stage < 2 ? 0 : (rungs[stage - 1]?.tasks ?? 0);
}

function toLeftOut(item: LadderEvidence): Ladder["left_out"] {
  if (item.run_id === null) return [];
  if (item.state !== "verified") return [{ run_id: item.run_id, reason: item.reason }];
  if (item.value.isolation === "none") return [{ run_id: item.run_id, reason: "it ran without isolation" }];
  if (toIdentity(item.value) === null)
    return [{ run_id: item.run_id, reason: "it does not say which engine executable it was for" }];
  return [];
}
