import type { EngineOutcome } from "@cto/engine-interface";
import type {
  AdmissionsProof,
  Blocker,
  LossyGitState,
  ProcessEnd,
  Report,
  SourceDigests,
  VerificationResult,
} from "@cto/evidence-interface";
import type { CompiledPolicy, EffectDecision, EligibilityJudgement, SecretFinding } from "@cto/gates";
import type { Baseline } from "@cto/workspace";

/** The engine's work: in the scratch folder, to become `patch.diff`; or in quarantine, because it holds secret-shaped values. */
export type KeptPatch =
  | { readonly kind: "bundle"; readonly bytes: number }
  | {
      readonly kind: "quarantine";
      readonly path: string;
      readonly bytes: number;
      readonly sha256: string;
      readonly findings: readonly SecretFinding[];
    };

export type AdmissionItem = AdmissionsProof["items"][number];

/**
 * What is known of a run so far. Every step fills its own part and nothing else, so that a report can be written at any moment:
 * null means "did not happen".
 */
export interface RunDraft {
  readonly blockers: Blocker[];
  /** What the run is held to, compiled; narrower once an approval narrowed it. */
  policy: CompiledPolicy;
  /** Digest of `proofs/policy.json` once an approval narrowed it; null as long as it is as written at the start. */
  narrowedPolicy: string | null;
  /** Identity of the target repository; null below stage 3. */
  targetId: string | null;
  /** True if the target has a branch `cto`, beside which git can make no `cto/<run id>`. */
  hasBranchInTheWay: boolean;
  approval: Report["approval_status"];
  /** What the records said, by kind; a kind that nobody asked for is absent. */
  readonly admissions: Map<AdmissionItem["kind"], AdmissionItem>;
  /** Actions that the engine itself says it tried. */
  readonly attempted: Set<string>;
  /** What the engine says its model used. */
  readonly usage: { requests: number; input_tokens: number; output_tokens: number; usd: number };
  landing: Report["landing"];
  gitState: LossyGitState | null;
  sourceBefore: SourceDigests | null;
  sourceAfter: SourceDigests | null;
  baseline: Baseline | null;
  /** The tree that the engine started from: the baseline's, or what `setup` made of it. */
  startTree: string | null;
  eligibility: EligibilityJudgement | null;
  engineVersion: string | null;
  engineSha256: string | null;
  /** Digest of the engine's own file beside the task; null if there is none, or nobody looked. */
  engineInputSha256: string | null;
  limits: Readonly<Record<string, "kernel" | "watchdog" | "none">>;
  processStarted: boolean;
  leftBehind: number | null;
  /** How the engine's last process ended, whatever its adapter made of it. */
  lastEnd: ProcessEnd | null;
  outcome: EngineOutcome | null;
  snapshotBefore: { readonly sha256: string; readonly entries: number } | null;
  /** Bytes of all files in the workspace before the engine. */
  workspaceBytes: number | null;
  snapshotAfter: { readonly sha256: string; readonly entries: number } | null;
  resultTree: string | null;
  freshTree: string | null;
  effects: EffectDecision | null;
  /** Where the work is; null if there is none. */
  patch: KeptPatch | null;
  verification: VerificationResult[];
  /** Why no verification ran; null once one did. */
  notVerified: string | null;
  claimsMatch: boolean | null;
  committed: boolean;
}

/** A draft in which nothing has happened yet. */
export function createRunDraft(policy: CompiledPolicy): RunDraft {
  return {
    blockers: [],
    policy,
    narrowedPolicy: null,
    targetId: null,
    hasBranchInTheWay: false,
    approval: "not-required",
    admissions: new Map(),
    attempted: new Set(),
    usage: { requests: 0, input_tokens: 0, output_tokens: 0, usd: 0 },
    landing: "none",
    gitState: null,
    sourceBefore: null,
    sourceAfter: null,
    baseline: null,
    startTree: null,
    eligibility: null,
    engineVersion: null,
    engineSha256: null,
    engineInputSha256: null,
    limits: {},
    processStarted: false,
    leftBehind: null,
    lastEnd: null,
    outcome: null,
    snapshotBefore: null,
    workspaceBytes: null,
    snapshotAfter: null,
    resultTree: null,
    freshTree: null,
    effects: null,
    patch: null,
    verification: [],
    notVerified: "the run ended before verification",
    claimsMatch: null,
    committed: false,
  };
}
