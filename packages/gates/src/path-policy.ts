import { oneLine } from "@cto/errors";
import { pathTextToName } from "@cto/evidence-interface";
import { foldName, isGitName, isGitSettingsName } from "./git-name.ts";
import { compilePathRules, indexRules, matchNames, type PathRules, type RuleEntry } from "./path-rules.ts";
import type { TaskContract } from "./task-contract.ts";

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

/** The built-in rule that no contract can lift. */
export const GIT_RULE = ".git/";

/** The part of a task contract that speaks of paths. */
export type PathLists = Pick<TaskContract, "allowed_paths" | "forbidden_paths" | "protected_paths" | "by_products">;

/** Rules that cover a path, whatever its case or normal form, and all beneath it. */
interface CoveringRules {
  readonly plain: PathRules;
  readonly folded: PathRules;
}

/** The compiled path rules of a contract. Opaque: ask it with `explainPath` and `isByProduct`. */
export interface PathPolicy {
  readonly allowed: PathRules;
  /** The patterns of `allowed_paths` that name one path. */
  readonly allowedNames: ReadonlySet<string>;
  readonly forbidden: CoveringRules;
  readonly protected: CoveringRules;
  readonly byProducts: PathRules;
  readonly builtInByProducts: PathRules;
}

/** Every rule that has a say about one path. `git` is set for what is, or may be taken for, `.git`, and for what is no path at all. */
export interface PathRulings {
  readonly git: string | undefined;
  readonly forbidden: string | undefined;
  readonly protected: string | undefined;
  readonly allowed: string | undefined;
  /** True for a file that changes how git works: only a rule that names its full path allows it. */
  readonly ownNameOnly: boolean;
}

/** The answer about one path. `allowed` is true for the verdict `allowed` only; `rule` is as written in the contract. */
export interface PathDecision {
  readonly verdict: "allowed" | "forbidden" | "protected" | "no-rule";
  readonly allowed: boolean;
  readonly rule: string | null;
  readonly why: string;
}

/** Compiles the path rules of a contract. Throws `PATH_RULE_INVALID` on a malformed pattern. */
export function compilePathPolicy(lists: PathLists): PathPolicy {
  return {
    allowed: compilePathRules(lists.allowed_paths),
    allowedNames: new Set(lists.allowed_paths.filter((pattern) => !pattern.includes("*") && !pattern.endsWith("/"))),
    forbidden: compileCovering(lists.forbidden_paths),
    protected: compileCovering(lists.protected_paths),
    byProducts: compilePathRules(lists.by_products),
    builtInByProducts: compilePathRules(DEFAULT_BY_PRODUCTS),
  };
}

/**
 * Decides about one path, given as path text. Forbidden beats protected beats allowed, whatever their order; a path without a rule is
 * not allowed; `.git` and its look-alikes are forbidden at any depth. `.gitattributes` and `.gitmodules` are allowed only by their own full path.
 */
export function explainPath(policy: PathPolicy, path: string): PathDecision {
  return toDecision(path, rulePath(policy, path));
}

/** `explainPath` from rulings that are already known. */
export function toDecision(path: string, rulings: PathRulings): PathDecision {
  const shown = oneLine(path);
  if (rulings.git !== undefined) return refuse("forbidden", GIT_RULE, `${shown} ${rulings.git}`);
  if (rulings.forbidden !== undefined) {
    return refuse("forbidden", rulings.forbidden, `forbidden_paths has ${rulings.forbidden}, which covers ${shown}`);
  }
  if (rulings.protected !== undefined) {
    return refuse("protected", rulings.protected, `protected_paths has ${rulings.protected}, which covers ${shown}`);
  }
  if (rulings.allowed !== undefined) {
    const why = `allowed_paths has ${rulings.allowed}, which matches ${shown}`;
    return { verdict: "allowed", allowed: true, rule: rulings.allowed, why };
  }
  return refuse("no-rule", null, `no rule of allowed_paths ${rulings.ownNameOnly ? "names" : "matches"} ${shown}`);
}

/**
 * True if a path, given as path text, belongs to what tools leave behind: `by_products[]` or the built-in list. Such a path is left out of
 * the result tree if the baseline does not have it. Forbidden and protected paths are by-products only by the built-in list.
 */
export function isByProduct(policy: PathPolicy, path: string): boolean {
  const name = pathTextToName(path);
  if (name === undefined) return false;
  const names = name.split("/");
  if (gitReason(names) !== undefined) return false;
  if (matchNames(policy.builtInByProducts, names) !== undefined) return true;
  if (matchNames(policy.byProducts, names) === undefined) return false;
  return !isCovered(policy.forbidden, names) && !isCovered(policy.protected, names);
}

/** All rules that have a say about one path, given as path text. */
export function rulePath(policy: PathPolicy, path: string): PathRulings {
  const name = pathTextToName(path) ?? "";
  const names = name.split("/");
  const ownNameOnly = isGitSettingsName(names.at(-1) ?? "");
  const ownName = policy.allowedNames.has(name) ? name : undefined;
  return {
    git: gitReason(names),
    forbidden: matchCovering(policy.forbidden, names),
    protected: matchCovering(policy.protected, names),
    allowed: ownNameOnly ? ownName : matchNames(policy.allowed, names),
    ownNameOnly,
  };
}

function refuse(verdict: "forbidden" | "protected" | "no-rule", rule: string | null, why: string): PathDecision {
  return { verdict, allowed: false, rule, why };
}

function gitReason(names: readonly string[]): string | undefined {
  if (names.some(isGitName)) return "is inside .git, or may be taken for it";
  if (names.some((name) => name === "" || name === "." || name === "..")) return "is not a path inside the repository";
  return undefined;
}

function compileCovering(patterns: readonly string[]): CoveringRules {
  compilePathRules(patterns);
  const entries = patterns.flatMap(toCoveringEntries);
  return {
    plain: indexRules(entries),
    folded: indexRules(entries.map((entry) => ({ ...entry, pattern: foldPath(entry.pattern) }))),
  };
}

/** A forbidden `vendor` must also hold once `vendor` is a directory, a forbidden `vendor/` also once it is a file or a link. */
function toCoveringEntries(pattern: string): readonly RuleEntry[] {
  const own = { pattern, rule: pattern };
  if (pattern.endsWith("/")) return [own, { pattern: pattern.slice(0, -1), rule: pattern }];
  return pattern.includes("*") ? [own] : [own, { pattern: `${pattern}/`, rule: pattern }];
}

function foldPath(path: string): string {
  return path.split("/").map(foldName).join("/");
}

function isCovered(rules: CoveringRules, names: readonly string[]): boolean {
  return matchCovering(rules, names) !== undefined;
}

function matchCovering(rules: CoveringRules, names: readonly string[]): string | undefined {
  if (rules.plain.rules.length === 0) return undefined;
  return matchNames(rules.plain, names) ?? matchNames(rules.folded, names.map(foldName));
}
