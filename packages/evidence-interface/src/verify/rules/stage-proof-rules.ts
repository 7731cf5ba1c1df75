import { COMPARISON_ASPECTS } from "../../schemas/stage-proofs.ts";
import { PROOF_FILES } from "../../vocabulary.ts";
import type { Rule, WholeBundle } from "./whole-bundle.ts";

/** An engine ran at stage 3 and up, the built-in one at 4 and up, only on a proven rung, held by bundles of other runs. */
export const rungFits: Rule = ({ rung, report, run, codes }, findings) => {
  const say = (message: string) => findings.add("RUNG_CONTRADICTED", PROOF_FILES.rung, message);
  const needed = run.stage >= (run.engine_id === "fake" ? 4 : 3);
  if (rung === undefined) {
    if (needed && report.process_started) say("an engine ran and nothing shows that the stage below is proven");
    return;
  }
  const { required_stage, proven, bundles, missing } = rung;
  if (needed ? required_stage !== run.stage - 1 : required_stage !== null && required_stage !== run.stage - 1)
    say(`is about stage ${required_stage ?? "none"}, the run is of stage ${run.stage}`);
  if (proven && missing.length > 0) say("is proven, and something is missing");
  if (proven && needed && bundles.length === 0) say("is proven by no bundle");
  if (!proven && needed && report.process_started) say("an engine ran and the stage below is not proven");
  if (proven && codes.has("stage_not_proven")) say("is proven, and stage_not_proven is a blocker");
  if (bundles.some(({ run_id }) => run_id === run.run_id)) say("the run counts as its own proof");
};

/** A pass at stage 4 shows its throwaway repository: the result on the branch of the run, and nothing else that moved or could be pushed. */
export const disposableFits: Rule = ({ disposable, report, run }, findings) => {
  const path = PROOF_FILES.disposable;
  const say = (message: string) => findings.add("DISPOSABLE_CONTRADICTED", path, message);
  if (disposable === undefined) {
    if (run.stage === 4 && report.status === "pass")
      findings.add("PASS_WITHOUT_PROOF", path, "status is pass at stage 4 and nothing shows the throwaway repository");
    return;
  }
  const { base_commit, branch, commit, tree, other_refs_before, other_refs_after, head_unmoved, remotes } = disposable;
  if (run.stage !== 4) say(`a throwaway repository at stage ${run.stage}`);
  if (base_commit !== report.source.baseline_commit) say("base_commit is not the report's baseline");
  if (branch !== `refs/heads/cto/${run.run_id}`) say("branch is not the run's");
  if (tree !== report.source.result_tree) say("tree is not the report's result");
  if (report.status !== "pass") return;
  if (commit === base_commit) say("nothing was landed");
  if (other_refs_before !== other_refs_after || !head_unmoved) say("status is pass, and HEAD or another ref moved");
  if (remotes > 0) say("status is pass, and there is a remote that anything could be pushed to");
};

/** Stage 6 reads bundles: it has a comparison and a guard unless a gate before refused, and no other stage has them. */
export const comparisonFits: Rule = (bundle, findings) => {
  const { comparison, routeGuard, report, run } = bundle;
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
  const { guard_status, blocked_reason, checks } = routeGuard;
  const open = checks.length > 0 && checks.every(({ passed }) => passed);
  if ((guard_status === "candidate_default_eligible") !== open) sayGuard("guard_status is not what the checks say");
  if ((blocked_reason === null) !== (guard_status !== "blocked")) sayGuard("blocked_reason does not fit guard_status");
  if (guard_status !== "blocked" && comparison?.complete !== true) sayGuard("is open, and no comparison is complete");
};

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
  }
  if (new Set(lanes.map(({ engine }) => engine)).size !== lanes.length) say("an engine has two lanes");
  if (lanes.some(({ run_id }) => run_id === runId)) say("the run is a lane of its own comparison");
  if (aspects.some(({ equal, differences }) => equal !== (differences.length === 0)))
    say("an aspect is equal and differs, or neither");
  const equal = COMPARISON_ASPECTS.every((name) => aspects.some((entry) => entry.aspect === name && entry.equal));
  const known = aspects.length === COMPARISON_ASPECTS.length;
  const anyBundle = lanes.some(({ run_id }) => run_id !== null);
  if (complete !== (equal && known && anyBundle)) say("complete is not what lanes and aspects say");
}
