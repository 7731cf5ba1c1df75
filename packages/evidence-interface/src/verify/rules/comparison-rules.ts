import { COMPARISON_ASPECTS } from "../../schemas/stage-proofs.ts";
import { PROOF_FILES } from "../../vocabulary.ts";
import { wasCutShort } from "./event-rules.ts";
import type { Rule, WholeBundle } from "./whole-bundle.ts";

/** Stage 6 reads bundles: it has a comparison and a guard unless a gate before refused, and no other stage has them. */
export const comparisonFits: Rule = (bundle, findings) => {
  const { comparison, routeGuard, report, rung, run } = bundle;
  const say = (message: string) => findings.add("COMPARISON_CONTRADICTED", PROOF_FILES.comparison, message);
  const sayGuard = (message: string) => findings.add("ROUTE_GUARD_CONTRADICTED", PROOF_FILES.routeGuard, message);
  const reached = run.stage === 6 && wasRefusedByStageAlone(bundle);
  if (comparison === undefined && reached) say("stage 6 was reached and there is no comparison");
  if (routeGuard === undefined && reached) sayGuard("stage 6 was reached and there is no route guard");
  if (comparison !== undefined) {
    if (run.stage !== 6) say(`a comparison at stage ${run.stage}`);
    if (comparison.task_id !== report.task_id) say("is about another task");
    judgeComparison(comparison, run.run_id, say);
  }
  if (routeGuard === undefined) return;
  if (run.stage !== 6) sayGuard(`a route guard at stage ${run.stage}`);
  // Of a run that was cut short one proof may have reached the disk without the others. It counts for nobody.
  if (wasCutShort(bundle)) return;
  const { guard_status, blocked_reason, checks } = routeGuard;
  const failed = checks.find(({ passed }) => !passed);
  const has = (name: string) => checks.some(({ check, passed }) => check === name && passed);
  if (checks.map(({ check }) => check).join(" ") !== guardChecks.join(" "))
    sayGuard("leaves out a check, or has another");
  if ((guard_status === "candidate_default_eligible") !== (failed === undefined))
    sayGuard("guard_status is not what the checks say");
  if (failed === undefined ? blocked_reason !== null : !blocked_reason?.startsWith(`${failed.check}: `))
    sayGuard("blocked_reason does not name the first check that failed");
  const isComplete = comparison?.complete ?? false;
  if (has("comparison-complete") !== isComplete) sayGuard("comparison-complete is not what the comparison says");
  if (has("stage-5-proven") && rung?.proven !== true) sayGuard("stage-5-proven passed, and the rung is not proven");
};

/** The engines that are compared, and what a guard checks, each in its order. */
const laneEngines = ["fake", "case", "codex", "pi"];
const guardChecks = ["stage-5-proven", "two-tasks-accepted", "comparison-complete", "promotion-requested"];

/** The plan names the answer of every gate: at stage 6 the stage itself always refuses, and here nothing else did. */
function wasRefusedByStageAlone({ codes, events }: WholeBundle): boolean {
  const gates: unknown = events.byName.get("plan.updated")?.data.gates;
  const refused = Array.isArray(gates) ? gates.filter((gate) => gate?.answer === "fail") : [];
  return (
    codes.size === 1 && codes.has("gate_missing") && refused.every(({ gate }) => gate === "stage-permits-execution")
  );
}

function judgeComparison(
  { lanes, aspects, complete }: NonNullable<WholeBundle["comparison"]>,
  runId: string,
  say: (message: string) => void,
): void {
  for (const lane of lanes) {
    const facts = [lane.manifest_sha256, lane.stage, lane.status];
    const whole = lane.run_id === null ? facts.every((fact) => fact === null) : !facts.includes(null);
    if (!whole || (lane.run_id === null) !== (lane.missing !== null))
      say(`lane ${lane.engine} has neither a whole bundle nor a reason, or both`);
    const isOpen = lane.status === "pass" || lane.status === null;
    if (isOpen !== (lane.codes.length === 0)) say(`lane ${lane.engine}: status and codes do not agree`);
  }
  if (lanes.map(({ engine }) => engine).join(" ") !== laneEngines.join(" "))
    say(`the lanes are not ${laneEngines.join(", ")}, each once`);
  if (lanes.some(({ run_id }) => run_id === runId)) say("the run is a lane of its own comparison");
  if (aspects.some(({ equal, differences }) => equal !== (differences.length === 0)))
    say("an aspect is equal and differs, or neither");
  const equal = COMPARISON_ASPECTS.every((name) => aspects.some((entry) => entry.aspect === name && entry.equal));
  const known = aspects.length === COMPARISON_ASPECTS.length;
  const anyBundle = lanes.some(({ run_id }) => run_id !== null);
  if (complete !== (equal && known && anyBundle)) say("complete is not what lanes and aspects say");
}
