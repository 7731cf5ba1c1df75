import { type CoveringRules, compileCovering } from "./covering-rules.ts";
import { compilePathRules, type PathRules } from "./path-rules.ts";
import { type PolicyLayer, sortLayers } from "./policy-layer.ts";

/** What tools leave behind wherever they run. It is never part of a result, so it may appear anywhere. */
export const DEFAULT_BY_PRODUCTS = [
  "**/__pycache__/",
  "**/.pytest_cache/",
  "**/.mypy_cache/",
  "**/.ruff_cache/",
  "**/.nyc_output/",
  "**/node_modules/.cache/",
  "**/node_modules/.vite/",
] as const;

/** The patterns that one layer permits. */
export interface PermittingRules {
  readonly layer: PolicyLayer;
  readonly rules: PathRules;
  /** Where the rule with the index n comes from. */
  readonly sources: readonly RuleSource[];
  /** The rules that name one path, by that path. */
  readonly ownNames: ReadonlyMap<string, RuleSource>;
}

/** Rules that forbid, of all layers in order of rank. `sources[n]` is where the rule with the index n comes from. */
export interface ForbiddingRules {
  readonly rules: CoveringRules;
  readonly sources: readonly RuleSource[];
}

/** One entry of a list of a layer. */
export interface RuleSource {
  readonly layer: PolicyLayer;
  readonly rule: string;
  readonly key: string;
}

/** The compiled layers of a policy. Opaque: ask it with `explainPath`, `isByProduct`, `explainEngine` and their like. */
export interface CompiledPolicy {
  readonly layers: readonly PolicyLayer[];
  /** One for each layer that says `allowed_paths`, by rank: a path must be permitted by all of them. */
  readonly allowed: readonly PermittingRules[];
  readonly forbidden: ForbiddingRules;
  readonly protected: ForbiddingRules;
  readonly byProducts: readonly PermittingRules[];
  readonly builtInByProducts: PathRules;
}

type PathList = "allowed_paths" | "forbidden_paths" | "protected_paths" | "by_products";

/**
 * Compiles the layers of a policy; in which order they are given does not matter. Throws `PATH_RULE_INVALID` on a malformed pattern. It does not
 * look for layers that widen: ask `findWidenings`. Even so no stack permits what one of its layers forbids.
 */
export function compilePolicy(layers: readonly PolicyLayer[]): CompiledPolicy {
  const sorted = sortLayers(layers);
  return {
    layers: sorted,
    allowed: sorted.flatMap((layer) => compilePermitting(layer, "allowed_paths")),
    forbidden: compileForbidding(sorted, "forbidden_paths"),
    protected: compileForbidding(sorted, "protected_paths"),
    byProducts: sorted.flatMap((layer) => compilePermitting(layer, "by_products")),
    builtInByProducts: compilePathRules(DEFAULT_BY_PRODUCTS),
  };
}

function compilePermitting(layer: PolicyLayer, list: PathList): readonly PermittingRules[] {
  const patterns = layer.says[list];
  if (patterns === undefined) return [];
  const sources = toSources(layer, list);
  const ownNames = new Map<string, RuleSource>();
  for (const source of sources) {
    const { rule } = source;
    if (!rule.includes("*") && !rule.endsWith("/") && !ownNames.has(rule)) ownNames.set(rule, source);
  }
  return [{ layer, rules: compilePathRules(patterns), sources, ownNames }];
}

function compileForbidding(layers: readonly PolicyLayer[], list: PathList): ForbiddingRules {
  const sources = layers.flatMap((layer) => toSources(layer, list));
  return { rules: compileCovering(sources.map(({ rule }) => rule)), sources };
}

function toSources(layer: PolicyLayer, list: PathList): readonly RuleSource[] {
  return (layer.says[list] ?? []).map((rule, index) => ({ layer, rule, key: `${list}[${index}]` }));
}
