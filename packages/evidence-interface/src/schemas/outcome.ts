import * as z from "zod";
import { SCHEMAS } from "../vocabulary.ts";
import { gitObjectIdSchema, runIdSchema, sha256Schema, timestampSchema } from "./primitives.ts";
import { publicKeySchema } from "./signatures.ts";

/** `outcome.json` in `.cto/outcomes/<run id>/`, in canonical bytes and one LF: what a person decided about a passed stage 5 run. */
export const outcomeSchema = z.strictObject({
  schema: z.literal(SCHEMAS.outcome),
  run_id: runIdSchema,
  manifest_sha256: sha256Schema,
  outcome: z.enum(["accepted", "rejected"]),
  reason: z.string().max(2000).nullable(),
  approver: publicKeySchema,
  recorded_at: timestampSchema,
  target_id: sha256Schema,
  /** What was landed; null for a rejection. `branch` is a full ref name. */
  landing: z
    .strictObject({
      branch: z.string().min(1),
      base_commit: gitObjectIdSchema,
      commit: gitObjectIdSchema,
      tree: gitObjectIdSchema,
    })
    .nullable(),
  runtime_default_activation: z.literal(false),
});
export type Outcome = z.infer<typeof outcomeSchema>;
export const OUTCOME_TYPE = "application/vnd.cto.outcome.v1+json";

/** The one line of an outcome's `events.normalized.jsonl`. It continues the chain of the run: `seq` and `prev` follow its last event. */
export const outcomeEventSchema = z.strictObject({
  schema: z.literal(SCHEMAS.event),
  seq: z.int().min(1),
  at: timestampSchema,
  run_id: runIdSchema,
  event: z.literal("operator.outcome.recorded"),
  data: z.record(z.string(), z.json()),
  prev: sha256Schema,
});
export type OutcomeEvent = z.infer<typeof outcomeEventSchema>;

/** Files of an outcome directory. `signature` is a DSSE envelope whose payload is the bytes of `outcome.json`. */
export const OUTCOME_FILES = {
  outcome: "outcome.json",
  signature: "outcome.dsse.json",
  events: "events.normalized.jsonl",
  manifest: "manifest.json",
} as const;
