import type { RunContext } from "./run-context.ts";

/** What would raise a limit that a policy above the contract set; undefined where the contract itself sets it, and the code's own hint is right. */
export function toBudgetHint(
  { budget, rules, task }: RunContext,
  key: "wall_seconds" | "tokens" | "usd" | "artifact_bytes",
): string | undefined {
  const limit = budget[key];
  if (limit === null || limit === task.budget[key]) return undefined;
  const owner = rules.layers.find(({ layer, says }) => layer !== "task" && says.budget?.[key] === limit);
  return owner === undefined
    ? undefined
    : `The ${owner.layer} policy (${owner.file}) permits budget.${key} ${limit} at most: only its owner can raise it, the contract cannot.`;
}
