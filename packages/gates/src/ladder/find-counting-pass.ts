import type { DecideRungOptions } from "./decide-rung.ts";
import type { VerifiedRun } from "./pass-support.ts";
import { RungTracker } from "./rung-tracker.ts";

export interface FindCountingPassOptions extends DecideRungOptions {
  readonly task_id: string;
}

/**
 * The newest pass of a subject for a task at one stage that holds the rung now: of this very program, model, policy and target, newer than the last violation, and
 * at stage 5 accepted. Null if there is none. Reads all evidence.
 */
export function findCountingPass({ evidence, stage, task_id, ...rest }: FindCountingPassOptions): VerifiedRun | null {
  const tracker = new RungTracker({ ...rest, highest: stage });
  for (const item of evidence) tracker.take(item);
  return tracker.passOf(stage, task_id);
}
