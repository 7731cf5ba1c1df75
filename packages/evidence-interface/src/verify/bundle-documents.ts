import * as z from "zod";
import { fromBase64 } from "../base64.ts";
import {
  APPROVAL_DECISION_TYPE,
  type ApprovalDecision,
  approvalClaimSchema,
  approvalDecisionSchema,
  approvalPacketSchema,
} from "../schemas/approvals.ts";
import { governedEventSchema, liveEventSchema, type TraceEntry, traceEntrySchema } from "../schemas/events.ts";
import { type Manifest, manifestSchema } from "../schemas/manifest.ts";
import { identifierSchema } from "../schemas/primitives.ts";
import {
  broughtFoldersSchema,
  effectivePolicySchema,
  eligibilityDecisionSchema,
  noEffectProofSchema,
  reviewSchema,
  treeStateSchema,
} from "../schemas/proofs.ts";
import { reportSchema } from "../schemas/report.ts";
import { runBundleSchema } from "../schemas/run-bundle.ts";
import { type Envelope, envelopeSchema } from "../schemas/signatures.ts";
import {
  admissionsProofSchema,
  comparisonSchema,
  disposableProofSchema,
  routeAdmissionGuardSchema,
  rungProofSchema,
} from "../schemas/stage-proofs.ts";
import { PROOF_FILES, RUN_FILES, SCHEMAS } from "../vocabulary.ts";
import { type BundleFacts, isBundleDocument } from "./bundle-facts.ts";
import type { Findings } from "./findings.ts";
import { type DocumentFormat, toDocument, toFormat } from "./to-document.ts";

/** What the verifier uses of a stored task contract (`cto.task.v1`); the rest of it belongs to the contract's own parser. */
export const taskProofSchema = z.looseObject({
  schema: z.literal("cto.task.v1"),
  id: identifierSchema,
  title: z.string(),
  risk_class: z.string(),
  stage: z.int().min(1).max(6),
  allowed_paths: z.array(z.string()),
  forbidden_paths: z.array(z.string()),
  protected_paths: z.array(z.string()),
  forbidden_actions: z.array(z.string()),
  by_products: z.array(z.string()),
  diff_required: z.boolean(),
  approval: z.looseObject({ required: z.boolean(), expires_minutes: z.number().optional() }),
  budget: z.looseObject({ wall_seconds: z.number(), artifact_bytes: z.number() }),
  network: z.string(),
  success_criteria: z.array(z.string()).optional(),
  rollback: z.string().nullable().optional(),
  verification: z.array(z.looseObject({ id: identifierSchema, run: z.array(z.string()).min(1) })),
});

export const manifestFormat: DocumentFormat<Manifest> = toFormat(SCHEMAS.manifest, manifestSchema);

/** Values that came out of JSON.parse hold JSON only; looking at the data of every event again makes the verifier half as slow again. */
const parsedEventSchema = governedEventSchema.extend({ data: z.record(z.string(), z.unknown()) });
export type ParsedEvent = z.infer<typeof parsedEventSchema>;
export const eventFormat: DocumentFormat<ParsedEvent> = toFormat(SCHEMAS.event, parsedEventSchema);

const parsedLiveSchema = liveEventSchema.extend({ data: z.record(z.string(), z.unknown()) });
export const liveFormat: DocumentFormat<z.infer<typeof parsedLiveSchema>> = toFormat(
  SCHEMAS.liveEvent,
  parsedLiveSchema,
);
export const traceFormat: DocumentFormat<TraceEntry> = toFormat(SCHEMAS.trace, traceEntrySchema);

const formats = {
  run: { path: RUN_FILES.run, ...toFormat(SCHEMAS.run, runBundleSchema) },
  report: { path: RUN_FILES.report, ...toFormat(SCHEMAS.report, reportSchema) },
  review: { path: RUN_FILES.review, ...toFormat(SCHEMAS.review, reviewSchema) },
  task: { path: PROOF_FILES.task, ...toFormat("cto.task.v1", taskProofSchema) },
  policy: { path: PROOF_FILES.policy, ...toFormat(SCHEMAS.effectivePolicy, effectivePolicySchema) },
  eligibility: { path: PROOF_FILES.eligibility, ...toFormat(SCHEMAS.eligibility, eligibilityDecisionSchema) },
  treeState: { path: PROOF_FILES.treeState, ...toFormat(SCHEMAS.treeState, treeStateSchema) },
  noEffect: { path: PROOF_FILES.noEffect, ...toFormat(SCHEMAS.noEffectProof, noEffectProofSchema) },
  broughtFolders: { path: PROOF_FILES.broughtFolders, ...toFormat(SCHEMAS.broughtFolders, broughtFoldersSchema) },
  admissions: { path: PROOF_FILES.admissions, ...toFormat(SCHEMAS.admissionsProof, admissionsProofSchema) },
  rung: { path: PROOF_FILES.rung, ...toFormat(SCHEMAS.rungProof, rungProofSchema) },
  approvalPacket: { path: PROOF_FILES.approvalPacket, ...toFormat(SCHEMAS.approvalPacket, approvalPacketSchema) },
  approvalEnvelope: { path: PROOF_FILES.approvalDecision, ...toFormat(null, envelopeSchema) },
  approvalClaim: { path: PROOF_FILES.approvalClaim, ...toFormat(SCHEMAS.approvalClaim, approvalClaimSchema) },
  disposable: { path: PROOF_FILES.disposable, ...toFormat(SCHEMAS.disposableProof, disposableProofSchema) },
  comparison: { path: PROOF_FILES.comparison, ...toFormat(SCHEMAS.comparison, comparisonSchema) },
  routeGuard: { path: PROOF_FILES.routeGuard, ...toFormat(SCHEMAS.routeAdmissionGuard, routeAdmissionGuardSchema) },
} as const;

type Formats = typeof formats;
type Stored = { readonly [Name in keyof Formats]: z.infer<Formats[Name]["shape"]> | undefined };
/** The documents of a bundle that could be read; an absent or unreadable one is undefined. */
export interface BundleDocuments extends Stored {
  /** The payload of `approvalEnvelope`. That it could be read says nothing of its signature. */
  readonly approvalDecision: ApprovalDecision | undefined;
}

/** Reads every document but the manifest. Adds a finding for each one that is unreadable, of an unknown version or shape, or unknown at all. */
export function toBundleDocuments(facts: BundleFacts, findings: Findings): BundleDocuments {
  const known: ReadonlySet<string> = new Set(Object.values(formats).map((format) => format.path));
  for (const path of facts.documents.keys()) {
    if (known.has(path) || path === RUN_FILES.manifest || !isBundleDocument(path)) continue;
    findings.add("DOCUMENT_VERSION_UNKNOWN", path, `${path} is no document that this version knows`);
  }
  const take = <Value>(format: DocumentFormat<Value> & { readonly path: string }): Value | undefined => {
    const bytes = facts.documents.get(format.path);
    return bytes === undefined ? undefined : toDocument(bytes, format, format, findings);
  };
  const approvalEnvelope = take(formats.approvalEnvelope);
  return {
    run: take(formats.run),
    report: take(formats.report),
    review: take(formats.review),
    task: take(formats.task),
    policy: take(formats.policy),
    eligibility: take(formats.eligibility),
    treeState: take(formats.treeState),
    noEffect: take(formats.noEffect),
    broughtFolders: take(formats.broughtFolders),
    admissions: take(formats.admissions),
    rung: take(formats.rung),
    approvalPacket: take(formats.approvalPacket),
    approvalEnvelope,
    approvalDecision: approvalEnvelope && openDecision(approvalEnvelope, findings),
    approvalClaim: take(formats.approvalClaim),
    disposable: take(formats.disposable),
    comparison: take(formats.comparison),
    routeGuard: take(formats.routeGuard),
  };
}

const decisionFormat: DocumentFormat<ApprovalDecision> = toFormat(SCHEMAS.approvalDecision, approvalDecisionSchema);

function openDecision({ payload, payloadType }: Envelope, findings: Findings): ApprovalDecision | undefined {
  const path = PROOF_FILES.approvalDecision;
  const bytes = fromBase64(payload);
  if (payloadType !== APPROVAL_DECISION_TYPE)
    findings.add("DOCUMENT_VERSION_UNKNOWN", path, `payloadType is not ${APPROVAL_DECISION_TYPE}`);
  else if (bytes === undefined) findings.add("DOCUMENT_SHAPE_INVALID", path, "payload is no standard base64");
  else return toDocument(bytes, decisionFormat, { path }, findings);
  return undefined;
}
