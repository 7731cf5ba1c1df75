import type { FailureExemption, Stage } from "@cto/evidence-interface";
import type { LadderEvidence, OutcomeOf } from "./ladder-evidence.ts";
import type { LadderSubject } from "./ladder-subject.ts";
import type { RungProof } from "./pass-support.ts";
import { RungTracker } from "./rung-tracker.ts";

export interface DecideRungOptions {
  readonly subject: LadderSubject;
  /** The stage that must be proven, and with it all below. */
  readonly stage: Stage;
  /** Newest first; read only as far as needed. For a gate it must have been verified anew, without a cache. */
  readonly evidence: Iterable<LadderEvidence>;
  readonly outcomeOf: OutcomeOf;
  readonly exemptions: readonly FailureExemption[];
}

/** The answer, the bundles that hold it, and sentences on what would help. `missing` is empty exactly if `proven`. */
export interface RungDecision {
  readonly proven: boolean;
  readonly bundles: readonly RungProof[];
  readonly missing: readonly string[];
}

/** Decides whether a subject stands on a rung. Stops reading as soon as every rung up to it is proven; without that all evidence is read. */
export function decideRung({ evidence, stage, ...rest }: DecideRungOptions): RungDecision {
  const tracker = new RungTracker({ ...rest, highest: stage });
  for (const item of evidence) {
    tracker.take(item);
    if (item.state === "verified" && tracker.rungs().every(({ proven }) => proven)) break;
  }
  const rungs = tracker.rungs();
  return {
    proven: rungs.every(({ proven }) => proven),
    bundles: rungs.flatMap(({ bundles }) => bundles),
    // That the rung below is missing stands first, and that rung says it better.
    missing: rungs.flatMap(({ missing }, index) => missing.slice(rungs[index - 1]?.proven === false ? 1 : 0)),
  };
}
