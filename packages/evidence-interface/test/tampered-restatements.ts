import { blockedDraft, failDraft, passDraft } from "./golden-drafts.ts";
import {
  check,
  contradictory,
  data,
  digests,
  eligibility,
  nested,
  policyRule,
  report,
  type Tampering,
  task,
  treeState,
} from "./tampering.ts";

const other = "9a".repeat(20);
/** One field of one event that says something else than the documents, in a log that is chained anew. */
const events: readonly Tampering[] = (
  [
    ["run.started", passDraft, { case_id: "other" }],
    ["run.started", passDraft, { task_id: "other" }],
    ["run.started", passDraft, { engine: "codex" }],
    ["run.started", passDraft, { stage: 3 }],
    ["task.contract.created", passDraft, { task_id: "other" }],
    ["task.contract.created", passDraft, { stage: 3 }],
    ["task.contract.created", passDraft, { task_digest: "00".repeat(32) }],
    ["task.contract.created", passDraft, { policy_digest: "00".repeat(32) }],
    ["task.contract.created", passDraft, { source_commit: other }],
    ["task.contract.created", passDraft, { source_digests: digests }],
    ["eligibility.decided", passDraft, { decision_id: "decision-2" }],
    ["eligibility.decided", passDraft, { eligible: false }],
    ["eligibility.decided", passDraft, { passed_gates: ["engine-ready"] }],
    ["eligibility.decided", passDraft, { missing_gates: ["engine-ready"] }],
    ["plan.updated", passDraft, { gates: [{ gate: "engine-ready", answer: "fail" }] }],
    ["plan.updated", passDraft, { gates: [null] }],
    ["plan.updated", passDraft, { checks: ["unit", "lint"] }],
    ["plan.updated", passDraft, { budget: { wall_seconds: 61, artifact_bytes: 1048576 } }],
    ["backend.gate.blocked", blockedDraft, { backend: "codex" }],
    ["backend.gate.blocked", blockedDraft, { mutation_mode: "fixture-copy" }],
    ["backend.gate.blocked", blockedDraft, { gate: "sandbox-available" }],
    ["engine.completed", passDraft, { end: { kind: "signaled", signal: "SIGKILL" } }],
    ["engine.completed", failDraft, { end: { kind: "exited", code: 7 } }],
    ["engine.completed", passDraft, { claims: { files: ["src/slugify.js"], tests_passed: true, committed: true } }],
    ["engine.completed", passDraft, { claims: { files: ["src/slugify.js"] } }],
    ["patch.applied", passDraft, { tree: other }],
    ["git.diff.checked", passDraft, { result_tree: other }],
    ["git.diff.checked", passDraft, { fresh_tree: other }],
    ["git.diff.checked", passDraft, { changed_files: 2 }],
    ["git.diff.checked", passDraft, { result_tree: null, changed_files: 0 }],
    ["verification.completed", passDraft, { ran: false }],
    ["verification.completed", passDraft, { checks: [] }],
    ["verification.completed", passDraft, { checks: [check] }],
    ["verification.completed", failDraft, { checks: [{ ...check, exit: { kind: "timed-out" }, passed: false }] }],
    ["run.completed", passDraft, { landing: "pending" }],
    ["run.completed", failDraft, { all_blockers: ["verification_failed", "timeout"] }],
    ["run.completed", failDraft, { all_blockers: [] }],
  ] as const
).map(([event, from, fields]) =>
  contradictory(
    `${event} of the ${from().documents["report.json"]?.status} with ${JSON.stringify(fields)}`,
    from,
    data(event, fields),
    "EVENT_DATA_DIFFERS",
  ),
);

/** Documents that restate one another, and a report that holds more than was announced. */
const documents: readonly Tampering[] = [
  contradictory(
    "an engine of another version",
    failDraft,
    nested("report.json", "engine", { version: "9.9.9" }),
    "EVENT_ENGINE_DIFFERS",
  ),
  contradictory(
    "a blocked run with a tree that was never applied",
    blockedDraft,
    treeState({ fresh_checkout_tree: other }),
    "EVENT_REQUIRED_MISSING",
  ),
  contradictory("a title that the contract does not have", passDraft, report({ title: "Other" }), "TASK_CONTRADICTED"),
  contradictory(
    "a decision at another risk",
    passDraft,
    eligibility({ risk_class: "high" }),
    "ELIGIBILITY_CONTRADICTED",
  ),
  ...(
    [
      ["allowed_paths", "**"],
      ["forbidden_paths", "x"],
      ["protected_paths", "x"],
      ["forbidden_actions", "merge"],
      ["network", "gateway"],
      ["budget", { wall_seconds: 1 }],
      ["stage", 3],
    ] as const
  ).map(([dimension, value]) =>
    contradictory(
      `a policy with other ${dimension} than the contract`,
      passDraft,
      policyRule(dimension, value),
      "POLICY_CONTRADICTED",
    ),
  ),
  contradictory(
    "a contract with a by-product that no policy has",
    passDraft,
    task({ by_products: ["dist/"] }),
    "POLICY_CONTRADICTED",
  ),
];

/** Consistent rewrites: what a bundle says twice differs, under digests and a chain that fit. */
export const tamperedRestatements: readonly Tampering[] = [...events, ...documents];
