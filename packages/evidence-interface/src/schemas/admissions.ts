import * as z from "zod";
import { FAILURE_CODE_NAMES, type FailureCode } from "../failure-codes.ts";
import { SCHEMAS } from "../vocabulary.ts";
import { identifierSchema, sha256Schema, timestampSchema } from "./primitives.ts";

// Descriptions end the sentence "expected ..." of an error.
const line = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^\u0000-\u001f\u007f\S]*[^\u0000-\u001f\u007f\s][^\u0000-\u001f\u007f]*$/)
  .describe("one line of 1 to 500 characters");
const id = identifierSchema.describe("an identifier: lower-case letters, digits, dots, dashes, underscores");
const digest = sha256Schema.describe("a SHA-256 as 64 lower-case hex digits");
const time = timestampSchema.describe("a UTC time like 2026-01-31T12:00:00.000Z");
const words = z.array(line).min(1).describe("a command as a list of words");
const price = z.number().min(0).describe("a price from 0");
const flag = z.boolean().describe("true or false");
const lines = z.array(line).describe("a list of lines");
const patterns = z
  .array(z.string().min(1).max(4096).describe("a path pattern of 1 to 4096 characters"))
  .max(10_000)
  .describe("a list of path patterns");

/** What every admission record has. `review_trigger` says what makes it due for another look. */
const common = {
  id,
  approval_source: line,
  approval_timestamp: time,
  review_trigger: line,
};

export const ADMISSION_STATUSES = [
  "admitted",
  "missing_admission",
  "mismatch",
  "invalid_admission",
  "not_admitted",
] as const;
/** What a record says of the thing as it is now. Computed, never stored. */
export type AdmissionStatus = (typeof ADMISSION_STATUSES)[number];

/** Where an engine comes from, at which version, under which licence. */
export const sourceAdmissionSchema = z.strictObject({
  schema: z.literal(SCHEMAS.sourceAdmission),
  ...common,
  name: line,
  url: z
    .string()
    .max(2000)
    .regex(/^https:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?(?:[/?#][!-~]*)?$/)
    .describe("an https URL without user name or password"),
  type: z
    .enum(["npm-package", "git-repository", "binary-release", "other"])
    .describe("npm-package, git-repository, binary-release or other"),
  pinned: line.describe("an exact commit or version"),
  /** The id of the record that this one replaces, if the pin changed; its conformance run must be done again. */
  previous: id.nullable(),
  conformance: z
    .strictObject({ pinned: line, passed_at: time })
    .nullable()
    .describe("{pinned, passed_at} of the conformance run, or null"),
  licence: z
    .strictObject({
      status: z.enum(["resolved", "unresolved"]).describe("resolved or unresolved"),
      expression: line.describe("an SPDX expression or NOASSERTION"),
      note: line,
    })
    .describe("{status, expression, note}"),
  retrieved_at: time,
  retrieval_command: line,
  integrity: line.describe("a digest or another integrity reference"),
  allowed_execution: z.enum(["sandbox-only", "never"]).describe("sandbox-only or never"),
  protected_boundary: line,
});
export type SourceAdmission = z.infer<typeof sourceAdmissionSchema>;

/** The exact program that may run as an engine. Either `path` or `package` names it. */
export const executableAdmissionSchema = z.strictObject({
  schema: z.literal(SCHEMAS.executableAdmission),
  ...common,
  engine: id,
  source: id.describe("the id of a source admission"),
  path: line.nullable(),
  package: line.nullable(),
  version: line,
  sha256: digest,
  identity_probe: z.strictObject({ command: words, answer: line }).describe("{command, answer}"),
  command_shape: words,
  status: z.enum(["admitted", "not_admitted"]).describe("admitted or not_admitted"),
});
export type ExecutableAdmission = z.infer<typeof executableAdmissionSchema>;

/** A provider and an exact model. Credentials are only ever named by class, never stored. */
export const modelAdmissionSchema = z.strictObject({
  schema: z.literal(SCHEMAS.modelAdmission),
  ...common,
  provider: line,
  model: line,
  credential_source: z.enum(["environment", "none"]).describe("environment or none"),
  network: z.enum(["external", "local", "loopback"]).describe("external, local or loopback"),
  /** US dollars for a million tokens; needed only for `budget.usd`. */
  prices: z
    .strictObject({ input_usd_per_million: price, output_usd_per_million: price })
    .nullable()
    .describe("{input_usd_per_million, output_usd_per_million}, or null"),
  status: z.enum(["admitted", "not_admitted"]).describe("admitted or not_admitted"),
});
export type ModelAdmission = z.infer<typeof modelAdmissionSchema>;

/** The decision that stands before any model admission: may an external provider see the code at all? */
export const providerDecisionSchema = z.strictObject({
  schema: z.literal(SCHEMAS.providerDecision),
  decision: z
    .enum(["not_decided", "external_provider_approved", "local_provider_required"])
    .describe("not_decided, external_provider_approved or local_provider_required"),
  reason: line,
  approval_source: line,
  approval_timestamp: time,
  review_trigger: line,
});
export type ProviderDecision = z.infer<typeof providerDecisionSchema>;

/** Actions that every target admission must forbid. */
export const ALWAYS_FORBIDDEN_ACTIONS = [
  "push",
  "merge",
  "deploy",
  "close",
  "pr_open",
  "issue_close",
  "public_publication",
  "credential_change",
  "vendor_source_mutation",
] as const;

/** A repository whose owner permits bounded changes. `target_repository_path` is absolute, or relative to the folder that holds `cto/`. */
export const targetAdmissionSchema = z.strictObject({
  schema: z.literal(SCHEMAS.targetAdmission),
  id,
  admission_status: z.enum(["admitted", "not_admitted"]).describe("admitted or not_admitted"),
  target_repository_path: line.describe("a path, absolute or relative to the folder that holds cto/"),
  repository_owner: line,
  ownership_evidence: line,
  risk_classification: z.literal("low_risk_noncritical").describe("the text low_risk_noncritical"),
  noncritical_rationale: line,
  allowed_paths: patterns.min(1),
  forbidden_paths: patterns,
  forbidden_actions: z
    .array(id)
    .refine((actions) => ALWAYS_FORBIDDEN_ACTIONS.every((action) => actions.includes(action)))
    .describe(`a list with at least ${ALWAYS_FORBIDDEN_ACTIONS.join(", ")}`),
  approval_source: line,
  approval_timestamp: time,
  operator_outcome_required: z.literal(true).describe("true"),
  review_trigger: line,
});
export type TargetAdmission = z.infer<typeof targetAdmissionSchema>;

/** Why one failure class of a rung cannot be shown by a bundle of this engine. */
export const failureExemptionSchema = z.strictObject({
  schema: z.literal(SCHEMAS.failureExemption),
  id,
  engine: id,
  stage: z.int().min(2).max(5).describe("a stage from 2 to 5"),
  code: z.enum(FAILURE_CODE_NAMES as readonly [FailureCode, ...FailureCode[]]).describe("a failure code"),
  reason: line,
  approval_source: line,
  approval_timestamp: time,
  review_trigger: line,
});
export type FailureExemption = z.infer<typeof failureExemptionSchema>;

/** A person's word on promotion. Evidence being ready is never the same as being promoted: nothing in `cto` acts on this record. */
export const promotionDecisionSchema = z.strictObject({
  schema: z.literal(SCHEMAS.promotionDecision),
  id,
  decision_status: z
    .enum(["not_decided", "core_promotion_requested", "core_promotion_deferred"])
    .describe("not_decided, core_promotion_requested or core_promotion_deferred"),
  ready_for_review: flag,
  evidence: lines,
  blockers: lines,
  next_decision: line,
  runtime_default_activation: z.literal(false).describe("false"),
});
export type PromotionDecision = z.infer<typeof promotionDecisionSchema>;
