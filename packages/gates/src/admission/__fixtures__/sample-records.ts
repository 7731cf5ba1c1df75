import type { AdmissionRecord, RecordFile, RecordKind } from "../../index.ts";

/** A moment after every date in the records. */
export const NOW = new Date("2026-06-01T12:00:00.000Z");

const approval = {
  approval_source: "owner, ticket 17",
  approval_timestamp: "2026-05-01T08:00:00.000Z",
  review_trigger: "a new version",
};

/** A whole and valid record of every kind, as a person would write it. */
export const SAMPLES = {
  engine: {
    schema: "cto.executable-admission.v1",
    id: "codex",
    ...approval,
    engine: "codex",
    source: "codex-source",
    path: "/opt/codex/bin/codex",
    package: null,
    version: "1.2.3",
    sha256: "a".repeat(64),
    identity_probe: { command: ["codex", "--version"], answer: "codex-cli 1.2.3" },
    command_shape: ["codex", "exec", "--json"],
    status: "admitted",
  },
  model: {
    schema: "cto.model-admission.v1",
    id: "acme-large",
    ...approval,
    provider: "acme",
    model: "large-1",
    credential_source: "environment",
    network: "external",
    prices: { input_usd_per_million: 1.5, output_usd_per_million: 6 },
    status: "admitted",
  },
  target: {
    schema: "cto.target-admission.v1",
    id: "site",
    admission_status: "admitted",
    target_repository_path: "../site",
    repository_owner: "team web",
    ownership_evidence: "listed in the service catalogue",
    risk_classification: "low_risk_noncritical",
    noncritical_rationale: "a static page",
    allowed_paths: ["src/", "docs/*.md"],
    forbidden_paths: ["src/pay/"],
    forbidden_actions: [
      "push",
      "merge",
      "deploy",
      "close",
      "pr_open",
      "issue_close",
      "public_publication",
      "credential_change",
      "vendor_source_mutation",
    ],
    ...approval,
    operator_outcome_required: true,
  },
  source: {
    schema: "cto.source-admission.v1",
    id: "codex-source",
    ...approval,
    name: "codex",
    url: "https://example.org/codex",
    type: "npm-package",
    pinned: "1.2.3",
    previous: null,
    conformance: { pinned: "1.2.3", passed_at: "2026-05-01T07:00:00.000Z" },
    licence: { status: "resolved", expression: "Apache-2.0", note: "read in LICENSE" },
    retrieved_at: "2026-05-01T06:00:00.000Z",
    retrieval_command: "npm pack codex@1.2.3",
    integrity: "sha512-abc",
    allowed_execution: "sandbox-only",
    protected_boundary: "read only, never changed",
  },
  decision: {
    schema: "cto.provider-decision.v1",
    decision: "external_provider_approved",
    reason: "the code is public",
    ...approval,
  },
  exemption: {
    schema: "cto.failure-exemption.v1",
    id: "codex-3-timeout",
    engine: "codex",
    stage: 3,
    code: "timeout",
    reason: "it cannot be made to hang",
    ...approval,
  },
  promotion: {
    schema: "cto.promotion-decision.v1",
    id: "promotion",
    decision_status: "not_decided",
    ready_for_review: false,
    evidence: ["run-1"],
    blockers: [],
    next_decision: "after two tasks",
    runtime_default_activation: false,
  },
} as const satisfies Readonly<Record<RecordKind, object>>;

/** A copy of a sample with other fields, as the value of a file that was read. */
export function recordFile(kind: RecordKind, fields: object = {}, file = `cto/admissions/${kind}.json`): RecordFile {
  return { file, sha256: "f".repeat(64), record: structuredClone({ ...SAMPLES[kind], ...fields }) as unknown as AdmissionRecord };
}
