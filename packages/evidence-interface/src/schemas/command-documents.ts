import * as z from "zod";
import { RUN_STATUSES, SCHEMAS, VERDICTS } from "../vocabulary.ts";
import {
  countSchema,
  eventNameSchema,
  failureCodeSchema,
  pathTextSchema,
  runIdSchema,
  sha256Schema,
  timestampSchema,
} from "./primitives.ts";

/** A finding of the verifier. `path` is the file of the bundle that it is about, or null for the bundle as a whole. */
export const verifyFindingSchema = z.strictObject({
  code: z.string().regex(/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/),
  path: z.string().nullable(),
  message: z.string().min(1),
  hint: z.string().min(1),
});
export type VerifyFinding = z.infer<typeof verifyFindingSchema>;

/** What a verification of one bundle found. */
export const verifyResultSchema = z.strictObject({
  schema: z.literal(SCHEMAS.verifyResult),
  verdict: z.enum(VERDICTS),
  findings: z.array(verifyFindingSchema),
  run_id: runIdSchema.nullable(),
  status: z.enum(RUN_STATUSES).nullable(),
});
export type VerifyResult = z.infer<typeof verifyResultSchema>;

/** `cto verify --all`: the worst verdict and every single one. */
export const verifyManySchema = z.strictObject({
  schema: z.literal(SCHEMAS.verifyResult),
  verdict: z.enum(VERDICTS),
  results: z.array(verifyResultSchema),
});
export type VerifyMany = z.infer<typeof verifyManySchema>;

/** `cto run --json`. `run_dir` is relative to the working directory. */
export const runResultSchema = z.strictObject({
  schema: z.literal(SCHEMAS.runResult),
  run_id: runIdSchema,
  status: z.enum(RUN_STATUSES),
  blockers: z.array(z.strictObject({ code: failureCodeSchema, message: z.string(), hint: z.string() })),
  run_dir: z.string(),
  changed_files: z.array(pathTextSchema),
  verify: z.strictObject({ verdict: z.enum(VERDICTS) }),
});
export type RunResult = z.infer<typeof runResultSchema>;

const expectation = {
  status: z.enum(RUN_STATUSES),
  code: failureCodeSchema.nullable(),
  event: eventNameSchema.nullable(),
  exit: countSchema,
};

/** `cto cases run --json`: what was expected of each case beside what came out. */
export const casesRunSchema = z.strictObject({
  schema: z.literal(SCHEMAS.casesRun),
  items: z.array(
    z.strictObject({
      case: z.string().min(1),
      expected: z.strictObject(expectation),
      seen: z.strictObject({ ...expectation, status: z.enum(RUN_STATUSES).nullable(), run_id: runIdSchema.nullable() }),
      ok: z.boolean(),
    }),
  ),
});
export type CasesRun = z.infer<typeof casesRunSchema>;

/** `.cto/runs/latest.json`. */
export const latestRunSchema = z.strictObject({
  schema: z.literal(SCHEMAS.latestRun),
  run_id: runIdSchema,
  path: z.string().min(1),
  updated_at: timestampSchema,
});
export type LatestRun = z.infer<typeof latestRunSchema>;

/**
 * One line of `.cto/ledger.ndjson`. `prev` chains the lines as in the event log. A tombstone records `cto runs rm`. `recovered`: another process than the run's
 * own entered it, after a crash; such a run may count against its engine and never for it.
 */
export const ledgerEntrySchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("sealed"),
    n: z.int().min(1),
    run_id: runIdSchema,
    created_at: timestampSchema,
    mode: z.string().min(1),
    path: z.string().min(1),
    manifest_sha256: sha256Schema,
    recovered: z.literal(true).optional(),
    prev: sha256Schema,
  }),
  z.strictObject({
    kind: z.literal("removed"),
    n: z.int().min(1),
    run_id: runIdSchema,
    created_at: timestampSchema,
    manifest_sha256: sha256Schema.nullable(),
    prev: sha256Schema,
  }),
]);
export type LedgerEntry = z.infer<typeof ledgerEntrySchema>;
