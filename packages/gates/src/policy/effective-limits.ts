import type { Stage } from "@cto/evidence-interface";
import { DEFAULT_BUDGET, type TaskContract } from "../task-contract.ts";
import type { PolicyLayer } from "./policy-layer.ts";

/** The budget that all layers leave: for each limit the least that any of them says; the contract's default where none does. */
export function toEffectiveBudget(layers: readonly PolicyLayer[]): TaskContract["budget"] {
  const least = (key: keyof TaskContract["budget"]): number | null => {
    const said = layers.flatMap(({ says }) => says.budget?.[key] ?? []);
    return said.length === 0 ? null : Math.min(...said);
  };
  return {
    wall_seconds: least("wall_seconds") ?? DEFAULT_BUDGET.wall_seconds,
    tokens: least("tokens"),
    usd: least("usd"),
    artifact_bytes: least("artifact_bytes") ?? DEFAULT_BUDGET.artifact_bytes,
  };
}

/** The highest stage that all layers permit; 1, where nothing may change, if none says a stage. */
export function effectiveStage(layers: readonly PolicyLayer[]): Stage {
  const said = layers.flatMap(({ says }) => says.stage ?? []);
  return (
    said.reduce<Stage | undefined>(
      (least, stage) => (least === undefined || stage < least ? stage : least),
      undefined,
    ) ?? 1
  );
}

/** The network that all layers permit; `none` if none says one. */
export function effectiveNetwork(layers: readonly PolicyLayer[]): TaskContract["network"] {
  const said = layers.flatMap(({ says }) => says.network ?? []);
  return said.length > 0 && said.every((network) => network === "gateway") ? "gateway" : "none";
}
