import * as z from "zod";
import { ISOLATION_KINDS, MUTATION_MODES, SCHEMAS, TARGET_KINDS } from "../vocabulary.ts";
import {
  countSchema,
  gitObjectIdSchema,
  identifierSchema,
  lossyGitStateSchema,
  pointerSchema,
  runIdSchema,
  timestampSchema,
} from "./primitives.ts";

/** `run.json`: identity, source state, lifecycle, timing, pointers. Written at the start (`running`) and once more at the seal. */
export const runBundleSchema = z.strictObject({
  schema: z.literal(SCHEMAS.run),
  run_id: runIdSchema,
  cto_version: z.string().min(1),
  case_id: identifierSchema.nullable(),
  task_id: identifierSchema,
  engine_id: identifierSchema,
  stage: z.int().min(1).max(6),
  mode: z.string().min(1),
  mutation_mode: z.enum(MUTATION_MODES),
  target_kind: z.enum(TARGET_KINDS),
  isolation: z.enum(ISOLATION_KINDS),
  source: z.strictObject({
    git_state: lossyGitStateSchema.nullable(),
    baseline_commit: gitObjectIdSchema.nullable(),
    baseline_tree: gitObjectIdSchema.nullable(),
  }),
  lifecycle: z.enum(["running", "sealed"]),
  started_at: timestampSchema,
  finished_at: timestampSchema.nullable(),
  duration_ms: countSchema.nullable(),
  pointers: z.record(z.string(), pointerSchema),
});
export type RunBundle = z.infer<typeof runBundleSchema>;
