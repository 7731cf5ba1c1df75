import fs from "node:fs";
import path from "node:path";
import {
  type EligibilityDecision,
  eligibilityDecisionSchema,
  type GovernedEvent,
  governedEventSchema,
  type Report,
  type Review,
  type RunBundle,
  reportSchema,
  reviewSchema,
  runBundleSchema,
} from "@cto/evidence-interface";

const golden = path.resolve(import.meta.dirname, "../../../evidence-interface/src/__fixtures__/valid/pass");
const readJson = (name: string): unknown => JSON.parse(fs.readFileSync(path.join(golden, name), "utf8"));

/** The report of the golden passed run, with changes. */
export function sampleReport(changes: Partial<Report> = {}): Report {
  return { ...reportSchema.parse(readJson("report.json")), ...changes };
}

/** The other documents of the golden passed run. */
export function sampleDocuments(): {
  readonly run: RunBundle;
  readonly review: Review;
  readonly eligibility: EligibilityDecision;
  readonly events: readonly GovernedEvent[];
  readonly patch: string;
} {
  const lines = fs.readFileSync(path.join(golden, "events.normalized.jsonl"), "utf8").trimEnd().split("\n");
  return {
    run: runBundleSchema.parse(readJson("run.json")),
    review: reviewSchema.parse(readJson("review.json")),
    eligibility: eligibilityDecisionSchema.parse(readJson("proofs/eligibility.json")),
    events: lines.map((line) => governedEventSchema.parse(JSON.parse(line))),
    patch: fs.readFileSync(path.join(golden, "patch.diff"), "utf8"),
  };
}
