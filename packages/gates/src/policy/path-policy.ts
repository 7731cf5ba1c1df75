import { oneLine } from "@cto/errors";
import type { CompiledPolicy, ForbiddingRules, PermittingRules, RuleSource } from "./compile-policy.ts";
import { findCovering } from "./covering-rules.ts";
import { type PathRefusal, type ReadPath, readPathText } from "./path-reader.ts";
import { findRule } from "./path-rules.ts";
import { NO_ORIGIN, originOf, type PolicyLayer, type RuleOrigin } from "./policy-layer.ts";

/** Every rule that has a say about one path. `refusal` is set for what is, or may be taken for, `.git`, and for what is no path at all. */
export interface PathRulings {
  readonly refusal: PathRefusal | undefined;
  readonly forbidden: RuleSource | undefined;
  readonly protected: RuleSource | undefined;
  /** The rule that permits it; undefined as soon as one layer with `allowed_paths` does not. */
  readonly allowed: RuleSource | undefined;
  /** The first layer whose `allowed_paths` lack the path. */
  readonly lacking: PolicyLayer | undefined;
  /** True for a file that changes how git works: only rules that name its full path allow it. */
  readonly ownNameOnly: boolean;
}

/**
 * The answer about one path. `allowed` is true for the verdict `allowed` only; `rule` is as written, null if none decides. The origin is that of the rule; for an
 * allowed path the task's, or the lowest layer's if there is no task.
 */
export interface PathDecision extends RuleOrigin {
  readonly verdict: "allowed" | "forbidden" | "protected" | "no-rule";
  readonly allowed: boolean;
  readonly rule: string | null;
  readonly why: string;
}

/**
 * Decides about one path, given as path text. Forbidden beats protected beats allowed, whatever the order of rules and layers; every layer that
 * says `allowed_paths` must match; a path without a rule is not allowed; `.git` and its look-alikes are forbidden at any depth. A pattern that
 * forbids or protects also covers all beneath what it matches, in any case and normal form: `*.pem` covers `x.pem/key`. `.gitattributes` and
 * `.gitmodules` are allowed only by their own full path.
 */
export function explainPath(policy: CompiledPolicy, path: string): PathDecision {
  const rulings = rulePath(policy, readPathText(path));
  const shown = oneLine(path);
  const { allowed, forbidden, lacking, ownNameOnly, refusal } = rulings;
  if (refusal !== undefined)
    return { verdict: "forbidden", allowed: false, rule: refusal.rule, why: `${shown} ${refusal.why}`, ...NO_ORIGIN };
  if (forbidden !== undefined)
    return decide("forbidden", forbidden, `forbidden_paths has ${forbidden.rule}, which covers ${shown}`);
  if (rulings.protected !== undefined)
    return decide(
      "protected",
      rulings.protected,
      `protected_paths has ${rulings.protected.rule}, which covers ${shown}`,
    );
  if (allowed !== undefined)
    return decide("allowed", allowed, `allowed_paths has ${allowed.rule}, which matches ${shown}`);
  const which =
    lacking === undefined || policy.layers.length === 1 ? "" : ` in the ${lacking.layer} layer (${lacking.file})`;
  const why = `no rule of allowed_paths${which} ${ownNameOnly ? "names" : "matches"} ${shown}`;
  return { verdict: "no-rule", allowed: false, rule: null, why, ...NO_ORIGIN };
}

/**
 * True if a path, given as path text, belongs to what tools leave behind: `by_products[]` or the built-in list. Such a path is left out of
 * the result tree if the baseline does not have it. Every layer that says `by_products` must match. A forbidden path is never one; a protected
 * path only by the built-in list, because protected paths are compared by blob.
 */
export function isByProduct(policy: CompiledPolicy, path: string): boolean {
  const read = readPathText(path);
  if (read.refusal !== undefined || isCovered(policy.forbidden, read)) return false;
  if (findRule(policy.builtInByProducts, read.asWritten) >= 0) return true;
  if (policy.byProducts.length === 0) return false;
  return (
    policy.byProducts.every(({ rules }) => findRule(rules, read.asWritten) >= 0) && !isCovered(policy.protected, read)
  );
}

/** True if a layer forbids a path, given as path text. */
export function isForbiddenPath(policy: CompiledPolicy, path: string): boolean {
  return isCovered(policy.forbidden, readPathText(path));
}

/** The rule that decides, if one does, and whether it allows the path. */
export function decidingRule({ allowed, forbidden, protected: guarded, refusal }: PathRulings): {
  readonly allowed: boolean;
  readonly rule: string | null;
} {
  if (refusal !== undefined) return { allowed: false, rule: refusal.rule };
  const refusing = forbidden ?? guarded;
  if (refusing !== undefined) return { allowed: false, rule: refusing.rule };
  return { allowed: allowed !== undefined, rule: allowed?.rule ?? null };
}

/** All rules that have a say about one path. */
export function rulePath(policy: CompiledPolicy, path: ReadPath): PathRulings {
  const { allowed, lacking } = permit(policy.allowed, path);
  return {
    refusal: path.refusal,
    forbidden: coveringSource(policy.forbidden, path),
    protected: coveringSource(policy.protected, path),
    allowed,
    lacking,
    ownNameOnly: path.isGitSettings,
  };
}

function decide(verdict: PathDecision["verdict"], { key, layer, rule }: RuleSource, why: string): PathDecision {
  return { verdict, allowed: verdict === "allowed", rule, why, ...originOf(layer, key) };
}

function permit(lists: readonly PermittingRules[], path: ReadPath): Pick<PathRulings, "allowed" | "lacking"> {
  let allowed: RuleSource | undefined;
  for (const { layer, ownNames, rules, sources } of lists) {
    const found = path.isGitSettings ? ownNames.get(path.name) : sources[findRule(rules, path.asWritten)];
    if (found === undefined) return { allowed: undefined, lacking: layer };
    if (allowed?.layer.layer !== "task") allowed = found;
  }
  return { allowed, lacking: undefined };
}

function coveringSource({ rules, sources }: ForbiddingRules, path: ReadPath): RuleSource | undefined {
  const found = findCovering(rules, path);
  return found === undefined ? undefined : sources[found];
}

function isCovered({ rules }: ForbiddingRules, path: ReadPath): boolean {
  return findCovering(rules, path) !== undefined;
}
