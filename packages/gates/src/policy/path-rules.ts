import { CtoError } from "@cto/errors";
import { type NamePattern, type PatternBlocks, patternProblem, toPatternBlocks } from "./path-pattern.ts";
import {
  addToShelf,
  createShelf,
  extensionOf,
  isAllBeneath,
  type RuleShelf,
  searchBeneath,
  searchFiles,
} from "./rule-shelf.ts";

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

/** Where a list of rules stands at a directory: the best rule for all in it, the shelves passed, and the node of the directory if it has one. */
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
  for (const { depth, shelf } of shelves) best = searchFiles(shelf, path, depth, best);
  best = Math.min(best, node?.children.get(path.last)?.exact ?? NONE);
  return best === NONE ? -1 : best;
}

/** True if one rule matches whatever lies in a directory, at any depth. */
export function coversDirectory(rules: PathRules, names: readonly string[]): boolean {
  return walkTo(rules, toDirectory(names)).best !== NONE;
}

function walkTo(rules: PathRules, { names, walks }: PathDirectory): RuleWalk {
  const known = walks.get(rules);
  if (known !== undefined) return known;
  const shelves: { shelf: RuleShelf; depth: number }[] = [];
  let best = NONE;
  let node: RuleNode | undefined = rules.root;
  for (let depth = 0; node !== undefined; depth += 1) {
    best = Math.min(best, node.beneath);
    if (node.shelf !== undefined) {
      shelves.push({ shelf: node.shelf, depth });
      best = searchBeneath(node.shelf, names, depth, best);
    }
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
  if (depth === head.length && blocks.length === 1) {
    node.exact = Math.min(node.exact, order);
    return;
  }
  if (depth === head.length && blocks.length === 2 && isAllBeneath(blocks)) {
    node.beneath = Math.min(node.beneath, order);
    return;
  }
  node.shelf ??= createShelf();
  addToShelf(node.shelf, { order, blocks: [head.slice(depth), ...blocks.slice(1)] });
}

function literalName(pattern: NamePattern | undefined): string | undefined {
  return pattern?.length === 1 ? pattern[0] : undefined;
}
