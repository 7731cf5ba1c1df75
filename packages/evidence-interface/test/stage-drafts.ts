import { ALWAYS_FORBIDDEN_ACTIONS, type FailureCode } from "../src/index.ts";
import { addApproval, baselineCommit, reask, redecide, targetId } from "./approval-edits.ts";
import { block, documentOf, eventOf, setGates } from "./draft-edits.ts";
import { blockedDraft, passDraft } from "./golden-drafts.ts";
import { at } from "./golden-events.ts";
import type { BundleDraft } from "./seal.ts";

const resultTree = "3b".repeat(20);
const snapshot = { head: "a0", index: "a1", status: "a2", objects: "a3", refs: "a4" };
const sourceDigests = Object.fromEntries(Object.entries(snapshot).map(([name, byte]) => [name, byte.repeat(32)]));

/** The scope that follows from a stage. */
const scopes = {
  3: { mode: "copied-repository", mutation_mode: "repository-copy", target_kind: "copied" },
  4: { mode: "disposable-repository", mutation_mode: "disposable", target_kind: "disposable" },
  5: { mode: "owned-noncritical", mutation_mode: "owned-clone", target_kind: "owned" },
} as const;

/** A pass of the fake at stage 2 under a contract that asks for an approval: there is no repository to name. */
export function approvedFixtureDraft(): BundleDraft {
  const draft = passDraft();
  documentOf(draft, "proofs/task.json").approval = { required: true, expires_minutes: 60 };
  addApproval(draft);
  reask(draft, { target: null, base_commit: null });
  return draft;
}

/** A pass of the fake at stage 3, on a repository. */
export function stage3Draft(): BundleDraft {
  return atStage(passDraft(), 3);
}

/** A pass of the fake at stage 4: approved, on a proven rung, landed in a throwaway repository. */
export function stage4Draft(): BundleDraft {
  const draft = atStage(passDraft(), 4);
  addRung(draft, 3);
  addApproval(draft);
  draft.documents["proofs/disposable.json"] = {
    schema: "cto.disposable-proof.v1",
    run_id: draft.runId,
    base_commit: baselineCommit,
    branch: `refs/heads/cto/${draft.runId}`,
    commit: "c1".repeat(20),
    tree: resultTree,
    other_refs_before: "d1".repeat(32),
    other_refs_after: "d1".repeat(32),
    head_unmoved: true,
    remotes: 0,
    disposal: "disposed",
    note: "removed after the landing was read back",
  };
  return draft;
}

/** The same, and the approver has forbidden one more folder. */
export function narrowedDraft(): BundleDraft {
  const draft = stage4Draft();
  redecide(draft, { narrowing: { forbidden_paths: ["docs/"] } });
  addPolicyRule(draft, { dimension: "forbidden_paths", value: "docs/", layer: "approval" });
  return draft;
}

/** A pass of the fake at stage 5: an admitted target, and a landing that a person decides about. */
export function stage5Draft(): BundleDraft {
  const draft = atStage(passDraft(), 5);
  addRung(draft, 4);
  addAdmissions(draft, [{ kind: "target", id: "webshop", status: "admitted" }]);
  addPolicyRule(draft, { dimension: "targets", value: "webshop", layer: "organisation" });
  addPolicyRule(draft, { dimension: "allowed_paths", value: "src/", layer: "target" });
  for (const value of ALWAYS_FORBIDDEN_ACTIONS)
    addPolicyRule(draft, { dimension: "forbidden_actions", value, layer: "target" });
  addApproval(draft);
  reask(draft, { target: { target_id: targetId, name: "webshop" } });
  documentOf(draft, "report.json").landing = "pending";
  eventOf(draft, "run.completed").data.landing = "pending";
  return draft;
}

/** A pass at stage 2 of an engine that is not built in, with a model. */
export function modelDraft(): BundleDraft {
  const draft = passDraft();
  documentOf(draft, "run.json").engine_id = "codex";
  Object.assign(documentOf(draft, "report.json"), {
    backend: "codex",
    model: {
      provider: "local",
      model: "m1",
      runtime_provider: "openai",
      admission_status: "admitted",
      requests: 2,
      input_tokens: 10,
      output_tokens: 5,
    },
  });
  Object.assign(documentOf(draft, "report.json").engine as object, {
    id: "codex",
    source_admission_status: "missing_admission",
  });
  documentOf(draft, "proofs/eligibility.json").selected_backend = "codex";
  eventOf(draft, "run.started").data.engine = "codex";
  eventOf(draft, "engine.started").data.engine = "codex";
  addAdmissions(draft, [
    { kind: "executable", id: null, status: "missing_admission" },
    { kind: "provider-decision", id: null, status: "admitted" },
    { kind: "model", id: "local-m1", status: "admitted" },
  ]);
  return draft;
}

/** A stage 6 run: no engine, a comparison of one lane with a bundle and one without, a closed guard. */
export function stage6Draft(): BundleDraft {
  const draft = blockedDraft();
  Object.assign(documentOf(draft, "run.json"), { stage: 6, mode: "candidate-default" });
  documentOf(draft, "report.json").stage = 6;
  documentOf(draft, "proofs/task.json").stage = 6;
  documentOf(draft, "proofs/policy.json").stage = 6;
  setTaskRule(draft, "stage", 6);
  eventOf(draft, "run.started").data.stage = 6;
  eventOf(draft, "task.contract.created").data.stage = 6;
  setGates(draft, { "stage-permits-execution": "fail", "sandbox-available": "undetermined", approval: "undetermined" });
  eventOf(draft, "backend.gate.blocked").data.gate = "stage-permits-execution";
  addRung(draft, 5);
  const whole = { run_id: "r-1", manifest_sha256: "e1".repeat(32), stage: 5, status: "pass", codes: [], missing: null };
  const none = { run_id: null, manifest_sha256: null, stage: null, status: null, codes: [] };
  draft.documents["proofs/comparison.json"] = {
    schema: "cto.comparison.v1",
    task_id: "r1-string-slugify",
    lanes: [
      { engine: "fake", ...whole },
      { engine: "case", ...none, missing: "this version has no adapter for case" },
      { engine: "codex", ...none, missing: "no bundle of codex for this task verifies" },
      { engine: "pi", ...none, missing: "no bundle of pi for this task verifies" },
    ],
    aspects: ["report-shape", "events", "allowed-paths", "failure-closure", "artifacts"].map((aspect) => ({
      aspect,
      equal: true,
      differences: [],
    })),
    complete: true,
    runtime_default_activation: false,
  };
  draft.documents["proofs/route-guard.json"] = {
    schema: "cto.route-admission-guard.v1",
    guard_status: "blocked",
    blocked_reason: "promotion-requested: no person has asked for a promotion",
    checks: [
      { check: "stage-5-proven", passed: true, detail: "proven up to stage 5" },
      { check: "two-tasks-accepted", passed: true, detail: "2 tasks were accepted at stage 5" },
      { check: "comparison-complete", passed: true, detail: "1 of 4 lanes have a bundle; nothing differs" },
      { check: "promotion-requested", passed: false, detail: "no person has asked for a promotion" },
    ],
    runtime_default_activation: false,
  };
  return draft;
}

/** A stage 4 run that asked for its approval, or was told no: nothing was started. */
export function askedDraft(answer: "none" | "denied"): BundleDraft {
  const draft = atStage(blockedDraft(), 4);
  setGates(draft, { approval: "fail" });
  addRung(draft, 3);
  addApproval(draft);
  if (answer === "none") delete draft.documents["proofs/approval-decision.json"];
  else redecide(draft, { decision: "denied", reason: "not today" });
  delete draft.documents["proofs/approval-claim.json"];
  draft.events = draft.events.filter(({ event }) => event !== "approval.granted" && event !== "backend.gate.blocked");
  const { data } = eventOf(draft, "approval.requested");
  if (answer === "denied")
    draft.events.splice(draft.events.length - 1, 0, {
      event: "approval.denied",
      at: at(4),
      data: { packet_sha256: data.packet_sha256 },
    });
  const [status, code] = answer === "none" ? ["requested", "approval_missing"] : ["denied", "approval_denied"];
  documentOf(draft, "report.json").approval_status = status;
  Object.assign(documentOf(draft, "proofs/no-effect.json"), {
    subject: "repository",
    before: sourceDigests,
    after: sourceDigests,
  });
  return block(draft, "blocked", code as FailureCode);
}

/** A stage 4 run whose granted approval another run claimed first. */
export function lostDraft(): BundleDraft {
  const draft = askedDraft("denied");
  eventOf(draft, "approval.denied").event = "approval.granted";
  redecide(draft, {});
  delete draft.documents["proofs/approval-claim.json"];
  documentOf(draft, "report.json").approval_status = "granted";
  return block(draft, "blocked", "approval_consumed");
}

/** Lifts a draft to a stage with a repository: scope, target, contract and policy. */
function atStage(draft: BundleDraft, stage: 3 | 4 | 5): BundleDraft {
  const scope = scopes[stage];
  setGates(draft, {});
  const report = documentOf(draft, "report.json");
  Object.assign(documentOf(draft, "run.json"), { stage, ...scope });
  Object.assign(report, { stage, mutation_scope: scope.mutation_mode });
  Object.assign(report.source as object, { target_id: targetId });
  documentOf(draft, "proofs/task.json").stage = 5;
  documentOf(draft, "proofs/policy.json").stage = stage;
  setTaskRule(draft, "stage", 5);
  const eligibility = documentOf(draft, "proofs/eligibility.json");
  if (eligibility.selected_backend !== null) eligibility.allowed_mutation_mode = scope.mutation_mode;
  Object.assign(documentOf(draft, "proofs/tree-state.json"), {
    source_before: sourceDigests,
    source_after: sourceDigests,
  });
  eventOf(draft, "run.started").data.stage = stage;
  Object.assign(eventOf(draft, "task.contract.created").data, {
    stage,
    target_id: targetId,
    source_commit: baselineCommit,
    source_digests: sourceDigests,
  });
  return draft;
}

export function addRung(draft: BundleDraft, stage: number): void {
  draft.documents["proofs/rung.json"] = {
    schema: "cto.rung-proof.v1",
    run_id: draft.runId,
    required_stage: stage,
    proven: true,
    bundles: Array.from({ length: stage }, (_, index) => ({
      run_id: `r-${index}`,
      manifest_sha256: `e${index}`.repeat(32),
      proves: `pass of a task at stage ${index + 1}`,
    })),
    missing: [],
  };
}

export function addAdmissions(
  draft: BundleDraft,
  items: readonly { kind: string; id: string | null; status: string }[],
) {
  draft.documents["proofs/admissions.json"] = {
    schema: "cto.admissions-proof.v1",
    run_id: draft.runId,
    items: items.map((item) => ({
      ...item,
      record_sha256: item.status === "missing_admission" ? null : "f0".repeat(32),
      problems: [],
    })),
  };
}

/** Adds a rule before those of the contract. */
export function addPolicyRule(draft: BundleDraft, rule: { dimension: string; value: unknown; layer: string }): void {
  (documentOf(draft, "proofs/policy.json").rules as object[]).unshift(rule);
}

function setTaskRule(draft: BundleDraft, dimension: string, value: unknown): void {
  const rules = documentOf(draft, "proofs/policy.json").rules as { dimension: string; layer: string; value: unknown }[];
  for (const rule of rules) if (rule.dimension === dimension && rule.layer === "task") rule.value = value;
}

/** The honest bundles of the later stages by name. */
export const stageDrafts = {
  "stage 2 with an approval": approvedFixtureDraft,
  "stage 3": stage3Draft,
  "stage 3 with a rung that was not needed": () => {
    const draft = stage3Draft();
    addRung(draft, 2);
    Object.assign(documentOf(draft, "proofs/rung.json"), { required_stage: null, bundles: [] });
    return draft;
  },
  "stage 3 with an approval": () => {
    const draft = stage3Draft();
    addApproval(draft);
    return draft;
  },
  "stage 4": stage4Draft,
  "stage 4 with a narrowing": narrowedDraft,
  "stage 5": stage5Draft,
  "stage 6": stage6Draft,
  "a model": modelDraft,
  "an approval that is asked for": () => askedDraft("none"),
  "an approval that is denied": () => askedDraft("denied"),
  "an approval that is lost to another run": lostDraft,
} as const;
