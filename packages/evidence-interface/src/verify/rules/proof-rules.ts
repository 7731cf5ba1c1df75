import { PROOF_FILES, RUN_FILES } from "../../vocabulary.ts";
import type { Findings } from "../findings.ts";
import { isCanonical } from "../is-canonical.ts";
import { sameDigests } from "./same-digests.ts";
import type { Rule, WholeBundle } from "./whole-bundle.ts";

/** The contract in the bundle is the one that was judged. */
export const taskFits: Rule = (bundle, findings) => {
  const { task, report, run } = bundle;
  if (task === undefined) return;
  compareDigest(bundle, PROOF_FILES.task, task, report.task_digest, "TASK_DIGEST_DIFFERS", findings);
  const say = (message: string) => findings.add("TASK_CONTRADICTED", RUN_FILES.report, message);
  if (task.id !== report.task_id) say("task_id is not the contract's id");
  if (task.diff_required !== report.diff_required) say("diff_required is not the contract's");
  if (task.title !== report.title) say("title is not the contract's");
  if (run.stage > task.stage && report.process_started)
    say(`the contract permits stage ${task.stage} at most and an engine ran at ${run.stage}`);
  const known = new Set(task.verification.map(({ id }) => id));
  for (const { id } of report.verification) if (!known.has(id)) say(`verification ${id} is not in the contract`);
};

/** The effective policy in the bundle is the one that was judged, and what it holds from the contract stands in the contract. */
export const policyFits: Rule = (bundle, findings) => {
  const { policy, report, task } = bundle;
  if (policy === undefined) return;
  compareDigest(bundle, PROOF_FILES.policy, policy, report.policy_digest, "POLICY_DIGEST_DIFFERS", findings);
  if (policy.stage !== report.stage)
    findings.add(
      "POLICY_CONTRADICTED",
      PROOF_FILES.policy,
      `is for stage ${policy.stage}, the run for ${report.stage}`,
    );
  if (task === undefined) return;
  const ofTask = toRulesOfTask(task);
  const seen = { ...noneSeen };
  for (const { dimension, value, layer } of policy.rules) {
    if (layer !== "task") continue;
    const expected = ofTask[dimension][seen[dimension]];
    seen[dimension] += 1;
    // Both come out of canonical JSON, so equal objects have the same text.
    if (value !== expected && JSON.stringify(value) !== JSON.stringify(expected)) seen[dimension] = Number.NaN;
  }
  for (const dimension of dimensions) {
    if (seen[dimension] !== ofTask[dimension].length)
      findings.add("POLICY_CONTRADICTED", PROOF_FILES.policy, `${dimension} is not what the contract says`);
  }
};

type Dimension = NonNullable<WholeBundle["policy"]>["rules"][number]["dimension"];

const noneSeen: Readonly<Record<Dimension, number>> = {
  allowed_paths: 0,
  forbidden_paths: 0,
  protected_paths: 0,
  forbidden_actions: 0,
  by_products: 0,
  network: 0,
  budget: 0,
  stage: 0,
  engines: 0,
  models: 0,
  targets: 0,
};
const dimensions = Object.keys(noneSeen) as readonly Dimension[];

/** What a policy takes from a contract, by dimension and in order. */
function toRulesOfTask(task: NonNullable<WholeBundle["task"]>): Readonly<Record<Dimension, readonly unknown[]>> {
  return {
    allowed_paths: task.allowed_paths,
    forbidden_paths: task.forbidden_paths,
    protected_paths: task.protected_paths,
    forbidden_actions: task.forbidden_actions,
    by_products: task.by_products,
    network: [task.network],
    budget: [task.budget],
    stage: [task.stage],
    engines: [],
    models: [],
    targets: [],
  };
}

/** The digest is taken over the stored canonical text without its LF. */
function compareDigest(
  { bytesOf, sha256 }: WholeBundle,
  path: string,
  value: unknown,
  digest: string,
  code: "TASK_DIGEST_DIFFERS" | "POLICY_DIGEST_DIFFERS",
  findings: Findings,
): void {
  const stored = bytesOf(path);
  if (stored === undefined) return;
  if (!isCanonical(stored, value))
    findings.add("PROOF_NOT_CANONICAL", path, "is not stored in canonical bytes and one LF");
  if (sha256(stored.subarray(0, -1)) !== digest)
    findings.add(code, path, "does not have the digest that report.json names");
}

/** The decision permits what happened: an engine ran only if it was selected and no gate was missing. */
export const eligibilityFits: Rule = ({ eligibility, report, codes, listed, task }, findings) => {
  if (eligibility === undefined) {
    const early = codes.has("interrupted") || codes.has("artifact_write_failure");
    if (!early && !listed.has(PROOF_FILES.eligibility))
      findings.add(
        "FILE_NOT_IN_BUNDLE",
        PROOF_FILES.eligibility,
        "is not in the manifest, and only a run that was cut short may lack it",
      );
    return;
  }
  const say = (message: string) => findings.add("ELIGIBILITY_CONTRADICTED", PROOF_FILES.eligibility, message);
  if (eligibility.task_id !== report.task_id) say("is about another task");
  if (task !== undefined && eligibility.risk_class !== task.risk_class) say("risk_class is not the contract's");
  if (task?.approval.required && !eligibility.approval_required)
    say("leaves out the approval that the contract requires");
  if (!report.process_started) return;
  if (eligibility.allowed_mutation_mode !== report.mutation_scope)
    say("permits another mutation mode than the report's");
  if (eligibility.selected_backend !== report.backend) say("an engine ran that was not selected");
  if (eligibility.missing_gates.length > 0) say("an engine ran while gates were missing");
  const passed = new Set(eligibility.passed_gates);
  if (eligibility.required_gates.some((gate) => !passed.has(gate)))
    say("an engine ran while a required gate had not passed");
};

/** The trees of the proof are those of the report, and the source is as it was unless a blocker says otherwise. */
export const treesFit: Rule = ({ treeState, report, codes }, findings) => {
  const { baseline_tree, result_tree } = report.source;
  const start_tree = report.source.start_tree ?? baseline_tree;
  if (
    start_tree !== null &&
    result_tree !== null &&
    (start_tree === result_tree) !== (report.changed_files.length === 0)
  ) {
    findings.add(
      "TREE_CONTRADICTED",
      RUN_FILES.report,
      "changed_files and the trees of source do not agree on whether anything changed",
    );
  }
  if (treeState === undefined) {
    if (report.process_started)
      findings.add("TREE_CONTRADICTED", PROOF_FILES.treeState, "an engine ran and there is no tree state");
    return;
  }
  if (treeState.result_tree !== result_tree)
    findings.add("TREE_CONTRADICTED", PROOF_FILES.treeState, "result_tree is not the report's");
  const moved = codes.has("source_mutated") || codes.has("target_moved") || codes.has("interrupted");
  if (!moved && !sameDigests(treeState.source_before, treeState.source_after)) {
    findings.add("SOURCE_CHANGED", PROOF_FILES.treeState, "the source's digests before and after differ");
  }
};

/** A blocked run proves that it changed nothing and left nothing behind. */
export const noEffectFits: Rule = ({ noEffect, report, codes }, findings) => {
  const path = PROOF_FILES.noEffect;
  if (noEffect === undefined) {
    if (report.status === "blocked")
      findings.add("NO_EFFECT_MISSING", path, "status is blocked and there is no no-effect proof");
    return;
  }
  const say = (message: string) => findings.add("NO_EFFECT_CONTRADICTED", path, message);
  const { before, after, equal, subject } = noEffect;
  if (noEffect.process_started !== report.process_started) say("process_started is not the report's");
  if (equal !== null && equal !== sameDigests(before, after)) say("equal does not say what before and after say");
  if (equal && before === null && subject === "repository") say("equal without digests of the repository");
  const excused = codes.has("target_moved") || codes.has("interrupted");
  if (report.status === "blocked" && equal !== true && !excused)
    say("status is blocked and the source is not proven unchanged");
  if (report.status === "blocked" && (noEffect.processes_left ?? 0) > 0)
    say("status is blocked and processes were left");
};
