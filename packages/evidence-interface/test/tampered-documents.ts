import { eventOf } from "./draft-edits.ts";
import { blockedDraft, failDraft, passDraft } from "./golden-drafts.ts";
import { both, built, data, document, eligibility, report, run, type Tampering, verification } from "./tampering.ts";

/** Documents that contradict one another, under digests that fit. */
export const tamperedDocuments: readonly Tampering[] = [
  built(
    "an engine event of another executable",
    failDraft,
    data("engine.started", { executable_sha256: "00".repeat(32) }),
    "contradictory",
    "EVENT_ENGINE_DIFFERS",
  ),
  built(
    "a closed gate and an engine",
    failDraft,
    (draft) =>
      void draft.events.splice(4, 0, {
        ...eventOf(blockedDraft(), "backend.gate.blocked"),
        at: "2026-11-20T06:01:03.000Z",
        data: { case_executed: false },
      }),
    "contradictory",
    "EVENT_GATE_CONTRADICTED",
  ),
  built(
    "a closed gate that does not say case_executed: false",
    blockedDraft,
    data("backend.gate.blocked", { case_executed: true }),
    "contradictory",
    "EVENT_GATE_CONTRADICTED",
  ),
  built(
    "an exit code of a process that was killed",
    failDraft,
    report({ backend_exit: "signaled" }),
    "contradictory",
    "PROCESS_END_CONTRADICTED",
  ),
  built(
    "an exit without its code",
    failDraft,
    report({ backend_exit_code: null }),
    "contradictory",
    "PROCESS_END_CONTRADICTED",
  ),
  built(
    "an end of a process that never started",
    blockedDraft,
    report({ backend_exit: "canceled" }),
    "contradictory",
    "PROCESS_END_CONTRADICTED",
  ),
  built(
    "an engine at stage 1",
    blockedDraft,
    report({ process_started: true, backend_exit: "canceled" }),
    "contradictory",
    "STAGE_CONTRADICTED",
    "EVENT_GATE_CONTRADICTED",
    "PROCESS_END_CONTRADICTED",
    "ELIGIBILITY_CONTRADICTED",
    "TREE_CONTRADICTED",
    "NO_EFFECT_CONTRADICTED",
  ),
  built(
    "documents of another run",
    passDraft,
    document("review.json", { run_id: "other" }),
    "contradictory",
    "RUN_ID_DIFFERS",
  ),
  built("a run that is still running", passDraft, run({ lifecycle: "running" }), "contradictory", "RUN_NOT_SEALED"),
  built("a run without an end", passDraft, both(run({ duration_ms: null })), "contradictory", "RUN_NOT_SEALED"),
  ...["case_id", "task_id", "backend", "run_started_at", "run_finished_at"].map((field) =>
    built(
      `another ${field} in the report`,
      passDraft,
      report({ [field]: field.startsWith("run_") ? "2026-11-20T06:01:09.001Z" : "other" }),
      "contradictory",
      "RUN_REPORT_DIFFER",
      ...(field === "task_id"
        ? ["TASK_CONTRADICTED", "ELIGIBILITY_CONTRADICTED"]
        : field === "backend"
          ? ["ELIGIBILITY_CONTRADICTED"]
          : []),
    ),
  ),
  built(
    "another baseline in the report",
    passDraft,
    report({
      source: { baseline_commit: "00".repeat(20), baseline_tree: "2a".repeat(20), result_tree: "3b".repeat(20) },
    }),
    "contradictory",
    "RUN_REPORT_DIFFER",
  ),
  built(
    "a mode that is not the stage's",
    passDraft,
    run({ mode: "copied-repository" }),
    "contradictory",
    "STAGE_CONTRADICTED",
  ),
  built(
    "a target that is not the stage's",
    passDraft,
    run({ target_kind: "owned" }),
    "contradictory",
    "STAGE_CONTRADICTED",
  ),
  built("a landing below stage 5", passDraft, report({ landing: "pending" }), "contradictory", "STAGE_CONTRADICTED"),
  built(
    "a verification under another isolation",
    passDraft,
    verification({ isolation: "none" }),
    "contradictory",
    "STAGE_CONTRADICTED",
  ),
  built(
    "a stage above the contract's",
    passDraft,
    document("proofs/task.json", { stage: 1 }),
    "contradictory",
    "TASK_CONTRADICTED",
  ),
  built(
    "a contract that required a diff",
    passDraft,
    report({ diff_required: false }),
    "contradictory",
    "TASK_CONTRADICTED",
  ),
  built(
    "another task digest",
    passDraft,
    report({ task_digest: "00".repeat(32) }),
    "contradictory",
    "TASK_DIGEST_DIFFERS",
  ),
  built(
    "another policy digest",
    passDraft,
    report({ policy_digest: "00".repeat(32) }),
    "contradictory",
    "POLICY_DIGEST_DIFFERS",
  ),
  built(
    "a policy of another stage",
    passDraft,
    document("proofs/policy.json", { stage: 3 }),
    "contradictory",
    "POLICY_CONTRADICTED",
  ),
  built(
    "an engine that was not selected",
    passDraft,
    eligibility({ selected_backend: "codex" }),
    "contradictory",
    "ELIGIBILITY_CONTRADICTED",
  ),
  built(
    "an engine that ran with a gate missing",
    passDraft,
    eligibility({ missing_gates: ["engine-ready"] }),
    "contradictory",
    "ELIGIBILITY_CONTRADICTED",
  ),
  built(
    "an engine that ran with a gate not passed",
    passDraft,
    eligibility({ passed_gates: ["engine-ready"] }),
    "contradictory",
    "ELIGIBILITY_CONTRADICTED",
  ),
  built(
    "a decision for another mutation mode",
    passDraft,
    eligibility({ allowed_mutation_mode: "none" }),
    "contradictory",
    "ELIGIBILITY_CONTRADICTED",
  ),
];
