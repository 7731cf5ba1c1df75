import { findWidenings, type PolicyLayer, type Widening } from "@cto/gates";

/** The layers that a check found, by where they stand. */
export interface CheckedLayers {
  readonly standing: readonly PolicyLayer[];
  /** Target admissions, admitted or not yet. */
  readonly targets: readonly PolicyLayer[];
  /** Those that a run at stage 5 can work on. */
  readonly admitted: readonly PolicyLayer[];
  readonly tasks: readonly PolicyLayer[];
}

/**
 * What would end a run as `policy_widened`, each thing once. No two targets and no two tasks meet in one run; a contract that may run at stage 5 needs room
 * under one of the admitted targets.
 */
export function findStackWidenings({ admitted, standing, targets, tasks }: CheckedLayers): readonly Widening[] {
  const all = [
    ...findWidenings(standing),
    ...targets.flatMap((target) => findBy("target", [...standing, target])),
    ...tasks.flatMap((task) => findOfTask(task, standing, admitted)),
  ];
  return [...new Map(all.map((widening) => [JSON.stringify(widening), widening])).values()];
}

/** A contract is meant for one target: it widens only where no admitted one leaves it room. Then what it lacks under the nearest one is told. */
function findOfTask(
  task: PolicyLayer,
  standing: readonly PolicyLayer[],
  admitted: readonly PolicyLayer[],
): readonly Widening[] {
  const own = findBy("task", [...standing, task]);
  if (own.length > 0 || !mayRunOnTarget(task)) return own;
  const under = admitted.map((target) => findBy("task", [...standing, target, task]));
  return under.sort((a, b) => a.length - b.length)[0] ?? [];
}

function findBy(layer: PolicyLayer["layer"], layers: readonly PolicyLayer[]): readonly Widening[] {
  return findWidenings(layers).filter((widening) => widening.layer === layer);
}

/** True for the layer of a contract whose stage lets it run at stage 5. */
export function mayRunOnTarget({ says }: PolicyLayer): boolean {
  return (says.stage ?? 0) >= 5;
}
