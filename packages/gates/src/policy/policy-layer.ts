import type { EffectivePolicy } from "@cto/evidence-interface";
import type { TaskContract } from "../task-contract.ts";
import type { Position } from "../yaml-source.ts";

/** The layers of a policy, from the one that outranks all others down. Each may only narrow what stands above it. */
export const POLICY_LAYERS = ["organisation", "repository", "target", "task", "approval"] as const;
export type PolicyLayerName = (typeof POLICY_LAYERS)[number];

/**
 * What one layer says; it is silent about a key that is absent. `models` are `provider/model`, `targets` ids of target admissions, `stage` the
 * highest one, a budget's null no limit. An empty list permits nothing.
 */
export interface PolicySays {
  readonly allowed_paths?: readonly string[] | undefined;
  readonly forbidden_paths?: readonly string[] | undefined;
  readonly protected_paths?: readonly string[] | undefined;
  readonly forbidden_actions?: readonly string[] | undefined;
  readonly by_products?: readonly string[] | undefined;
  readonly engines?: readonly string[] | undefined;
  readonly models?: readonly string[] | undefined;
  readonly targets?: readonly string[] | undefined;
  readonly stage?: EffectivePolicy["stage"] | undefined;
  readonly network?: TaskContract["network"] | undefined;
  readonly budget?:
    | { readonly [Key in keyof TaskContract["budget"]]?: TaskContract["budget"][Key] | undefined }
    | undefined;
}

/** Where things stand in a layer's file, by keys like `forbidden_paths[3]`, `engines` or `budget.tokens`. */
export type PolicyPlaces = ReadonlyMap<string, Position>;

/** One layer of a policy. `file` is the name that messages begin with; `places` may be empty. */
export interface PolicyLayer {
  readonly layer: PolicyLayerName;
  readonly file: string;
  readonly says: PolicySays;
  readonly places: PolicyPlaces;
}

/** Which layer set a rule, and where. Null where no file says it, or nobody knows the place. */
export interface RuleOrigin {
  readonly layer: PolicyLayerName | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
}

export const NO_ORIGIN: RuleOrigin = { layer: null, file: null, line: null, column: null };

/** The origin of what stands at a key of a layer. An item without a place of its own has that of its list. */
export function originOf({ layer, file, places }: PolicyLayer, key: string): RuleOrigin {
  const place = places.get(key) ?? places.get(key.replace(/\[\d+\]$/, ""));
  return { layer, file, line: place?.line ?? null, column: place?.column ?? null };
}

/** The layers by rank. There is at most one of each name. */
export function sortLayers(layers: readonly PolicyLayer[]): readonly PolicyLayer[] {
  return [...layers].sort((a, b) => POLICY_LAYERS.indexOf(a.layer) - POLICY_LAYERS.indexOf(b.layer));
}
