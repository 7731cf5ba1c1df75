import { FAILURE_CODES, type FailureCode } from "../src/index.ts";
import type { BundleDraft } from "./seal.ts";

/** Ends a draft with one blocker, in the report and in the events. */
export function block(draft: BundleDraft, status: "fail" | "blocked", code: FailureCode): BundleDraft {
  const { event, hint } = FAILURE_CODES[code];
  const report = documentOf(draft, "report.json");
  report.status = status;
  report.blockers = [{ code, message: `The run ended with ${code}.`, hint, event }];
  for (const entry of draft.events) {
    if (entry.event === "run.completed") Object.assign(entry.data, { status, all_blockers: [code] });
    entry.data.blockers = entry.event === event ? [code] : [];
  }
  return draft;
}

/** A document of a draft, to be changed in place. */
export function documentOf(draft: BundleDraft, path: string): Record<string, unknown> {
  const document = draft.documents[path];
  if (document === undefined) throw new Error(`the draft has no ${path}`);
  return document;
}

/** The event of a draft, to be changed in place. */
export function eventOf(draft: BundleDraft, name: string): BundleDraft["events"][number] {
  const event = draft.events.find((entry) => entry.event === name);
  if (event === undefined) throw new Error(`the draft has no ${name}`);
  return event;
}

/** The gates that stand before every run. */
const gateNames = [
  "policy-layers",
  "stage-permitted-by-contract",
  "stage-permitted-by-policy",
  "stage-permits-execution",
  "isolation-permitted-at-stage",
  "engine-admitted",
  "model-admitted",
  "target-admitted",
  "engine-ready",
  "stage-proven",
  "sandbox-available",
  "approval",
];

/** The gates that stood before the runs of the first harness, which knew no stage above 3. */
export const earlierGateNames = [
  "stage-permitted-by-contract",
  "stage-implemented",
  "stage-permits-execution",
  "isolation-permitted-at-stage",
  "sandbox-available",
  "engine-ready",
  "approval",
];

/** Answers every gate, in the decision, its event and the plan: with a pass where nothing else is said. */
export function setGates(
  draft: BundleDraft,
  answers: Readonly<Record<string, "fail" | "undetermined">>,
  names: readonly string[] = gateNames,
): void {
  const passed_gates = names.filter((gate) => answers[gate] === undefined);
  const missing_gates = names.filter((gate) => answers[gate] !== undefined);
  const lists = { passed_gates, missing_gates };
  Object.assign(documentOf(draft, "proofs/eligibility.json"), { required_gates: names, ...lists });
  Object.assign(eventOf(draft, "eligibility.decided").data, { eligible: missing_gates.length === 0, ...lists });
  eventOf(draft, "plan.updated").data.gates = names.map((gate) => ({ gate, answer: answers[gate] ?? "pass" }));
}
