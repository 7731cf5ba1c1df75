import * as z from "zod";
import { MUTATION_MODES, SCHEMAS, STAGES } from "../vocabulary.ts";
import {
  countSchema,
  gitObjectIdSchema,
  identifierSchema,
  pathTextSchema,
  runIdSchema,
  sha256Schema,
} from "./primitives.ts";

/** `review.json`: what a person should look at. `review.md` is its projection. */
export const reviewSchema = z.strictObject({
  schema: z.literal(SCHEMAS.review),
  run_id: runIdSchema,
  items: z.array(
    z.strictObject({
      weight: z.enum(["must-look", "should-look", "note"]),
      subject: z.string().min(1),
      path: pathTextSchema.nullable(),
      message: z.string().min(1),
    }),
  ),
});
export type Review = z.infer<typeof reviewSchema>;

/** Digests of a source repository that a run must leave untouched: HEAD, index, status, and names, sizes and link counts of `.git/objects`. */
export const sourceDigestsSchema = z.strictObject({
  head: sha256Schema,
  index: sha256Schema,
  status: sha256Schema,
  objects: sha256Schema,
  refs: sha256Schema,
});
export type SourceDigests = z.infer<typeof sourceDigestsSchema>;

/** A digest over every entry of a directory tree: names, types, modes, sizes, contents. */
const snapshotDigestSchema = z.strictObject({ sha256: sha256Schema, entries: countSchema });

/** `proofs/tree-state.json`: the disk before and after the engine, the result, and the source repository around the run. */
export const treeStateSchema = z.strictObject({
  schema: z.literal(SCHEMAS.treeState),
  run_id: runIdSchema,
  workspace_before: snapshotDigestSchema.nullable(),
  workspace_after: snapshotDigestSchema.nullable(),
  result_tree: gitObjectIdSchema.nullable(),
  fresh_checkout_tree: gitObjectIdSchema.nullable(),
  source_before: sourceDigestsSchema.nullable(),
  source_after: sourceDigestsSchema.nullable(),
  skipped_submodules: z.array(pathTextSchema),
});
export type TreeState = z.infer<typeof treeStateSchema>;

/** `proofs/no-effect.json` of every refused or blocked run: the source is as it was, and no process is left. */
export const noEffectProofSchema = z.strictObject({
  schema: z.literal(SCHEMAS.noEffectProof),
  run_id: runIdSchema,
  subject: z.enum(["none", "fixture", "repository"]),
  before: sourceDigestsSchema.nullable(),
  after: sourceDigestsSchema.nullable(),
  /** Null if nobody could compare: the harness died in between. */
  equal: z.boolean().nullable(),
  process_started: z.boolean(),
  processes_left: countSchema.nullable(),
});
export type NoEffectProof = z.infer<typeof noEffectProofSchema>;

/** `proofs/eligibility.json`: which engine may do the task, and why. Written for every run, refused ones too. */
export const eligibilityDecisionSchema = z.strictObject({
  schema: z.literal(SCHEMAS.eligibility),
  decision_id: z.string().min(1),
  task_id: identifierSchema,
  selected_backend: identifierSchema.nullable(),
  denied_backends: z.array(z.strictObject({ backend: identifierSchema, reasons: z.array(z.string().min(1)) })),
  risk_class: z.enum(["low", "medium", "high", "critical"]),
  required_gates: z.array(z.string()),
  passed_gates: z.array(z.string()),
  missing_gates: z.array(z.string()),
  allowed_mutation_mode: z.enum(MUTATION_MODES),
  approval_required: z.boolean(),
  reasons: z.array(z.string()),
  escalation_path: z.string().nullable(),
});
export type EligibilityDecision = z.infer<typeof eligibilityDecisionSchema>;

/** `proofs/brought.json`: ignored folders of the target that were shown to the engine and the verification, with their digests. */
export const broughtFoldersSchema = z.strictObject({
  schema: z.literal(SCHEMAS.broughtFolders),
  run_id: runIdSchema,
  folders: z.array(z.strictObject({ path: pathTextSchema, sha256: sha256Schema, entries: countSchema })),
});
export type BroughtFolders = z.infer<typeof broughtFoldersSchema>;

/** `proofs/policy.json`: the effective policy and the layer of every rule. Its canonical digest is `policy_digest`. */
export const effectivePolicySchema = z.strictObject({
  schema: z.literal(SCHEMAS.effectivePolicy),
  stage: z.union(STAGES.map((stage) => z.literal(stage))),
  rules: z.array(
    z.strictObject({
      dimension: z.enum([
        "allowed_paths",
        "forbidden_paths",
        "protected_paths",
        "forbidden_actions",
        "by_products",
        "network",
        "budget",
        "stage",
        "engines",
        "models",
        "targets",
      ]),
      value: z.json(),
      layer: z.enum(["organisation", "repository", "target", "task", "approval", "built-in"]),
    }),
  ),
});
export type EffectivePolicy = z.infer<typeof effectivePolicySchema>;
