import * as z from "zod";
import { SCHEMAS } from "../vocabulary.ts";
import { gitObjectIdSchema, runBranchSchema, runIdSchema, sha256Schema, timestampSchema } from "./primitives.ts";
import { publicKeySchema } from "./signatures.ts";

/** What a person may decide about a run whose landing is pending. */
const OUTCOMES = ["accepted", "rejected"] as const;

/** `outcome.json` in `.cto/outcomes/<run id>/`, in canonical bytes and one LF: what a person decided about a passed stage 5 run. */
export const outcomeSchema = z.strictObject({
  schema: z.literal(SCHEMAS.outcome),
  run_id: runIdSchema,
  manifest_sha256: sha256Schema,
  outcome: z.enum(OUTCOMES),
  reason: z.string().max(2000).nullable(),
  approver: publicKeySchema,
  recorded_at: timestampSchema,
  target_id: sha256Schema,
  /** What was landed, on the branch of the run; null for a rejection. */
  landing: z
    .strictObject({
      branch: runBranchSchema,
      base_commit: gitObjectIdSchema,
      commit: gitObjectIdSchema,
      tree: gitObjectIdSchema,
    })
    .nullable(),
  runtime_default_activation: z.literal(false),
});
export type Outcome = z.infer<typeof outcomeSchema>;
export const OUTCOME_TYPE = "application/vnd.cto.outcome.v1+json";

/**
 * The one line of an outcome's `events.normalized.jsonl`. It continues the chain of the run: `seq` is the run's event count + 1, `prev` the
 * run's chain head, `at` the outcome's `recorded_at`. `outcome_sha256` is over the bytes of `outcome.json`. Open to further data.
 */
export const outcomeEventSchema = z.strictObject({
  schema: z.literal(SCHEMAS.event),
  seq: z.int().min(1),
  at: timestampSchema,
  run_id: runIdSchema,
  event: z.literal("operator.outcome.recorded"),
  data: z.looseObject({ outcome: z.enum(OUTCOMES), outcome_sha256: sha256Schema }),
  prev: sha256Schema,
});
export type OutcomeEvent = z.infer<typeof outcomeEventSchema>;

/**
 * Files of an outcome directory. `signature` is a DSSE envelope of type `OUTCOME_TYPE`, in canonical bytes and one LF, whose payload is the bytes
 * of `outcome.json`. `manifest` is a `cto.manifest.v1` of the run's id over the other three, with `event_count` 1 and the digest of the one line
 * (without its LF) as `chain_head`.
 */
export const OUTCOME_FILES = {
  outcome: "outcome.json",
  signature: "outcome.dsse.json",
  events: "events.normalized.jsonl",
  manifest: "manifest.json",
} as const;
