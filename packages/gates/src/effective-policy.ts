import { type EffectivePolicy, SCHEMAS, type Stage } from "@cto/evidence-interface";
import { DEFAULT_BY_PRODUCTS, GIT_RULE } from "./path-policy.ts";
import type { TaskContract } from "./task-contract.ts";

type PolicyRule = EffectivePolicy["rules"][number];

/**
 * The policy that a run is held to, each rule with the layer that set it: what is built in, then the task contract. Stable for equal input; the
 * digest of its canonical JSON is the bundle's `policy_digest`.
 */
export function toEffectivePolicy(task: TaskContract, stage: Stage): EffectivePolicy {
  return {
    schema: SCHEMAS.effectivePolicy,
    stage,
    rules: [
      ...toRules("allowed_paths", "task", task.allowed_paths),
      ...toRules("forbidden_paths", "built-in", [GIT_RULE]),
      ...toRules("forbidden_paths", "task", task.forbidden_paths),
      ...toRules("protected_paths", "task", task.protected_paths),
      ...toRules("forbidden_actions", "task", task.forbidden_actions),
      ...toRules("by_products", "built-in", DEFAULT_BY_PRODUCTS),
      ...toRules("by_products", "task", task.by_products),
      ...toRules("network", "task", [task.network]),
      { dimension: "budget", value: { ...task.budget }, layer: "task" },
      { dimension: "stage", value: task.stage, layer: "task" },
    ],
  };
}

function toRules(
  dimension: PolicyRule["dimension"],
  layer: PolicyRule["layer"],
  values: readonly string[],
): readonly PolicyRule[] {
  return values.map((value) => ({ dimension, value, layer }));
}
