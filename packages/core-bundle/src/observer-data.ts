import { redactSecrets } from "@cto/errors";
import {
  type EligibilityDecision,
  type GovernedEvent,
  type LiveStream,
  type Report,
  type Review,
  type RunBundle,
  SCHEMAS,
} from "@cto/evidence-interface";
import type { BoundedText } from "./review.ts";

/** What the projection is made from. Texts may be of any length: they are cut here. */
export interface ObserverSource {
  readonly brief: string;
  readonly run: RunBundle;
  readonly report: Report;
  readonly review: Review;
  readonly eligibility: EligibilityDecision | null;
  readonly events: readonly GovernedEvent[];
  readonly streams: readonly LiveStream[];
  /** Null where there is none or where it is quarantined. */
  readonly patch: BoundedText | null;
  readonly testLog: BoundedText | null;
}

/** `observer/observer-data.json`: a projection that can be rebuilt from the other files. `recorded` says: nothing here was checked by the reader's page. */
export interface ObserverData {
  readonly schema: typeof SCHEMAS.observerData;
  readonly recorded: true;
  readonly brief: string;
  readonly run: RunBundle;
  readonly report: Report;
  readonly review: Review;
  readonly eligibility: EligibilityDecision | null;
  readonly events: readonly GovernedEvent[];
  readonly streams: readonly LiveStream[];
  readonly patch: BoundedText | null;
  readonly test_log: BoundedText | null;
}

const limits = { brief: 8_000, patch: 200_000, testLog: 16_000 };

/** Gathers the projection. Texts are cut at a line border and secret-shaped spans in them redacted; control characters stay, a page makes them visible. */
export function toObserverData(source: ObserverSource): ObserverData {
  const { run, report, review, eligibility, events, streams } = source;
  return {
    schema: SCHEMAS.observerData,
    recorded: true,
    brief: bound({ text: source.brief, truncated: false }, limits.brief).text,
    run,
    report,
    review,
    eligibility,
    events,
    streams,
    patch: source.patch === null ? null : bound(source.patch, limits.patch),
    test_log: source.testLog === null ? null : bound(source.testLog, limits.testLog),
  };
}

function bound(part: BoundedText, max: number): BoundedText {
  if (part.text.length <= max) return { text: redactSecrets(part.text).toWellFormed(), truncated: part.truncated };
  const border = part.text.lastIndexOf("\n", max - 1);
  const kept = part.text.slice(0, border < max / 2 ? max : border + 1);
  return { text: redactSecrets(kept).toWellFormed(), truncated: true };
}
