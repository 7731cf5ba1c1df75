import { EVENTS_OF_A_PASS, PROOF_FILES, RUN_FILES } from "../../vocabulary.ts";
import type { Rule } from "./whole-bundle.ts";

const report = RUN_FILES.report;

/** A pass holds every event from run.started to run.completed, and a process that ended. */
export const passIsWhole: Rule = ({ report: facts, events }, findings) => {
  for (const event of EVENTS_OF_A_PASS) {
    if (!events.byName.has(event))
      findings.add("PASS_WITHOUT_EVENT", RUN_FILES.events, `status is pass and there is no ${event}`);
  }
  if (!facts.process_started)
    findings.add("PASS_WITHOUT_PROCESS", report, "status is pass and process_started is false");
  else if (facts.backend_exit !== "exited" || facts.backend_exit_code !== 0)
    findings.add("PASS_WITHOUT_PROCESS", report, "status is pass and the engine did not exit with 0");
  const completed = events.byName.get("engine.completed");
  if (completed !== undefined && completed.data.outcome !== "completed")
    findings.add("PASS_WITHOUT_PROCESS", RUN_FILES.events, "status is pass and the engine's outcome is not completed");
};

/** A pass changed something where the contract asks for it, and nothing but what the rules permit. */
export const passIsAllowed: Rule = ({ report: facts }, findings) => {
  if (facts.diff_required && facts.changed_files.length === 0)
    findings.add("PASS_WITHOUT_DIFF", report, "status is pass, a change is required and no file changed");
  if (facts.allowed_writes_passed !== true)
    findings.add("PASS_OUTSIDE_RULES", report, "status is pass and allowed_writes_passed is not true");
  if (facts.forbidden_paths_passed !== true)
    findings.add("PASS_OUTSIDE_RULES", report, "status is pass and forbidden_paths_passed is not true");
  for (const change of facts.changes) {
    if (!change.allowed) findings.add("PASS_OUTSIDE_RULES", report, `status is pass and ${change.path} is not allowed`);
  }
  const { files, tests_passed, committed } = facts.claims;
  const wasClaimed = files !== undefined || tests_passed !== undefined || committed !== undefined;
  if (facts.claims_match !== (wasClaimed ? true : null))
    findings.add("PASS_WITH_FALSE_CLAIM", report, `status is pass and claims_match is ${facts.claims_match}`);
};

/** A pass was verified by every command of the contract, and each one passed. */
export const passIsVerified: Rule = ({ report: facts, task }, findings) => {
  if (facts.verification.length === 0)
    findings.add("PASS_WITHOUT_VERIFICATION", report, "status is pass and nothing was verified");
  const asked = task?.verification.map(({ id }) => id) ?? [];
  if (task !== undefined && facts.verification.map(({ id }) => id).join("\0") !== asked.join("\0"))
    findings.add("PASS_WITHOUT_VERIFICATION", report, "status is pass and verification is not that of the contract");
  for (const { id, run } of task?.verification ?? []) {
    const same = facts.verification.some((entry) => entry.id === id && entry.command.join("\0") === run.join("\0"));
    if (!same)
      findings.add(
        "PASS_WITHOUT_VERIFICATION",
        report,
        `status is pass and verification ${id} of the contract is not there, or with another command`,
      );
  }
  for (const { id, passed, exit, tests } of facts.verification) {
    const clean = passed && exit.kind === "exited" && exit.code === 0 && (tests === undefined || tests.failed === 0);
    if (!clean) findings.add("PASS_WITH_FAILED_VERIFICATION", report, `status is pass and verification ${id} failed`);
  }
};

/** A pass had its approval where one is needed. */
export const passIsApproved: Rule = ({ report: { approval_status, stage }, task, eligibility, events }, findings) => {
  const needed = stage >= 4 || (task?.approval.required ?? false) || (eligibility?.approval_required ?? false);
  const given = approval_status === "granted" || approval_status === "consumed";
  const fits = given ? events.byName.has("approval.granted") : approval_status === "not-required" && !needed;
  if (!fits)
    findings.add(
      "PASS_WITHOUT_APPROVAL",
      report,
      `status is pass, approval_status is ${approval_status}, an approval is ${needed ? "" : "not "}required`,
    );
};

/** A pass names what ran and proves that what was verified is what is reported. */
export const passIsProven: Rule = ({ report: facts, treeState }, findings) => {
  if (facts.engine.executable_sha256 === null)
    findings.add("PASS_WITHOUT_PROOF", report, "status is pass and engine.executable_sha256 is null");
  const { baseline_commit, baseline_tree, start_tree } = facts.source;
  if (baseline_commit === null || baseline_tree === null || (start_tree ?? null) === null)
    findings.add("PASS_WITHOUT_PROOF", report, "status is pass and source does not say where the engine started from");
  if (treeState === undefined) {
    findings.add("PASS_WITHOUT_PROOF", PROOF_FILES.treeState, "status is pass and there is no tree state");
    return;
  }
  const { result_tree, fresh_checkout_tree, workspace_before, workspace_after } = treeState;
  if (workspace_before === null || workspace_after === null)
    findings.add(
      "PASS_WITHOUT_PROOF",
      PROOF_FILES.treeState,
      "status is pass and a snapshot of the workspace is absent",
    );
  else if (facts.changed_files.length > 0 && workspace_before.sha256 === workspace_after.sha256)
    findings.add("TREE_CONTRADICTED", PROOF_FILES.treeState, "files changed and both snapshots are equal");
  if (result_tree === null || result_tree !== fresh_checkout_tree) {
    findings.add("TREE_CONTRADICTED", PROOF_FILES.treeState, "status is pass and the fresh checkout is not the result");
  }
};
