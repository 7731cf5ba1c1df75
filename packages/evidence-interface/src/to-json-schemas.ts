import * as z from "zod";
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
  "cto.ledger-entry.v1": ledgerEntrySchema,
};

/**
 * The JSON Schema (draft 2020-12) of every format, by its `schema` value; `cto.ledger-entry.v1` is one line of the ledger. They state
 * shape only: what one field says about another is for `verifyBundle`.
 */
export function toJsonSchemas(): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const { $schema, ...body } = z.toJSONSchema(shape, { target: "draft-2020-12", io: "input" });
      return [name, { $schema, title: name, ...body }];
    }),
  );
}
