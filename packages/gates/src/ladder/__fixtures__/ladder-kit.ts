import { createHash } from "node:crypto";
import { type FailureCode, type FailureExemption, SCHEMAS, STAGE_NAMES, type Stage } from "@cto/evidence-interface";
import type { LadderEvidence, LadderSubject, RunFacts } from "../../index.ts";

export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A real engine (not the fake) on a target. */
export const codex: LadderSubject = {
  engine: { id: "codex", version: "1.2.3", executable_sha256: digestOf("codex 1.2.3") },
  model: { provider: "acme", model: "large-1" },
  standing_policy_digest: digestOf("policy"),
  target_id: digestOf("target"),
};
export const fake: LadderSubject = {
  ...codex,
  engine: { id: "fake", version: "0.1.0", executable_sha256: digestOf("fake") },
  model: null,
};

export type Verified = Extract<LadderEvidence, { state: "verified" }>;

/** A verified run of codex; `more` overrides what a pass of its stage has. */
export function run(stage: Stage, runId: string, more: Partial<RunFacts> = {}, subject: LadderSubject = codex): Verified {
  const isHeld = stage === 1 || stage === 6;
  const value: RunFacts = {
    run_id: runId,
    task_id: "task-a",
    task_digest: digestOf(more.task_id ?? "task-a"),
    stage,
    status: isHeld ? "blocked" : "pass",
    codes: isHeld ? ["gate_missing"] : [],
    isolation: "bubblewrap",
    process_started: !isHeld,
    engine: { ...subject.engine },
    model: subject.model === null ? null : { ...subject.model },
    standing_policy_digest: subject.standing_policy_digest,
    target_id: stage >= 3 ? subject.target_id : null,
    landing: stage === 5 ? "pending" : "none",
    decision_sha256: stage === 4 || stage === 5 ? digestOf(`decision of ${subject.engine.id} ${runId}`) : null,
    compared_with: null,
    compared_lanes: null,
    comparison_lacks: null,
    report_fields: ["run_id", "schema", "status"],
    events: ["run.started", "run.completed"],
    artifacts: ["backend/", "manifest.json", "report.json"],
    allowed: { writes: true, forbidden: true },
    processes_left: isHeld ? 0 : null,
    ...more,
  };
  return { state: "verified", run_id: runId, manifest_sha256: digestOf(runId), value };
}

/** A run that ended with a code. */
export function ended(stage: Stage, runId: string, code: FailureCode, subject: LadderSubject = codex): Verified {
  return run(stage, runId, { status: "fail", codes: [code], landing: "none" }, subject);
}

/** The same entry after its bundle was spoilt or taken away. */
export function lost(item: LadderEvidence, state: "broken" | "missing" | "removed" = "missing"): LadderEvidence {
  const mode = item.state === "verified" ? STAGE_NAMES[item.value.stage] : null;
  return { state, run_id: item.run_id, mode, reason: `run ${item.run_id} is ${state}` };
}

const classes: Readonly<Record<2 | 3 | 4 | 5, readonly FailureCode[]>> = {
  2: ["no_diff", "disallowed_file_change", "verification_failed", "missing_test_command", "missing_required_event"],
  3: ["dirty_starting_tree", "dirty_ending_tree", "timeout", "artifact_write_failure"],
  4: ["approval_denied", "reviewer_rejected", "provider_unavailable"],
  5: ["disallowed_file_change", "verification_failed", "approval_denied"],
};

/** One run for each failure class of a stage. */
export function failures(stage: 2 | 3 | 4 | 5, subject: LadderSubject = codex): readonly Verified[] {
  return classes[stage].map((code) => ended(stage, `${subject.engine.id}-${stage}-${code.replaceAll("_", "-")}`, code, subject));
}

/** Everything that stage 6 needs, newest first. */
export function fullEvidence(subject: LadderSubject = codex): readonly Verified[] {
  const five = [run(5, "five-b", { task_id: "task-b" }, subject), run(5, "five-a", {}, subject)];
  const compared_lanes = five.slice(1).map(({ manifest_sha256, run_id, value }) => ({ engine: value.engine.id, run_id, manifest_sha256 }));
  return [
    run(6, "six", { compared_lanes }, subject),
    ...five,
    ...failures(5, subject),
    run(4, "four", {}, subject),
    ...failures(4, subject),
    run(3, "three", {}, subject),
    ...failures(3, subject),
    run(2, "two", { compared_with: subject.engine.id === "fake" ? null : "two-fake" }, subject),
    ...(subject.engine.id === "fake" ? [] : [run(2, "two-fake", {}, fake)]),
    ...failures(2, subject),
    run(1, "one", {}, subject),
  ];
}

export function exemption(stage: number, code: FailureCode, engine = "codex"): FailureExemption {
  return {
    schema: SCHEMAS.failureExemption,
    id: `${engine}-${stage}`,
    engine,
    stage,
    code,
    reason: "It has no such end.",
    approval_source: "the owner",
    approval_timestamp: "2026-11-20T12:00:00.000Z",
    review_trigger: "its next version",
  };
}
