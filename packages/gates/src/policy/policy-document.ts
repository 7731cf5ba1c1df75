import { SCHEMAS } from "@cto/evidence-interface";
import * as z from "zod";
import type { DocumentKind } from "../document-kind.ts";
import { patternProblem } from "./path-pattern.ts";
import {
  actionsSchema,
  budgetFields,
  identifier,
  networkSchema,
  patternOutsideGit,
  patternsOf,
  stageSchema,
} from "./policy-fields.ts";

const model = z
  .string()
  .max(400)
  .regex(/^[^\s/][^\r\n/]*\/[^\r\n]*\S$/)
  .describe("a model as provider/model");

const budget = z
  .strictObject({
    wall_seconds: budgetFields.wall_seconds.optional(),
    tokens: budgetFields.tokens.optional(),
    usd: budgetFields.usd.optional(),
    artifact_bytes: budgetFields.artifact_bytes.optional(),
  })
  .describe("a map {wall_seconds, tokens, usd, artifact_bytes}");

/** What a policy may say; it is silent about what it leaves out. */
const says = {
  allowed_paths: patternsOf(patternOutsideGit).optional(),
  forbidden_paths: patternsOf(patternProblem).optional(),
  protected_paths: patternsOf(patternProblem).optional(),
  forbidden_actions: actionsSchema.optional(),
  by_products: patternsOf(patternOutsideGit).optional(),
  engines: z.array(identifier).max(1000).optional().describe("a list of engine ids, like [fake]"),
  models: z.array(model).max(1000).optional().describe("a list of models, each as provider/model"),
  targets: z.array(identifier).max(1000).optional().describe("a list of ids of target admissions"),
  stage: stageSchema.optional(),
  network: networkSchema.optional(),
  budget: budget.optional(),
};

const policyDocument = z.strictObject({
  schema: z.literal(SCHEMAS.policy).describe(`the text ${SCHEMAS.policy}`),
  ...says,
});

// The other keys of the configuration are read elsewhere; only what another version would mean is unknown here too.
const configDocument = z.looseObject({
  schema: z.literal("cto.config.v1").describe("the text cto.config.v1"),
  policy: z.strictObject(says).optional().describe("a map of the keys of a policy"),
});

const kind = { area: "POLICY", noun: "policy", guide: "docs/guides/policy.md" } as const;

/** The file of an organisation: a whole policy. */
export const ORGANISATION_DOCUMENT: DocumentKind<typeof policyDocument> = { ...kind, schema: policyDocument };

/** The configuration of a repository, with a policy under one of its keys. */
export const REPOSITORY_DOCUMENT: DocumentKind<typeof configDocument> = { ...kind, schema: configDocument };

/** The JSON Schema (draft 2020-12) of an organisation's policy file, for editors. States shape only; `parsePolicy` knows more. */
export function policyJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(policyDocument, { target: "draft-2020-12", io: "input" });
}
