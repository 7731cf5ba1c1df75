import * as z from "zod";
import {
  executableAdmissionSchema,
  failureExemptionSchema,
  modelAdmissionSchema,
  promotionDecisionSchema,
  providerDecisionSchema,
  sourceAdmissionSchema,
  targetAdmissionSchema,
} from "./schemas/admissions.ts";
import { approvalClaimSchema, approvalDecisionSchema, approvalPacketSchema } from "./schemas/approvals.ts";
import {
  casesRunSchema,
  latestRunSchema,
  ledgerEntrySchema,
  runResultSchema,
  verifyManySchema,
  verifyResultSchema,
} from "./schemas/command-documents.ts";
import { governedEventSchema, liveEventSchema, traceEntrySchema } from "./schemas/events.ts";
import { manifestSchema } from "./schemas/manifest.ts";
import { outcomeEventSchema, outcomeSchema } from "./schemas/outcome.ts";
import {
  broughtFoldersSchema,
  effectivePolicySchema,
  eligibilityDecisionSchema,
  noEffectProofSchema,
  reviewSchema,
  treeStateSchema,
} from "./schemas/proofs.ts";
import { reportSchema } from "./schemas/report.ts";
import { runBundleSchema } from "./schemas/run-bundle.ts";
import { envelopeSchema, trustedKeysSchema } from "./schemas/signatures.ts";
import {
  admissionsProofSchema,
  comparisonSchema,
  disposableProofSchema,
  ladderSchema,
  routeAdmissionGuardSchema,
  rungProofSchema,
} from "./schemas/stage-proofs.ts";
import { SCHEMAS } from "./vocabulary.ts";

const shapes: Readonly<Record<string, z.ZodType>> = {
  [SCHEMAS.run]: runBundleSchema,
  [SCHEMAS.report]: reportSchema,
  [SCHEMAS.event]: governedEventSchema,
  [SCHEMAS.liveEvent]: liveEventSchema,
  [SCHEMAS.trace]: traceEntrySchema,
  [SCHEMAS.manifest]: manifestSchema,
  [SCHEMAS.review]: reviewSchema,
  [SCHEMAS.treeState]: treeStateSchema,
  [SCHEMAS.noEffectProof]: noEffectProofSchema,
  [SCHEMAS.eligibility]: eligibilityDecisionSchema,
  [SCHEMAS.broughtFolders]: broughtFoldersSchema,
  [SCHEMAS.effectivePolicy]: effectivePolicySchema,
  [SCHEMAS.verifyResult]: z.union([verifyResultSchema, verifyManySchema]),
  [SCHEMAS.latestRun]: latestRunSchema,
  [SCHEMAS.runResult]: runResultSchema,
  [SCHEMAS.casesRun]: casesRunSchema,
  [SCHEMAS.trustedKeys]: trustedKeysSchema,
  [SCHEMAS.sourceAdmission]: sourceAdmissionSchema,
  [SCHEMAS.executableAdmission]: executableAdmissionSchema,
  [SCHEMAS.modelAdmission]: modelAdmissionSchema,
  [SCHEMAS.providerDecision]: providerDecisionSchema,
  [SCHEMAS.targetAdmission]: targetAdmissionSchema,
  [SCHEMAS.failureExemption]: failureExemptionSchema,
  [SCHEMAS.promotionDecision]: promotionDecisionSchema,
  [SCHEMAS.routeAdmissionGuard]: routeAdmissionGuardSchema,
  [SCHEMAS.admissionsProof]: admissionsProofSchema,
  [SCHEMAS.rungProof]: rungProofSchema,
  [SCHEMAS.disposableProof]: disposableProofSchema,
  [SCHEMAS.approvalPacket]: approvalPacketSchema,
  [SCHEMAS.approvalDecision]: approvalDecisionSchema,
  [SCHEMAS.approvalClaim]: approvalClaimSchema,
  [SCHEMAS.outcome]: outcomeSchema,
  [SCHEMAS.comparison]: comparisonSchema,
  [SCHEMAS.ladder]: ladderSchema,
  "cto.ledger-entry.v1": ledgerEntrySchema,
  "cto.outcome-event.v1": outcomeEventSchema,
  "dsse.envelope.v1": envelopeSchema,
};

/**
 * The JSON Schema (draft 2020-12) of every format, by its `schema` value; `cto.ledger-entry.v1` is one line of the ledger,
 * `cto.outcome-event.v1` the one line of an outcome, `dsse.envelope.v1` what others call an envelope. They state shape only: what one field says about another is for `verifyBundle`.
 */
export function toJsonSchemas(): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const { $schema, ...body } = z.toJSONSchema(shape, { target: "draft-2020-12", io: "input" });
      return [name, { $schema, title: name, ...body }];
    }),
  );
}
