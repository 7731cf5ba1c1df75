import { type EffectivePolicy, SCHEMAS, type Stage } from "@cto/evidence-interface";
import { DEFAULT_BY_PRODUCTS } from "./compile-policy.ts";
import { GIT_RULE } from "./path-reader.ts";
import { type PolicyLayer, sortLayers } from "./policy-layer.ts";

type PolicyRule = EffectivePolicy["rules"][number];
type Dimension = PolicyRule["dimension"];

/** Every dimension with the rules that are built in. The order is part of the digest. */
const BUILT_IN: readonly (readonly [Dimension, readonly string[]])[] = [
  ["allowed_paths", []],
  ["forbidden_paths", [GIT_RULE]],
  ["protected_paths", []],
  ["forbidden_actions", []],
  ["by_products", DEFAULT_BY_PRODUCTS],
  ["network", []],
  ["budget", []],
  ["stage", []],
  ["engines", []],
  ["models", []],
  ["targets", []],
];

/** Lists that permit: saying an empty one is not the same as being silent. */
const PERMITTING: ReadonlySet<Dimension> = new Set(["allowed_paths", "by_products", "engines", "models", "targets"]);

/**
 * The policy that a run is held to, each rule with the layer that set it, in a fixed order: by dimension, then what is built in, then by rank of
 * the layers, whatever order they are given in. A list that permits nothing stands as one rule with the value `[]`. The digest of its canonical
 * JSON is the bundle's `policy_digest`.
 */
export function toEffectivePolicy(layers: readonly PolicyLayer[], stage: Stage): EffectivePolicy {
  const sorted = sortLayers(layers);
  return {
    schema: SCHEMAS.effectivePolicy,
    stage,
    rules: BUILT_IN.flatMap(([dimension, values]) => [
      ...values.map((value): PolicyRule => ({ dimension, value, layer: "built-in" })),
      ...sorted.flatMap((layer) => toRules(layer, dimension)),
    ]),
  };
}

/** The rules that hold for every task of a place: those of organisation and repository. Their canonical digest is the standing policy digest. */
export function toStandingPolicy(policy: EffectivePolicy): EffectivePolicy["rules"] {
  return policy.rules.filter(({ layer }) => layer === "organisation" || layer === "repository");
}

/** The policy that an approver consents to: without what the approval itself narrows. Its canonical digest stands in the packet. */
export function toPolicyBeforeApproval(policy: EffectivePolicy): EffectivePolicy {
  return { ...policy, rules: policy.rules.filter(({ layer }) => layer !== "approval") };
}

function toRules({ layer, says }: PolicyLayer, dimension: Dimension): readonly PolicyRule[] {
  if (dimension === "budget" && says.budget !== undefined)
    return [{ dimension, value: withoutUndefined(says.budget), layer }];
  const said = dimension === "budget" ? undefined : says[dimension];
  if (said === undefined) return [];
  if (typeof said !== "object") return [{ dimension, value: said, layer }];
  if (said.length === 0 && PERMITTING.has(dimension) && layer !== "task") return [{ dimension, value: [], layer }];
  return said.map((value) => ({ dimension, value, layer }));
}

function withoutUndefined(budget: NonNullable<PolicyLayer["says"]["budget"]>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(budget).filter((entry): entry is [string, number | null] => entry[1] !== undefined),
  );
}
