/** The literal `schema` value of every document that this package owns. A reader refuses any other version; it never guesses. */
export const SCHEMAS = {
  run: "cto.run-bundle.v1",
  report: "cto.report.v1",
  event: "cto.event.v1",
  liveEvent: "cto.live-event.v1",
  trace: "cto.trace.v1",
  manifest: "cto.manifest.v1",
  review: "cto.review.v1",
  treeState: "cto.tree-state.v1",
  noEffectProof: "cto.no-effect-proof.v1",
  eligibility: "cto.eligibility-decision.v1",
  broughtFolders: "cto.brought-folders.v1",
  effectivePolicy: "cto.effective-policy.v1",
  observerData: "cto.observer-data.v1",
  verifyResult: "cto.verify-result.v1",
  latestRun: "cto.latest-run.v1",
  runResult: "cto.run-result.v1",
  casesRun: "cto.cases-run.v1",
  error: "cto.error.v1",
  policy: "cto.policy.v1",
  trustedKeys: "cto.trusted-keys.v1",
  sourceAdmission: "cto.source-admission.v1",
  executableAdmission: "cto.executable-admission.v1",
  modelAdmission: "cto.model-admission.v1",
  providerDecision: "cto.provider-decision.v1",
  targetAdmission: "cto.target-admission.v1",
  failureExemption: "cto.failure-exemption.v1",
  promotionDecision: "cto.promotion-decision.v1",
  routeAdmissionGuard: "cto.route-admission-guard.v1",
  admissionsProof: "cto.admissions-proof.v1",
  rungProof: "cto.rung-proof.v1",
  disposableProof: "cto.disposable-proof.v1",
  approvalPacket: "cto.approval-packet.v1",
  approvalDecision: "cto.approval-decision.v1",
  approvalClaim: "cto.approval-claim.v1",
  outcome: "cto.outcome.v1",
  comparison: "cto.comparison.v1",
  ladder: "cto.ladder.v1",
} as const;

/** How a run ended. Any `fail` beats `blocked`. */
export const RUN_STATUSES = ["pass", "fail", "blocked"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** How a process ended, as its parent saw it. */
export const PROCESS_END_KINDS = ["exited", "signaled", "timed-out", "canceled", "not-started"] as const;
export type ProcessEndKind = (typeof PROCESS_END_KINDS)[number];

/** The governed events in the only order in which they may stand; what did not happen is absent. */
export const EVENT_ORDER = [
  "run.started",
  "task.contract.created",
  "eligibility.decided",
  "plan.updated",
  "backend.gate.blocked",
  "approval.requested",
  "approval.granted",
  "approval.denied",
  "engine.started",
  "engine.completed",
  "patch.applied",
  "git.diff.checked",
  "verification.completed",
  "run.completed",
] as const;
export type EventName = (typeof EVENT_ORDER)[number];

/** The events that a bundle with status `pass` must hold, besides approvals where they are required. */
export const EVENTS_OF_A_PASS: readonly EventName[] = [
  "run.started",
  "task.contract.created",
  "eligibility.decided",
  "plan.updated",
  "engine.started",
  "engine.completed",
  "patch.applied",
  "git.diff.checked",
  "verification.completed",
  "run.completed",
];

/** The six stages by number: the name that stands as `mode` in ledger and run.json. */
export const STAGE_NAMES = {
  1: "gated-engine",
  2: "artificial-fixture",
  3: "copied-repository",
  4: "disposable-repository",
  5: "owned-noncritical",
  6: "candidate-default",
} as const;
export const STAGES = [1, 2, 3, 4, 5, 6] as const;
export type Stage = (typeof STAGES)[number];

/** What a stage may change: derived from the stage, never chosen. */
export const MUTATION_MODES = ["none", "fixture-copy", "repository-copy", "disposable", "owned-clone"] as const;
export type MutationMode = (typeof MUTATION_MODES)[number];

export const TARGET_KINDS = ["none", "fixture", "copied", "disposable", "owned"] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

/** What a watchable stream shows; the kind is a label, the code behind all of them is one. */
export const STREAM_KINDS = ["ui", "browser", "terminal", "tui", "codex-ui", "artifact", "summary"] as const;
export type StreamKind = (typeof STREAM_KINDS)[number];

export const ISOLATION_KINDS = ["bubblewrap", "none"] as const;
export type IsolationKind = (typeof ISOLATION_KINDS)[number];

/** What holds a limit. `none` is an honest answer. */
export const LIMIT_HOLDERS = ["kernel", "watchdog", "none"] as const;
export type LimitHolder = (typeof LIMIT_HOLDERS)[number];

export const APPROVAL_STATUSES = ["not-required", "requested", "granted", "denied", "consumed"] as const;
export const LANDINGS = ["none", "pending"] as const;

/** Verdicts of a verification, worst first: a collection has the verdict of its worst bundle. */
export const VERDICTS = [
  "tampered",
  "contradictory",
  "incomplete",
  "unverifiable",
  "untrusted",
  "unsigned",
  "valid",
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** File names inside a run directory. */
export const RUN_FILES = {
  run: "run.json",
  report: "report.json",
  reportText: "report.md",
  live: "events.ndjson",
  events: "events.normalized.jsonl",
  trace: "trace.jsonl",
  patch: "patch.diff",
  testLog: "test.log",
  review: "review.json",
  reviewText: "review.md",
  observerData: "observer/observer-data.json",
  observerPage: "observer/index.html",
  manifest: "manifest.json",
  attestation: "attestation.intoto.jsonl",
} as const;

/** Documents under `proofs/` that this version knows. Every other `proofs/*.json` is of an unknown version to the verifier. */
export const PROOF_FILES = {
  task: "proofs/task.json",
  policy: "proofs/policy.json",
  eligibility: "proofs/eligibility.json",
  treeState: "proofs/tree-state.json",
  noEffect: "proofs/no-effect.json",
  broughtFolders: "proofs/brought.json",
  admissions: "proofs/admissions.json",
  rung: "proofs/rung.json",
  approvalPacket: "proofs/approval-packet.json",
  approvalDecision: "proofs/approval-decision.json",
  approvalClaim: "proofs/approval-claim.json",
  disposable: "proofs/disposable.json",
  comparison: "proofs/comparison.json",
  routeGuard: "proofs/route-guard.json",
} as const;
