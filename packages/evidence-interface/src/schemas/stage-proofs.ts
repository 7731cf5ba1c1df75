import * as z from "zod";
import { RUN_STATUSES, SCHEMAS, STAGES } from "../vocabulary.ts";
import { ADMISSION_STATUSES } from "./admissions.ts";
import { modelPairSchema } from "./approvals.ts";
import {
  countSchema,
  failureCodeSchema,
  gitObjectIdSchema,
  identifierSchema,
  runBranchSchema,
  runIdSchema,
  sha256Schema,
} from "./primitives.ts";

const stageSchema = z.union(STAGES.map((stage) => z.literal(stage)));

/**
 * `proofs/admissions.json`: the records that the gates asked for and what they answered. Records hold paths of a machine, so a bundle has their
 * digest (over the bytes on disk; null if there is no record) and not their text.
 */
export const admissionsProofSchema = z.strictObject({
  schema: z.literal(SCHEMAS.admissionsProof),
  run_id: runIdSchema,
  items: z.array(
    z.strictObject({
      kind: z.enum(["source", "executable", "model", "provider-decision", "target"]),
      /** The id of the record that answered, null if there is none. */
      id: z.string().nullable(),
      status: z.enum(ADMISSION_STATUSES),
      record_sha256: sha256Schema.nullable(),
      problems: z.array(z.string().min(1)),
    }),
  ),
});
export type AdmissionsProof = z.infer<typeof admissionsProofSchema>;

/** The rung that a run had to stand on, and the bundles that held it when the run began. `proofs/rung.json`. */
export const rungProofSchema = z.strictObject({
  schema: z.literal(SCHEMAS.rungProof),
  run_id: runIdSchema,
  /** The stage that had to be proven; null if the run needed none. */
  required_stage: stageSchema.nullable(),
  proven: z.boolean(),
  bundles: z.array(z.strictObject({ run_id: runIdSchema, manifest_sha256: sha256Schema, proves: z.string().min(1) })),
  missing: z.array(z.string().min(1)),
});
export type RungProof = z.infer<typeof rungProofSchema>;

/**
 * `proofs/disposable.json` of a stage 4 run that landed its result in a repository made for it: only the branch of the run was added, there is
 * no remote that anything could be pushed to, and what became of the repository.
 */
export const disposableProofSchema = z.strictObject({
  schema: z.literal(SCHEMAS.disposableProof),
  run_id: runIdSchema,
  base_commit: gitObjectIdSchema,
  branch: runBranchSchema,
  commit: gitObjectIdSchema,
  tree: gitObjectIdSchema,
  /** Digests of all refs and their values before and after, without the run's own branch: equal if nothing else moved. */
  other_refs_before: sha256Schema,
  other_refs_after: sha256Schema,
  head_unmoved: z.boolean(),
  remotes: countSchema,
  disposal: z.enum(["disposed", "retained"]),
  note: z.string().min(1),
});
export type DisposableProof = z.infer<typeof disposableProofSchema>;

/** What lanes are compared on. */
export const COMPARISON_ASPECTS = ["report-shape", "events", "allowed-paths", "failure-closure", "artifacts"] as const;

/** Engines beside one another on one task, read from bundles: `proofs/comparison.json` of a stage 6 run and `cto compare --json`. */
export const comparisonSchema = z.strictObject({
  schema: z.literal(SCHEMAS.comparison),
  task_id: identifierSchema,
  lanes: z.array(
    z.strictObject({
      engine: identifierSchema,
      /** Null for a lane without a bundle that verifies; then `missing` says why. */
      run_id: runIdSchema.nullable(),
      manifest_sha256: sha256Schema.nullable(),
      stage: stageSchema.nullable(),
      status: z.enum(RUN_STATUSES).nullable(),
      codes: z.array(failureCodeSchema),
      missing: z.string().min(1).nullable(),
    }),
  ),
  aspects: z.array(
    z.strictObject({ aspect: z.enum(COMPARISON_ASPECTS), equal: z.boolean(), differences: z.array(z.string().min(1)) }),
  ),
  /** True if every lane has a bundle or a reason, at least one has a bundle, and every aspect is equal. */
  complete: z.boolean(),
  runtime_default_activation: z.literal(false),
});
export type Comparison = z.infer<typeof comparisonSchema>;

/** What stands between an engine and being a default: `proofs/route-guard.json` of a stage 6 run. `open` opens nothing: no code reads it. */
export const routeAdmissionGuardSchema = z.strictObject({
  schema: z.literal(SCHEMAS.routeAdmissionGuard),
  guard_status: z.enum(["blocked", "candidate_default_eligible"]),
  blocked_reason: z.string().min(1).nullable(),
  checks: z.array(z.strictObject({ check: z.string().min(1), passed: z.boolean(), detail: z.string().min(1) })),
  runtime_default_activation: z.literal(false),
});
export type RouteAdmissionGuard = z.infer<typeof routeAdmissionGuardSchema>;

/** One rung of a subject, with what holds it and what is missing. */
const rungSchema = z.strictObject({
  stage: stageSchema,
  proven: z.boolean(),
  /** Distinct tasks that passed at this stage and count. */
  tasks: countSchema,
  bundles: z.array(z.strictObject({ run_id: runIdSchema, manifest_sha256: sha256Schema, proves: z.string().min(1) })),
  missing: z.array(z.string().min(1)),
});

/** `cto ladder --json`: the rung of every subject, recomputed from bundles that verify now. */
export const ladderSchema = z.strictObject({
  schema: z.literal(SCHEMAS.ladder),
  items: z.array(
    z.strictObject({
      engine: z.strictObject({ id: identifierSchema, version: z.string(), executable_sha256: sha256Schema }),
      model: modelPairSchema.nullable(),
      standing_policy_digest: sha256Schema,
      /** Null for the part of the ladder that holds for every target: stages 1 and 2. */
      target_id: sha256Schema.nullable(),
      /** 0 if not even stage 1 is proven. */
      proven_stage: z.int().min(0).max(6),
      repeatability_count: countSchema,
      candidate_default_eligible: z.boolean(),
      rungs: z.array(rungSchema),
      runtime_default_activation: z.literal(false),
    }),
  ),
  /** Bundles that count for nobody, and why. */
  left_out: z.array(z.strictObject({ run_id: runIdSchema, reason: z.string().min(1) })),
});
export type Ladder = z.infer<typeof ladderSchema>;
