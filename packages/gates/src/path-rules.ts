import { CtoError } from "@cto/errors";
import { matchBlocks, type NamePattern, type PatternBlocks, patternProblem, toPatternBlocks } from "./path-pattern.ts";

/** A pattern, and the rule that stands in the contract for it. */
export interface RuleEntry {
  readonly pattern: string;
  readonly rule: string;
}

interface IndexedRule {
  readonly order: number;
  readonly blocks: PatternBlocks;
}

/** Rules with a wildcard, found by what the last name of a path must be or end in; `rest` must be tried for every path. */
interface RuleShelf {
  readonly byName: Map<string, IndexedRule[]>;
  readonly byExtension: Map<string, IndexedRule[]>;
  readonly rest: IndexedRule[];
}

/** One literal directory that all rules on it begin with. Orders are positions in the list; the lowest wins. */
interface RuleNode {
  readonly children: Map<string, RuleNode>;
  shelf: RuleShelf | undefined;
  exact: number;
  beneath: number;
}

/** A compiled list of path patterns. Opaque: ask it with `matchPath`. */
export interface PathRules {
  /** The rules as written, in order. */
  readonly rules: readonly string[];
  readonly root: RuleNode;
}

const NONE = Number.POSITIVE_INFINITY;

/**
 * Compiles path patterns: `*` is any part of one name, `**` any number of directories, a trailing slash all beneath; dot files match;
 * nothing else is special. Throws `PATH_RULE_INVALID` on a pattern that leaves the root or is not well formed.
 */
export function compilePathRules(patterns: readonly string[]): PathRules {
  for (const pattern of patterns) {
    const expected = patternProblem(pattern);
    if (expected === undefined) continue;
    throw new CtoError("PATH_RULE_INVALID", `${JSON.stringify(pattern)} is not a path pattern: expected ${expected}`, {
      hint: "Write paths relative to the root of the repository, with forward slashes: src/, src/*.ts, docs/**/*.md.",
      details: { pattern },
    });
  }
  return indexRules(patterns.map((pattern) => ({ pattern, rule: pattern })));
}

/** The first rule that matches a plain path (forward slashes, relative), or undefined. Cost grows with the path, hardly with the rules. */
export function matchPath(rules: PathRules, path: string): string | undefined {
  return matchNames(rules, path.split("/"));
}

/** Builds the index for patterns that are known to be well formed. */
export function indexRules(entries: readonly RuleEntry[]): PathRules {
  const root = createNode();
  for (const [order, { pattern }] of entries.entries()) addRule(root, order, toPatternBlocks(pattern));
  return { rules: entries.map((entry) => entry.rule), root };
}

/** `matchPath` for a path that is already cut into names. */
export function matchNames(rules: PathRules, names: readonly string[]): string | undefined {
  let best = NONE;
  let node: RuleNode | undefined = rules.root;
  for (let depth = 0; node !== undefined; depth += 1) {
    const name = names[depth];
    if (name === undefined) {
      best = Math.min(best, node.exact);
      break;
    }
    best = Math.min(best, node.beneath);
    if (node.shelf !== undefined) best = searchShelf(node.shelf, names, depth, best);
    node = node.children.get(name);
  }
  return rules.rules[best];
}

function createNode(): RuleNode {
  return { children: new Map(), shelf: undefined, exact: NONE, beneath: NONE };
}

function addRule(root: RuleNode, order: number, blocks: PatternBlocks): void {
  const head = blocks[0] ?? [];
  let node = root;
  let depth = 0;
  for (; depth < head.length; depth += 1) {
    const name = literalName(head[depth]);
    if (name === undefined) break;
    let child = node.children.get(name);
    if (child === undefined) {
      child = createNode();
      node.children.set(name, child);
    }
    node = child;
  }
  if (depth === head.length && blocks.length === 1) node.exact = Math.min(node.exact, order);
  else if (depth === head.length && isAllBeneath(blocks)) node.beneath = Math.min(node.beneath, order);
  else addToShelf(node, { order, blocks: [head.slice(depth), ...blocks.slice(1)] });
}

function literalName(pattern: NamePattern | undefined): string | undefined {
  return pattern?.length === 1 ? pattern[0] : undefined;
}

function isAllBeneath(blocks: PatternBlocks): boolean {
  const last = blocks.at(-1);
  return blocks.length === 2 && last?.length === 1 && last[0]?.length === 2 && last[0].every((piece) => piece === "");
}

function createShelf(): RuleShelf {
  return { byName: new Map(), byExtension: new Map(), rest: [] };
}

function addToShelf(node: RuleNode, rule: IndexedRule): void {
  node.shelf ??= createShelf();
  const { shelf } = node;
  const last = rule.blocks.at(-1)?.at(-1) ?? [];
  const name = literalName(last);
  const tail = last.at(-1) ?? "";
  if (name !== undefined) addTo(shelf.byName, name, rule);
  else if (tail.includes(".")) addTo(shelf.byExtension, extensionOf(tail), rule);
  else shelf.rest.push(rule);
}

function addTo(map: Map<string, IndexedRule[]>, key: string, rule: IndexedRule): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [rule]);
  else list.push(rule);
}

function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot);
}

function searchShelf(shelf: RuleShelf, names: readonly string[], depth: number, bound: number): number {
  const name = names.at(-1) ?? "";
  let best = bound;
  for (const list of [shelf.byName.get(name), shelf.byExtension.get(extensionOf(name)), shelf.rest]) {
    if (list !== undefined) best = searchList(list, names, depth, best);
  }
  return best;
}

/** Lists stand in order, so the first match below the bound is the best one. */
function searchList(list: readonly IndexedRule[], names: readonly string[], depth: number, bound: number): number {
  for (const rule of list) {
    if (rule.order >= bound) return bound;
    if (matchBlocks(rule.blocks, names, depth)) return rule.order;
  }
  return bound;
}
