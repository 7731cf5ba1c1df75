import type { FailureCode, Stage } from "@cto/evidence-interface";
import type { RunFacts } from "./run-facts.ts";

/** The failure classes that a rung asks for besides its pass. Source: gates.md, "The six stages". */
export const FAILURE_CLASSES: Readonly<Record<Stage, readonly FailureCode[]>> = {
  1: [],
  2: ["no_diff", "disallowed_file_change", "verification_failed", "missing_test_command", "missing_required_event"],
  3: ["dirty_starting_tree", "dirty_ending_tree", "timeout", "artifact_write_failure"],
  4: ["approval_denied", "reviewer_rejected", "provider_unavailable"],
  5: ["disallowed_file_change", "verification_failed", "approval_denied"],
  6: [],
};

/** What an engine may never do: one of these, and every older pass of that engine at that stage counts no more. */
const violationCodes: ReadonlySet<FailureCode> = new Set<FailureCode>([
  "forbidden_path_change",
  "protected_test_changed",
  "hidden_mutation",
  "source_mutated",
  "forbidden_action_attempted",
  "secret_leak",
]);

/**
 * What a run did that its engine may never do, in words that follow its id; null if it did nothing of the kind. An engine that ran and whose effects nobody
 * could judge may have done anything: it could have seen to that itself.
 */
export function findViolation({ allowed, codes, process_started }: RunFacts): string | null {
  const code = codes.find((one) => violationCodes.has(one));
  if (code !== undefined) return `ended ${code}`;
  const isJudged = !process_started || (allowed.writes !== null && allowed.forbidden !== null);
  return isJudged ? null : `started its engine and ended ${codes.join(", ")}, and what it changed could not be judged`;
}
