import type { CompiledPolicy } from "./compile-policy.ts";
import { NO_ORIGIN, originOf, type PolicyLayer, type RuleOrigin } from "./policy-layer.ts";

/** What a policy bounds by a value, as it is asked for. */
export const LIMIT_NAMES = [
  "stage",
  "network",
  "budget.wall_seconds",
  "budget.tokens",
  "budget.usd",
  "budget.artifact_bytes",
] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/**
 * The value that all layers leave, and the layer that sets it: the highest of those that say the least. `no-rule` if no layer says one, or none bounds a
 * budget; `value` is null then.
 */
export interface LimitDecision extends RuleOrigin {
  readonly verdict: "limited" | "no-rule";
  readonly value: string | number | null;
  /** As written, like `stage: 3`; null if no layer says one. */
  readonly rule: string | null;
  readonly why: string;
}

/** Decides what value of a stage, a network or a budget holds: the least that any layer says. */
export function explainLimit({ layers }: CompiledPolicy, name: LimitName): LimitDecision {
  let least: { readonly layer: PolicyLayer; readonly value: string | number } | undefined;
  for (const layer of layers) {
    const value = valueAt(layer, name);
    if (value !== undefined && (least === undefined || rankOf(value) < rankOf(least.value))) least = { layer, value };
  }
  if (least !== undefined) {
    const { layer, value } = least;
    const rule = `${name}: ${value}`;
    const why = `the ${layer.layer} layer says ${rule}, and no layer says less`;
    return { verdict: "limited", value, rule, why, ...originOf(layer, name) };
  }
  const isTaskAsked = layers.some(({ layer }) => layer === "task");
  const why = isTaskAsked ? `no layer bounds ${name}` : `no layer bounds ${name}: what the task contract says holds`;
  return { verdict: "no-rule", value: null, rule: null, why, ...NO_ORIGIN };
}

/** What a layer says; undefined also for no limit. */
function valueAt({ says }: PolicyLayer, name: LimitName): string | number | undefined {
  switch (name) {
    case "stage":
    case "network":
      return says[name];
    case "budget.wall_seconds":
      return says.budget?.wall_seconds;
    case "budget.tokens":
      return says.budget?.tokens ?? undefined;
    case "budget.usd":
      return says.budget?.usd ?? undefined;
    case "budget.artifact_bytes":
      return says.budget?.artifact_bytes;
  }
}

function rankOf(value: string | number): number {
  return typeof value === "number" ? value : value === "none" ? 0 : 1;
}
