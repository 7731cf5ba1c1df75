import { STAGE_NAMES, STAGES, type Stage } from "@cto/evidence-interface";
import type { RunFacts } from "./run-facts.ts";

/**
 * One entry of the ledger with what became of its bundle, as `iterateEvidence` of `@cto/bundle-store` yields it. Evidence goes newest first: unlisted
 * runs, then the ledger from its end to its beginning. `mode` is the stage's name; null if it cannot be told.
 */
export type LadderEvidence =
  | {
      readonly state: "verified";
      readonly run_id: string;
      readonly manifest_sha256: string;
      readonly value: RunFacts;
    }
  | {
      /** The bundle does not verify or is another than the ledger says; it is gone, without or with a tombstone; the ledger itself is broken here. */
      readonly state: "broken" | "missing" | "removed" | "gap";
      readonly run_id: string | null;
      readonly mode: string | null;
      readonly reason: string;
    }
  | {
      /**
       * A sealed bundle that the ledger does not know, or that came into it only when somebody cleaned up after a crash. It may count against an engine, never
       * for one. `value` is null if it does not verify either.
       */
      readonly state: "unlisted" | "recovered";
      readonly run_id: string;
      readonly value: RunFacts | null;
      readonly reason: string;
    };

/** What an operator's outcome record says of a run, judged now: `invalid` if there is one that does not verify. */
export type OutcomeOf = (runId: string) => "accepted" | "rejected" | null | { readonly invalid: string };

/** The stages that an entry without a verified bundle may have been about: all of them, if nobody can tell. */
export function stagesOfMode(mode: string | null): readonly Stage[] {
  const stage = STAGES.find((one) => STAGE_NAMES[one] === mode);
  return stage === undefined ? STAGES : [stage];
}
