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
