import * as z from "zod";
import { SCHEMAS, STAGES } from "../vocabulary.ts";
import { gitObjectIdSchema, identifierSchema, runIdSchema, sha256Schema, timestampSchema } from "./primitives.ts";
import { publicKeySchema } from "./signatures.ts";

/** A provider and an exact model. */
export const modelPairSchema = z.strictObject({
  provider: z.string().min(1).max(128),
  model: z.string().min(1).max(256),
});
export type ModelPair = z.infer<typeof modelPairSchema>;

/**
 * `packet.json`: exactly what a person is asked to consent to, once. Deterministic: the same request on the same state gives the same bytes. Stored in
 * canonical bytes and one LF; its name is the SHA-256 of the canonical text without the LF.
 */
export const approvalPacketSchema = z.strictObject({
  schema: z.literal(SCHEMAS.approvalPacket),
  task_id: identifierSchema,
  task_digest: sha256Schema,
  title: z.string().min(1),
  stage: z.union(STAGES.map((stage) => z.literal(stage))),
  /** Null at stages without a repository (below 3), like `base_commit`. `name` is the id of the target's admission, if there is one. */
  target: z.strictObject({ target_id: sha256Schema, name: identifierSchema.nullable() }).nullable(),
  base_commit: gitObjectIdSchema.nullable(),
  /** The tree that the engine starts from, before `setup`: of the base commit, or of the task's fixture. */
  base_tree: gitObjectIdSchema,
  /** Digest of the canonical JSON of the effective policy without the rules of the layer `approval`. */
  policy_digest: sha256Schema,
  /** `input_sha256` is of the engine's own file beside the task (its script or settings); null if there is none. */
  engine: z.strictObject({
    id: identifierSchema,
    version: z.string().min(1),
    executable_sha256: sha256Schema,
    input_sha256: sha256Schema.nullable(),
  }),
  model: modelPairSchema.nullable(),
  success_criteria: z.array(z.string()),
  allowed_paths: z.array(z.string()),
  forbidden_paths: z.array(z.string()),
  forbidden_actions: z.array(z.string()),
  validation_commands: z.array(z.array(z.string()).min(1)),
  rollback: z.string().nullable(),
  /** Minutes from the decision within which a run must claim it. */
  expires_minutes: z.int().min(1).max(43_200),
  /** 1, and one more for each approval of the same content that was spent or expired. */
  attempt: z.int().min(1),
  /** One sentence that a person can repeat. */
  sentence: z.string().min(1),
});
export type ApprovalPacket = z.infer<typeof approvalPacketSchema>;

const narrowedPaths = z.array(z.string().min(1).max(4096)).min(1).max(1000);

/** What an approver may narrow further; never widen. A list that is there says something: an empty one would say nothing. */
export const approvalNarrowingSchema = z.strictObject({
  allowed_paths: narrowedPaths.optional(),
  forbidden_paths: narrowedPaths.optional(),
});
export type ApprovalNarrowing = z.infer<typeof approvalNarrowingSchema>;

/** The payload of `decision.json`, a DSSE envelope of type `APPROVAL_DECISION_TYPE` signed with the approver's key. */
export const approvalDecisionSchema = z.strictObject({
  schema: z.literal(SCHEMAS.approvalDecision),
  packet_sha256: sha256Schema,
  decision: z.enum(["granted", "denied"]),
  reason: z.string().max(2000).nullable(),
  approver: publicKeySchema,
  decided_at: timestampSchema,
  narrowing: approvalNarrowingSchema.nullable(),
});
export type ApprovalDecision = z.infer<typeof approvalDecisionSchema>;
export const APPROVAL_DECISION_TYPE = "application/vnd.cto.approval-decision.v1+json";

/** `claim.json`, created once and never changed: the run that spent the approval. `decision_sha256` is over the bytes of `decision.json`. */
export const approvalClaimSchema = z.strictObject({
  schema: z.literal(SCHEMAS.approvalClaim),
  packet_sha256: sha256Schema,
  decision_sha256: sha256Schema,
  run_id: runIdSchema,
  claimed_at: timestampSchema,
});
export type ApprovalClaim = z.infer<typeof approvalClaimSchema>;
