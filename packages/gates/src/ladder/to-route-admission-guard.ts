import { type Comparison, type PromotionDecision, type RouteAdmissionGuard, SCHEMAS } from "@cto/evidence-interface";
import type { LadderItem } from "./to-ladder.ts";

export interface RouteAdmissionGuardFacts {
  /** The subject's entry of the ladder, with its target; null if there is none. */
  readonly item: LadderItem | null;
  readonly comparison: Comparison;
  /** The record of a person's word on promotion; null if there is none. */
  readonly decision: PromotionDecision | null;
}

/**
 * What stands between an engine and being a default: the evidence of the rungs below 6, a complete comparison, and a person who asked for it. Whatever it says,
 * it opens nothing.
 */
export function toRouteAdmissionGuard({ comparison, decision, item }: RouteAdmissionGuardFacts): RouteAdmissionGuard {
  const stage = item?.proven_stage ?? 0;
  const tasks = item?.rungs.find((rung) => rung.stage === 5)?.tasks ?? 0;
  const isAsked =
    decision?.decision_status === "core_promotion_requested" &&
    decision.ready_for_review &&
    decision.blockers.length === 0;
  const checks = [
    { check: "stage-5-proven", passed: stage >= 5, detail: `proven up to stage ${stage}` },
    { check: "two-tasks-accepted", passed: tasks >= 2, detail: `${tasks} tasks were accepted at stage 5` },
    { check: "comparison-complete", passed: comparison.complete, detail: describeComparison(comparison) },
    { check: "promotion-requested", passed: isAsked, detail: describeDecision(decision) },
  ];
  const failed = checks.find(({ passed }) => !passed);
  return {
    schema: SCHEMAS.routeAdmissionGuard,
    guard_status: failed === undefined ? "candidate_default_eligible" : "blocked",
    blocked_reason: failed === undefined ? null : `${failed.check}: ${failed.detail}`,
    checks,
    runtime_default_activation: false,
  };
}

function describeComparison({ aspects, lanes }: Comparison): string {
  const present = lanes.filter(({ run_id }) => run_id !== null).length;
  const unequal = aspects.filter(({ equal }) => !equal).map(({ aspect }) => aspect);
  return `${present} of ${lanes.length} lanes have a bundle; ${unequal.length === 0 ? "nothing differs" : `${unequal.join(", ")} differ`}`;
}

function describeDecision(decision: PromotionDecision | null): string {
  if (decision === null) return "no person has asked for a promotion: `cto admit promotion` records it";
  if (decision.decision_status !== "core_promotion_requested")
    return `the promotion decision ${decision.id} says ${decision.decision_status}`;
  if (decision.blockers.length > 0)
    return `the promotion decision ${decision.id} names blockers: ${decision.blockers.join("; ")}`;
  return `the promotion decision ${decision.id} ${decision.ready_for_review ? "asks for it" : "is not ready for review"}`;
}
