import type { Outcome } from "@cto/evidence-interface";

/** Why a decision was not recorded. `target_moved` is the failure code of that name; a run that it meets can only be made anew. */
export type OutcomeRefusalCode =
  | "bundle_not_valid"
  | "run_not_in_ledger"
  | "run_not_pending"
  | "setup_changed_files"
  | "approver_not_trusted"
  | "outcome_recorded"
  | "outcome_invalid"
  | "outcome_unfinished"
  | "target_unknown"
  | "target_mismatch"
  | "target_not_admitted"
  | "target_moved"
  | "landing_refused";

/** Nothing was changed. The work is where it was: `patch.diff` of the bundle. */
export interface OutcomeRefusal {
  readonly kind: "refused";
  readonly code: OutcomeRefusalCode;
  readonly message: string;
  /** What would change the answer. */
  readonly hint: string;
}

/** What became of `cto accept` or `cto reject`. */
export type OutcomeDecision =
  | {
      readonly kind: "recorded";
      readonly outcome: Outcome;
      /** True if this finished the landing of a process that died in the middle of it: the record is that one's. */
      readonly recovered: boolean;
    }
  /** The same was decided before; `outcome` is the record of that. */
  | { readonly kind: "already"; readonly outcome: Outcome }
  | OutcomeRefusal;

/** A refusal in short. */
export function refuse(code: OutcomeRefusalCode, message: string, hint: string): OutcomeRefusal {
  return { kind: "refused", code, message, hint };
}
