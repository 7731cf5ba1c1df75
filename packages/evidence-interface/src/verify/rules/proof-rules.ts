import { PROOF_FILES, RUN_FILES } from "../../vocabulary.ts";
import { sameDigests } from "./same-digests.ts";
import { digestOfProof } from "./stored-proof.ts";
import type { Rule } from "./whole-bundle.ts";

/** The contract in the bundle is the one that was judged. */
export const taskFits: Rule = (bundle, findings) => {
  const { task, report, run } = bundle;
  if (task === undefined) return;
  const digest = digestOfProof(bundle, PROOF_FILES.task, task, findings);
  if (digest !== undefined && digest !== report.task_digest)
    findings.add("TASK_DIGEST_DIFFERS", PROOF_FILES.task, "does not have the digest that report.json names");
  const say = (message: string) => findings.add("TASK_CONTRADICTED", RUN_FILES.report, message);
  if (task.id !== report.task_id) say("task_id is not the contract's id");
  if (task.diff_required !== report.diff_required) say("diff_required is not the contract's");
  if (task.title !== report.title) say("title is not the contract's");
  if (run.stage > task.stage && report.process_started)
    say(`the contract permits stage ${task.stage} at most and an engine ran at ${run.stage}`);
  const known = new Set(task.verification.map(({ id }) => id));
  for (const { id } of report.verification) if (!known.has(id)) say(`verification ${id} is not in the contract`);
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
