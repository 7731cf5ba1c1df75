import { CtoError } from "@cto/errors";
import { matchBlocks, type NamePattern, type PatternBlocks, patternProblem, toPatternBlocks } from "./path-pattern.ts";

interface IndexedRule {
  readonly order: number;
  readonly blocks: PatternBlocks;
}

/** Rules with a wildcard, found by what the last name of a path must be or end in, or by a name it must have; `rest` must be tried for every path. */
interface RuleShelf {
  readonly byName: Map<string, IndexedRule[]>;
  readonly byExtension: Map<string, IndexedRule[]>;
  readonly byDirectory: Map<string, IndexedRule[]>;
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

/** A directory cut into names, and how far each list of rules got on the way to it: its files share that work. */
interface PathDirectory {
  readonly names: readonly string[];
  readonly walks: Map<PathRules, RuleWalk>;
}

/** A path whose directory was cut into names. `extension` is that of the last name with its dot, or empty. */
export interface SplitPath {
  readonly directory: PathDirectory;
  readonly last: string;
  readonly extension: string;
}

/** Where a list of rules stands at a directory: the best rule for all beneath, the shelves passed, and the node of the directory if it has one. */
interface RuleWalk {
  readonly best: number;
  readonly shelves: readonly { readonly shelf: RuleShelf; readonly depth: number }[];
  readonly node: RuleNode | undefined;
}

const NONE = Number.POSITIVE_INFINITY;

/**
 * Compiles path patterns: `*` is any part of one name, `**` any number of directories, a trailing slash all beneath; dot files match;
 * nothing else is special. Throws `PATH_RULE_INVALID` on a pattern that leaves the root or is not well formed.
 */
export function compilePathRules(patterns: readonly string[]): PathRules {
  checkPatterns(patterns);
  return indexPatterns(patterns);
}

/** Throws `PATH_RULE_INVALID` for the first pattern that is not well formed. */
export function checkPatterns(patterns: readonly string[]): void {
  for (const pattern of patterns) {
    const expected = patternProblem(pattern);
    if (expected === undefined) continue;
    throw new CtoError("PATH_RULE_INVALID", `${JSON.stringify(pattern)} is not a path pattern: expected ${expected}`, {
      hint: "Write paths relative to the root of the repository, with forward slashes: src/, src/*.ts, docs/**/*.md.",
      details: { pattern },
    });
  }
}

/** The first rule that matches a plain path (forward slashes, relative), or undefined. Cost grows with the path, hardly with the rules. */
export function matchPath(rules: PathRules, path: string): string | undefined {
  const names = path.split("/");
  return rules.rules[findRule(rules, toSplitPath(toDirectory(names.slice(0, -1)), names.at(-1) ?? ""))];
}

/** Builds the index for patterns that are known to be well formed. */
export function indexPatterns(patterns: readonly string[]): PathRules {
  const root = createNode();
  for (const [order, pattern] of patterns.entries()) addRule(root, order, toPatternBlocks(pattern));
  return { rules: patterns, root };
}

/** A directory by the names on the way to it; the root has none. */
export function toDirectory(names: readonly string[]): PathDirectory {
  return { names, walks: new Map() };
}

/** A path by its directory and its last name. */
export function toSplitPath(directory: PathDirectory, last: string): SplitPath {
  return { directory, last, extension: extensionOf(last) };
}

/** The position of the first rule that matches a path, or -1. */
export function findRule(rules: PathRules, path: SplitPath): number {
  const { best: bound, node, shelves } = walkTo(rules, path.directory);
  let best = bound;
  for (const { depth, shelf } of shelves) best = searchShelf(shelf, path, depth, best);
  best = Math.min(best, node?.children.get(path.last)?.exact ?? NONE);
  return best === NONE ? -1 : best;
}

function walkTo(rules: PathRules, { names, walks }: PathDirectory): RuleWalk {
  const known = walks.get(rules);
  if (known !== undefined) return known;
  const shelves: { shelf: RuleShelf; depth: number }[] = [];
  let best = NONE;
  let node: RuleNode | undefined = rules.root;
  for (let depth = 0; node !== undefined; depth += 1) {
    best = Math.min(best, node.beneath);
    if (node.shelf !== undefined) shelves.push({ shelf: node.shelf, depth });
    const name = names[depth];
    if (name === undefined) break;
    node = node.children.get(name);
  }
  const walk = { best, shelves, node };
  walks.set(rules, walk);
  return walk;
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
  return { byName: new Map(), byExtension: new Map(), byDirectory: new Map(), rest: [] };
}

function addToShelf(node: RuleNode, rule: IndexedRule): void {
  node.shelf ??= createShelf();
  const { shelf } = node;
  const last = rule.blocks.at(-1)?.at(-1) ?? [];
  const name = literalName(last);
  const tail = last.at(-1) ?? "";
  if (name !== undefined) addTo(shelf.byName, name, rule);
  else if (tail.includes(".")) addTo(shelf.byExtension, extensionOf(tail), rule);
  else {
    const directory = rule.blocks
      .flat()
      .map(literalName)
      .find((one) => one !== undefined);
    if (directory !== undefined) addTo(shelf.byDirectory, directory, rule);
    else shelf.rest.push(rule);
  }
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

function searchShelf(shelf: RuleShelf, path: SplitPath, depth: number, bound: number): number {
  const { byDirectory, byExtension, byName, rest } = shelf;
  let best = searchList(rest, path, depth, bound);
  if (byName.size > 0) best = searchList(byName.get(path.last), path, depth, best);
  if (byExtension.size > 0) best = searchList(byExtension.get(path.extension), path, depth, best);
  if (byDirectory.size === 0) return best;
  const { names } = path.directory;
  for (let index = depth; index < names.length; index += 1)
    best = searchList(byDirectory.get(names[index] ?? ""), path, depth, best);
  return best;
}

/** Lists stand in order, so the first match below the bound is the best one. */
function searchList(
  list: readonly IndexedRule[] | undefined,
  { directory, last }: SplitPath,
  depth: number,
  bound: number,
): number {
  if (list === undefined || list.length === 0) return bound;
  const names = [...directory.names, last];
  for (const rule of list) {
    if (rule.order >= bound) return bound;
    if (matchBlocks(rule.blocks, names, depth)) return rule.order;
  }
  return bound;
}
