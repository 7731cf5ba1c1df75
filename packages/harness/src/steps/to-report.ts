import type { RunFile } from "@cto/bundle-store";
import { redactSecrets } from "@cto/errors";
import {
  type Blocker,
  type ChangedFile,
  type Claims,
  type Report,
  RUN_FILES,
  type RunStatus,
  SCHEMAS,
  type Stage,
} from "@cto/evidence-interface";
import { mutationModeOf } from "@cto/gates";
import type { KeptPatch, RunDraft } from "../run/run-draft.ts";
import type { RunIdentity } from "../run/run-identity.ts";

/** The facts of a report that are not in the draft. */
export interface ReportFacts {
  readonly status: RunStatus;
  readonly blockers: readonly Blocker[];
  readonly finishedAt: Date;
  readonly digests: { readonly task: string; readonly policy: string };
  /** Files of the bundle that are finished by now. */
  readonly files: readonly RunFile[];
}

/** A run may leave a great many by-products; a report is for reading. */
const byProductLimit = 1000;

/** `report.json` from a draft, whatever state it is in: what did not happen is null, empty or false. */
export function toReport(identity: RunIdentity, draft: RunDraft, facts: ReportFacts): Report {
  const { engineId, isolation, stage, task } = identity;
  // A process that nobody saw end was ended by us: by the harness in a fault, or by the lifeline after its death.
  const end =
    draft.outcome?.end ??
    draft.lastEnd ??
    (draft.processStarted ? { kind: "canceled" as const } : { kind: "not-started" as const });
  const changes = toChanges(draft);
  const byProducts = draft.effects?.byProducts ?? [];
  const digested = facts.files.filter(({ path }) => path !== RUN_FILES.run);
  return {
    schema: SCHEMAS.report,
    case_id: identity.caseId,
    task_id: task.id,
    title: task.title,
    run_id: identity.runId,
    status: facts.status,
    backend: engineId,
    run_started_at: identity.startedAt,
    run_finished_at: facts.finishedAt.toISOString(),
    backend_exit: end.kind,
    backend_exit_code: end.kind === "exited" ? end.code : null,
    stage,
    mutation_scope: mutationModeOf(stage),
    diff_required: task.diff_required,
    changed_files: changes.map(({ path }) => path),
    changes,
    by_products: byProducts.slice(0, byProductLimit).map(redactSecrets),
    ...(byProducts.length > byProductLimit ? { by_products_total: byProducts.length } : {}),
    allowed_writes_passed: draft.effects?.allowedWritesPassed ?? null,
    forbidden_paths_passed: draft.effects?.forbiddenPathsPassed ?? null,
    approval_status: draft.approval,
    landing: toLanding(stage, facts.status),
    verification: draft.verification,
    blockers: [...facts.blockers],
    claims: toClaims(draft.outcome?.claims ?? {}),
    claims_match: draft.claimsMatch,
    isolation: {
      kind: isolation,
      network: isolation === "none" ? "host" : "none",
      writable: isolation === "none" ? ["everything that the user may write"] : ["/workspace", "/tmp", "/home/cto"],
      limits: { ...draft.limits },
    },
    model: toModel(identity, draft),
    engine: {
      id: engineId,
      version: draft.engineVersion,
      executable_sha256: draft.engineSha256,
      input_sha256: draft.engineInputSha256,
      source_admission_status:
        engineId === "fake" ? "built-in" : (draft.admissions.get("executable")?.status ?? "missing_admission"),
    },
    process_started: draft.processStarted,
    source: {
      target_id: draft.targetId,
      baseline_commit: draft.baseline?.commit ?? null,
      baseline_tree: draft.baseline?.tree ?? null,
      start_tree: draft.startTree,
      result_tree: draft.resultTree,
    },
    policy_digest: facts.digests.policy,
    task_digest: facts.digests.task,
    engine_left_processes: draft.leftBehind,
    ...toQuarantine(draft.patch),
    artifact_paths: digested.map(({ path }) => path).sort(),
    artifact_digests: Object.fromEntries(
      digested.map(({ path, sha256 }) => [path, sha256] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    runtime_default_activation: false,
  };
}

/** A passed run at stage 5 waits for a person, outside of the run: the bundle is sealed. */
export function toLanding(stage: Stage, status: RunStatus): Report["landing"] {
  return stage === 5 && status === "pass" ? "pending" : "none";
}

function toModel({ model }: RunIdentity, { admissions, usage }: RunDraft): Report["model"] {
  if (model === null) return null;
  return {
    ...model,
    runtime_provider: model.provider,
    admission_status: admissions.get("model")?.status ?? "missing_admission",
    requests: usage.requests,
    input_tokens: usage.input_tokens,
    output_tokens: usage.output_tokens,
  };
}

// What an engine claims is free text of its own.
function toClaims(claims: Claims): Claims {
  return JSON.parse(
    JSON.stringify(claims, (_key, value: unknown) => (typeof value === "string" ? redactSecrets(value) : value)),
  ) as Claims;
}

function toQuarantine(patch: KeptPatch | null) {
  if (patch?.kind !== "quarantine") return {};
  const { bytes, findings, path, sha256 } = patch;
  return {
    quarantined_patch: {
      path,
      bytes,
      sha256,
      findings: findings.map((finding) => ({ ...finding, path: redactSecrets(finding.path) })),
    },
  };
}

/** The changes as they may be shown. A secret can stand in a file's name; the patch that would confirm the name is in quarantine then. */
export function toChanges({ effects, patch }: Pick<RunDraft, "effects" | "patch">): ChangedFile[] {
  const changes = effects?.changes ?? [];
  return patch?.kind === "quarantine"
    ? changes.map((change) => ({ ...change, path: redactSecrets(change.path) }))
    : [...changes];
}
