import * as z from "zod";
import {
  APPROVAL_STATUSES,
  ISOLATION_KINDS,
  LANDINGS,
  LIMIT_HOLDERS,
  MUTATION_MODES,
  PROCESS_END_KINDS,
  RUN_STATUSES,
  SCHEMAS,
} from "../vocabulary.ts";
import {
  blockerSchema,
  countSchema,
  gitObjectIdSchema,
  identifierSchema,
  pathTextSchema,
  pointerSchema,
  processEndSchema,
  runIdSchema,
  sha256Schema,
  timestampSchema,
} from "./primitives.ts";

/** Counts of one test run, as read from TAP or JUnit output. */
export const testCountsSchema = z.looseObject({ passed: countSchema, failed: countSchema, skipped: countSchema });
export type TestCounts = z.infer<typeof testCountsSchema>;

/** One verification command and how it ended in the fresh checkout. `resolved.path` is a path inside the sandbox. */
export const verificationResultSchema = z.looseObject({
  id: identifierSchema,
  command: z.array(z.string()).min(1),
  resolved: z.looseObject({ path: z.string(), sha256: sha256Schema }).nullable(),
  exit: processEndSchema,
  passed: z.boolean(),
  tests: testCountsSchema.optional(),
  baseline_tests: testCountsSchema.optional(),
  duration_ms: countSchema,
  log: z.looseObject({ path: pointerSchema, bytes: countSchema, truncated: z.boolean() }),
  ran_in: z.literal("fresh-checkout"),
  isolation: z.enum(ISOLATION_KINDS),
});
export type VerificationResult = z.infer<typeof verificationResultSchema>;

/** What the engine said. Recorded and compared, never trusted. Absent means no claim. */
export const claimsSchema = z.looseObject({
  files: z.array(pathTextSchema).optional(),
  tests_passed: z.boolean().optional(),
  committed: z.boolean().optional(),
  summary: z.string().optional(),
});
export type Claims = z.infer<typeof claimsSchema>;

export const changedFileSchema = z.looseObject({
  path: pathTextSchema,
  change: z.enum(["added", "modified", "deleted", "type-changed", "mode-changed"]),
  allowed: z.boolean(),
  rule: z.string().nullable(),
});
export type ChangedFile = z.infer<typeof changedFileSchema>;

/** `report.json`: the verdict. Open to further fields, which readers ignore. */
export const reportSchema = z.looseObject({
  schema: z.literal(SCHEMAS.report),
  case_id: identifierSchema.nullable(),
  task_id: identifierSchema,
  title: z.string(),
  run_id: runIdSchema,
  status: z.enum(RUN_STATUSES),
  backend: identifierSchema,
  run_started_at: timestampSchema,
  run_finished_at: timestampSchema,
  backend_exit: z.enum(PROCESS_END_KINDS),
  backend_exit_code: z.int().nullable(),
  stage: z.int().min(1).max(6),
  mutation_scope: z.enum(MUTATION_MODES),
  diff_required: z.boolean(),
  changed_files: z.array(pathTextSchema),
  changes: z.array(changedFileSchema),
  by_products: z.array(pathTextSchema),
  allowed_writes_passed: z.boolean().nullable(),
  forbidden_paths_passed: z.boolean().nullable(),
  approval_status: z.enum(APPROVAL_STATUSES),
  landing: z.enum(LANDINGS),
  verification: z.array(verificationResultSchema),
  blockers: z.array(blockerSchema),
  claims: claimsSchema,
  claims_match: z.boolean().nullable(),
  isolation: z.looseObject({
    kind: z.enum(ISOLATION_KINDS),
    network: z.enum(["none", "gateway", "host"]),
    writable: z.array(z.string()),
    limits: z.record(z.string(), z.enum(LIMIT_HOLDERS)),
  }),
  model: z
    .looseObject({
      provider: z.string(),
      model: z.string(),
      runtime_provider: z.string(),
      admission_status: z.string(),
      requests: countSchema,
      input_tokens: countSchema,
      output_tokens: countSchema,
    })
    .nullable(),
  engine: z.looseObject({
    id: identifierSchema,
    version: z.string().nullable(),
    executable_sha256: sha256Schema.nullable(),
    /** Of the engine's own file beside the task; absent in older bundles. */
    input_sha256: sha256Schema.nullable().optional(),
    source_admission_status: z.string(),
  }),
  process_started: z.boolean(),
  source: z.looseObject({
    baseline_commit: gitObjectIdSchema.nullable(),
    baseline_tree: gitObjectIdSchema.nullable(),
    /** The tree that the engine started from: the baseline, or what setup made of it. Null or absent before there is one; a pass names it. */
    start_tree: gitObjectIdSchema.nullable().optional(),
    result_tree: gitObjectIdSchema.nullable(),
    /** What a repository is told by, the same in every clone: SHA-256 of "cto.target.v1" and the sorted root commits, one a line. From stage 3 on. */
    target_id: sha256Schema.nullable().optional(),
  }),
  policy_digest: sha256Schema,
  task_digest: sha256Schema,
  artifact_paths: z.array(pointerSchema),
  artifact_digests: z.record(z.string(), sha256Schema),
  runtime_default_activation: z.literal(false),
});
export type Report = z.infer<typeof reportSchema>;
