import { toShown } from "../blocker.ts";
import { DEFAULT_BUDGET } from "../task-contract.ts";
import { isGitSettingsName } from "./git-name.ts";
import { checkPatterns } from "./path-rules.ts";
import type { Effort } from "./pattern-automaton.ts";
import { compareWithUnion, type PatternUnion, toPatternUnion } from "./pattern-inclusion.ts";
import { originOf, type PolicyLayer, type PolicyLayerName, type PolicySays, sortLayers } from "./policy-layer.ts";

/** Something that a layer says although a layer above it does not permit so much. `key` reads `allowed_paths[3]` or `budget.tokens`. */
export interface Widening {
  readonly layer: PolicyLayerName;
  readonly file: string;
  /** Counted from 1; null where the layer has no places. */
  readonly line: number | null;
  readonly column: number | null;
  readonly key: string;
  /** What the layer says there; null for no limit. */
  readonly value: string | number | null;
  readonly message: string;
  readonly hint: string;
}

/** Steps of comparison for one pattern, and for all of them together. */
const EFFORT_FOR_ONE = 200_000;
const EFFORT_IN_ALL = 2_000_000;

type Spare = Effort["inAll"];
type PatternList = "allowed_paths" | "by_products";
type NameList = "engines" | "models" | "targets";
type Limit = keyof NonNullable<PolicySays["budget"]>;

/** A layer with what the layers below are compared with. */
type Upper = { readonly layer: PolicyLayer } & { readonly [List in PatternList]: PatternUnion | undefined };

/**
 * Everything that a layer says beyond what a layer above it permits, by rank of the layers; each thing once, against the first layer that it goes
 * beyond. Patterns are compared exactly: every path that one matches must be matched by the upper list as a whole. A pattern that would take too
 * much work to compare counts as widening. A budget that a contract leaves at its default is no widening. Throws `PATH_RULE_INVALID` on a
 * malformed pattern.
 */
export function findWidenings(layers: readonly PolicyLayer[]): readonly Widening[] {
  const all = sortLayers(layers).map(toUpper);
  const spare: Spare = { left: EFFORT_IN_ALL };
  return all.flatMap(({ layer }, rank) => {
    const above = all.slice(0, rank);
    return [
      ...findWidePatterns(layer, above, "allowed_paths", spare),
      ...findWidePatterns(layer, above, "by_products", spare),
      ...findWideNames(layer, above, "engines"),
      ...findWideNames(layer, above, "models"),
      ...findWideNames(layer, above, "targets"),
      ...findWideStage(layer, above),
      ...findWideNetwork(layer, above),
      ...findWideBudget(layer, above),
    ];
  });
}

function toUpper(layer: PolicyLayer): Upper {
  const { allowed_paths, by_products } = layer.says;
  return { layer, allowed_paths: toUnion(allowed_paths), by_products: toUnion(by_products) };
}

function toUnion(patterns: readonly string[] | undefined): PatternUnion | undefined {
  if (patterns === undefined) return undefined;
  checkPatterns(patterns);
  return toPatternUnion(patterns);
}

function findWidePatterns(
  layer: PolicyLayer,
  above: readonly Upper[],
  list: PatternList,
  spare: Spare,
): readonly Widening[] {
  return (layer.says[list] ?? []).flatMap((pattern, index) => {
    for (const upper of above) {
      const union = upper[list];
      const beyond = union === undefined ? undefined : reachBeyond(pattern, union, list, spare);
      if (beyond !== undefined) return [widen(layer, `${list}[${index}]`, pattern, upper, `${list} of`, beyond)];
    }
    return [];
  });
}

/** What of a pattern an upper list does not permit, as the middle of a sentence; undefined if it permits all of it. */
function reachBeyond(pattern: string, union: PatternUnion, list: PatternList, spare: Spare): string | undefined {
  if (union.patterns.has(pattern)) return undefined;
  if (list === "allowed_paths" && isGitSettingsName(pattern.split("/").at(-1) ?? ""))
    return " and reaches a file that changes how git works, which must be named by its full path in";
  const effort: Effort = { left: EFFORT_FOR_ONE, inAll: spare };
  const inclusion = compareWithUnion(pattern, union, effort);
  spare.left -= EFFORT_FOR_ONE - effort.left;
  if (inclusion.kind === "contained") return undefined;
  if (inclusion.kind === "reaches") return ` and reaches ${toShown(inclusion.example, 120)}, which is not in`;
  return ", which takes too much work to compare: nobody can tell whether all that it reaches is in";
}

function findWideNames(layer: PolicyLayer, above: readonly Upper[], list: NameList): readonly Widening[] {
  return (layer.says[list] ?? []).flatMap((name, index) => {
    const upper = above.find((one) => one.layer.says[list]?.includes(name) === false);
    return upper === undefined
      ? []
      : [widen(layer, `${list}[${index}]`, name, upper, `${list} of`, ", which is not in")];
  });
}

function findWideStage(layer: PolicyLayer, above: readonly Upper[]): readonly Widening[] {
  const { stage } = layer.says;
  if (stage === undefined) return [];
  const upper = above.find((one) => (one.layer.says.stage ?? stage) < stage);
  return upper === undefined
    ? []
    : [widen(layer, "stage", stage, upper, `stage ${upper.layer.says.stage} of`, ", which is above")];
}

function findWideNetwork(layer: PolicyLayer, above: readonly Upper[]): readonly Widening[] {
  const { network } = layer.says;
  if (network !== "gateway") return [];
  const upper = above.find((one) => one.layer.says.network === "none");
  return upper === undefined
    ? []
    : [widen(layer, "network", network, upper, "network none of", ", which is more than")];
}

function findWideBudget(layer: PolicyLayer, above: readonly Upper[]): readonly Widening[] {
  const limits = Object.keys(DEFAULT_BUDGET) as readonly Limit[];
  return limits.flatMap((limit) => {
    const value = layer.says.budget?.[limit];
    if (value === undefined || (layer.layer === "task" && value === DEFAULT_BUDGET[limit])) return [];
    const upper = above.find(
      (one) => (value ?? Number.POSITIVE_INFINITY) > (one.layer.says.budget?.[limit] ?? Number.POSITIVE_INFINITY),
    );
    if (upper === undefined) return [];
    const most = `the ${upper.layer.says.budget?.[limit]} of`;
    return [widen(layer, `budget.${limit}`, value, upper, most, ", which is more than")];
  });
}

function widen(
  layer: PolicyLayer,
  key: string,
  value: Widening["value"],
  { layer: upper }: Upper,
  what: string,
  beyond: string,
): Widening {
  const { column, file, line } = { ...originOf(layer, key), file: layer.file };
  const shown = value === null ? "no limit" : toShown(String(value), 120);
  const message = `${key} is ${shown}${beyond} ${what} the ${upper.layer} layer (${upper.file})`;
  const hint = `Narrow it to what the ${upper.layer} layer permits, or have the owner of ${upper.file} permit more.`;
  return { layer: layer.layer, file, line, column, key, value, message, hint };
}
