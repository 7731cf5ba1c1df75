import type { MutationMode, Stage, TargetKind } from "@cto/evidence-interface";
import type { TaskContract } from "../task-contract.ts";

/** The stage of a run: the one that was typed, else 2, or 1 if the contract permits no more. */
export function resolveStage(facts: {
  readonly requestedStage: Stage | null;
  readonly task: Pick<TaskContract, "stage">;
}): Stage {
  return facts.requestedStage ?? (facts.task.stage < 2 ? 1 : 2);
}

const MUTATION_MODE_OF: Readonly<Record<Stage, MutationMode>> = {
  1: "none",
  2: "fixture-copy",
  3: "repository-copy",
  4: "disposable",
  5: "owned-clone",
  6: "none",
};
const TARGET_KIND_OF: Readonly<Record<Stage, TargetKind>> = {
  1: "none",
  2: "fixture",
  3: "copied",
  4: "disposable",
  5: "owned",
  6: "none",
};

/** What a run at a stage may change. */
export function mutationModeOf(stage: Stage): MutationMode {
  return MUTATION_MODE_OF[stage];
}

/** What a run at a stage works on. */
export function targetKindOf(stage: Stage): TargetKind {
  return TARGET_KIND_OF[stage];
}

/** False at stages 1 and 6, which prove something without starting anything. */
export function startsEngine(stage: Stage): boolean {
  return stage !== 1 && stage !== 6;
}

/** From stage 4 on a person decides before anything is changed, whatever the contract says. */
export function needsApproval(task: Pick<TaskContract, "approval">, stage: Stage): boolean {
  return task.approval.required || stage === 4 || stage === 5;
}

/**
 * The stage whose rung must be proven before a run at `stage`, null if none: rungs are asked for from stage 3 up, of the built-in fake from stage 4 up.
 */
export function requiredRung(stage: Stage, engineId: string): Stage | null {
  if (stage <= 2 || (stage === 3 && engineId === "fake")) return null;
  return ([1, 2, 3, 4, 5] as const).find((below) => below === stage - 1) ?? null;
}
