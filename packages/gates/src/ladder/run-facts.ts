import {
  approvalClaimSchema,
  type Comparison,
  comparisonSchema,
  effectivePolicySchema,
  FAILURE_CODE_NAMES,
  type FailureCode,
  ISOLATION_KINDS,
  identifierSchema,
  noEffectProofSchema,
  PROOF_FILES,
  type Report,
  RUN_FILES,
  RUN_STATUSES,
  reportSchema,
  runIdSchema,
  STAGES,
  sha256Schema,
} from "@cto/evidence-interface";
import * as z from "zod";
import { toStandingPolicyDigest } from "./standing-policy-digest.ts";

const digestSchema = sha256Schema;

/** What the ladder and the comparison use of one bundle: small, plain JSON, and nothing that is not in the bundle. */
const runFactsSchema = z.strictObject({
  run_id: runIdSchema,
  task_id: identifierSchema,
  task_digest: digestSchema,
  stage: z.union(STAGES.map((stage) => z.literal(stage))),
  status: z.enum(RUN_STATUSES),
  codes: z.array(z.enum(FAILURE_CODE_NAMES as readonly [FailureCode, ...FailureCode[]])),
  isolation: z.enum(ISOLATION_KINDS),
  process_started: z.boolean(),
  /** Version and digest are null where the run was refused before anybody looked. */
  engine: z.strictObject({
    id: identifierSchema,
    version: z.string().min(1).nullable(),
    executable_sha256: digestSchema.nullable(),
  }),
  model: z.strictObject({ provider: z.string().min(1), model: z.string().min(1) }).nullable(),
  /** Null for a run that was closed before it had written its policy. */
  standing_policy_digest: digestSchema.nullable(),
  target_id: digestSchema.nullable(),
  landing: z.enum(["none", "pending"]),
  /** Digest of the decision that the run spent; null if it needed none or got none. */
  decision_sha256: digestSchema.nullable(),
  /** The fake's run on the same fixture that this run was compared with (`report.comparison.run_id`). */
  compared_with: runIdSchema.nullable(),
  /** The bundles that a complete `proofs/comparison.json` names; null if there is none or it is not complete. */
  compared_lanes: z
    .array(z.strictObject({ engine: identifierSchema, run_id: runIdSchema, manifest_sha256: digestSchema }))
    .nullable(),
  /** Why `proofs/comparison.json` is not complete; null if it is, or if there is none. */
  comparison_lacks: z.string().min(1).nullable(),
  /** The report's fields, the governed events in their order, and the files of the bundle; those that the engine names itself count as one. */
  report_fields: z.array(z.string()),
  events: z.array(z.string()),
  artifacts: z.array(z.string()),
  allowed: z.strictObject({ writes: z.boolean().nullable(), forbidden: z.boolean().nullable() }),
  /** Processes that a refused or blocked run left; null if its proof does not say, or if it needs none. */
  processes_left: z.int().min(0).nullable(),
});
export type RunFacts = z.infer<typeof runFactsSchema>;

/** The parsed documents of one verified bundle, from the very bytes that were verified. */
export interface BundleDocuments {
  readonly run_id: string;
  /** The value of a JSON document by its path in the bundle; undefined if the bundle has none. */
  document(path: string): unknown;
  /** The governed events, in their order. */
  readonly events: readonly { readonly event: string }[];
  /** Paths of all files in the bundle. */
  readonly paths: readonly string[];
}

/**
 * The facts of a bundle that verified. `sha256` gives the lower-case hex digest of a text as UTF-8. Throws a ZodError where a document has not the shape
 * that the verifier demands, so the caller must give only bundles that verified.
 */
export function toRunFacts(bundle: BundleDocuments, sha256: (text: string) => string): RunFacts {
  const report = reportSchema.parse(bundle.document(RUN_FILES.report));
  const policy = effectivePolicySchema.safeParse(bundle.document(PROOF_FILES.policy)).data;
  const comparison = comparisonSchema.safeParse(bundle.document(PROOF_FILES.comparison)).data;
  const { engine, model } = report;
  return {
    run_id: bundle.run_id,
    task_id: report.task_id,
    task_digest: report.task_digest,
    stage: stageOf(report),
    status: report.status,
    codes: [...new Set(report.blockers.map(({ code }) => code))].sort(),
    isolation: report.isolation.kind,
    process_started: report.process_started,
    engine: { id: engine.id, version: engine.version, executable_sha256: engine.executable_sha256 },
    model: model === null ? null : { provider: model.provider, model: model.model },
    standing_policy_digest: policy === undefined ? null : toStandingPolicyDigest(policy, sha256),
    target_id: report.source.target_id ?? null,
    landing: report.landing,
    decision_sha256:
      approvalClaimSchema.safeParse(bundle.document(PROOF_FILES.approvalClaim)).data?.decision_sha256 ?? null,
    compared_with: comparedWith(report),
    compared_lanes: toComparedLanes(comparison),
    comparison_lacks: toComparisonLacks(comparison, engine.id),
    report_fields: Object.keys(report).sort(),
    events: bundle.events.map(({ event }) => event),
    artifacts: toArtifacts(bundle.paths),
    allowed: { writes: report.allowed_writes_passed, forbidden: report.forbidden_paths_passed },
    processes_left: noEffectProofSchema.safeParse(bundle.document(PROOF_FILES.noEffect)).data?.processes_left ?? null,
  };
}

/** The guard for facts that were kept as JSON. */
export function isRunFacts(value: unknown): value is RunFacts {
  return runFactsSchema.safeParse(value).success;
}

function stageOf({ stage }: Report): RunFacts["stage"] {
  return z.union(STAGES.map((one) => z.literal(one))).parse(stage);
}

/** `report.comparison` is an extra field of the open report: {run_id, verdict, differences[]}. */
function comparedWith(report: Report): string | null {
  return z.looseObject({ run_id: runIdSchema }).safeParse(report.comparison).data?.run_id ?? null;
}

function toComparedLanes(comparison: Comparison | undefined): RunFacts["compared_lanes"] {
  if (comparison?.complete !== true) return null;
  return comparison.lanes.flatMap(({ engine, manifest_sha256, run_id }) =>
    run_id === null || manifest_sha256 === null ? [] : [{ engine, run_id, manifest_sha256 }],
  );
}

/** Why the engine of the run has no lane, else the first difference. */
function toComparisonLacks(comparison: Comparison | undefined, engineId: string): string | null {
  if (comparison === undefined || comparison.complete) return null;
  const own = comparison.lanes.find(({ engine }) => engine === engineId);
  if (own === undefined || own.missing !== null) return own?.missing ?? `there is no lane of ${engineId}`;
  const unequal = comparison.aspects.find(({ equal }) => !equal);
  return `${unequal?.aspect ?? "something"} differs: ${unequal?.differences[0] ?? "it does not say how"}`;
}

/** Names below `backend/` are the engine's own: that there is something is compared, not what it is called. */
function toArtifacts(paths: readonly string[]): string[] {
  return [...new Set(paths.map((path) => (path.startsWith("backend/") ? "backend/" : path)))].sort();
}
