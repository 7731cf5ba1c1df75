import { type Blocker, EVENT_ORDER, FAILURE_CODES, type RunStatus } from "@cto/evidence-interface";

/** The verdict on a run: its status, and the blockers with the one that decides first. */
export interface RunJudgement {
  readonly status: RunStatus;
  readonly blockers: readonly Blocker[];
}

/**
 * Decides the status of a run: without blockers it passes, any `fail` beats `blocked`. Blockers that fail stand before those that block, then
 * in the order of the pipeline's events, then as given.
 */
export function judgeRun(facts: { readonly blockers: readonly Blocker[] }): RunJudgement {
  const blockers = [...facts.blockers].sort((a, b) => rankOf(a) - rankOf(b));
  const first = blockers[0];
  return { status: first === undefined ? "pass" : FAILURE_CODES[first.code].status, blockers };
}

/** The exit code of `cto run` for a status: 0 pass, 1 fail, 3 blocked. */
export function exitCodeOf(status: RunStatus): 0 | 1 | 3 {
  if (status === "pass") return 0;
  return status === "fail" ? 1 : 3;
}

function rankOf(blocker: Blocker): number {
  const { status, event } = FAILURE_CODES[blocker.code];
  return (status === "fail" ? 0 : EVENT_ORDER.length) + EVENT_ORDER.indexOf(event);
}
