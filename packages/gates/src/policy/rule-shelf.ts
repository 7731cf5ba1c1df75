import { matchBlocks, type NamePattern, type PatternBlocks } from "./path-pattern.ts";

/** A rule with a wildcard. `order` is its position in the list; `blocks` begin where its shelf stands. */
export interface ShelvedRule {
  readonly order: number;
  readonly blocks: PatternBlocks;
}

/** Rules by a name, or the end of a name, that a path must have for them to match; `rest` must be tried for every path. */
interface RuleIndex {
  readonly byName: Map<string, ShelvedRule[]>;
  readonly byExtension: Map<string, ShelvedRule[]>;
  readonly rest: ShelvedRule[];
}

/** The rules with a wildcard at one literal directory. */
export interface RuleShelf {
  /** Rules that match all beneath what they name: whether one does is settled by the directory. */
  readonly beneath: RuleIndex;
  /** The others, by the last name of a path. */
  readonly files: RuleIndex;
  /** Those of the others whose last name says little, by a directory. */
  readonly byDirectory: Map<string, ShelvedRule[]>;
}

/** A path whose directory was cut into names. `extension` is that of the last name with its dot, or empty. */
export interface ShelvedPath {
  readonly directory: { readonly names: readonly string[] };
  readonly last: string;
  readonly extension: string;
}

/** An empty shelf. */
export function createShelf(): RuleShelf {
  return { beneath: createIndex(), files: createIndex(), byDirectory: new Map() };
}

function createIndex(): RuleIndex {
  return { byName: new Map(), byExtension: new Map(), rest: [] };
}

/** Puts a rule where `searchBeneath` or `searchFiles` finds it. Rules come in their order. */
export function addToShelf(shelf: RuleShelf, rule: ShelvedRule): void {
  const { blocks } = rule;
  if (isAllBeneath(blocks)) {
    const above = blocks.slice(0, -1).flat();
    addToIndex(shelf.beneath, above.find(isLiteral) ?? above.find(hasExtension) ?? [], rule);
    return;
  }
  const last = blocks.at(-1)?.at(-1) ?? [];
  const directory = isLiteral(last) || hasExtension(last) ? undefined : blocks.flat().find(isLiteral)?.[0];
  if (directory === undefined) addToIndex(shelf.files, last, rule);
  else addTo(shelf.byDirectory, directory, rule);
}

/** True for a pattern that ends in a slash or `**`. */
export function isAllBeneath(blocks: PatternBlocks): boolean {
  const last = blocks.at(-1);
  return blocks.length > 1 && last?.length === 1 && last[0]?.length === 2 && last[0].every((piece) => piece === "");
}

/** The lowest order below `bound` of a rule that matches whatever lies in a directory, given by its names from the root; else `bound`. */
export function searchBeneath(
  { beneath }: RuleShelf,
  directory: readonly string[],
  depth: number,
  bound: number,
): number {
  const { byExtension, byName, rest } = beneath;
  const names = [...directory, "any name"];
  let best = searchList(rest, names, depth, bound);
  if (byName.size === 0 && byExtension.size === 0) return best;
  const own = directory.slice(depth);
  for (const name of new Set(own)) best = searchList(byName.get(name), names, depth, best);
  for (const extension of new Set(own.map(extensionOf)))
    best = searchList(byExtension.get(extension), names, depth, best);
  return best;
}

/** As `searchBeneath`, of the rules that ask for the last name too. */
export function searchFiles(
  { byDirectory, files }: RuleShelf,
  path: ShelvedPath,
  depth: number,
  bound: number,
): number {
  const { byExtension, byName, rest } = files;
  let best = searchFileList(rest, path, depth, bound);
  if (byName.size > 0) best = searchFileList(byName.get(path.last), path, depth, best);
  if (byExtension.size > 0) best = searchFileList(byExtension.get(path.extension), path, depth, best);
  if (byDirectory.size === 0) return best;
  const { names } = path.directory;
  for (let index = depth; index < names.length; index += 1)
    best = searchFileList(byDirectory.get(names[index] ?? ""), path, depth, best);
  return best;
}

function searchFileList(
  list: readonly ShelvedRule[] | undefined,
  { directory, last }: ShelvedPath,
  depth: number,
  bound: number,
): number {
  return list === undefined || list.length === 0 ? bound : searchList(list, [...directory.names, last], depth, bound);
}

/** Lists stand in order, so the first match below the bound is the best one. */
function searchList(
  list: readonly ShelvedRule[] | undefined,
  names: readonly string[],
  depth: number,
  bound: number,
): number {
  for (const rule of list ?? []) {
    if (rule.order >= bound) return bound;
    if (matchBlocks(rule.blocks, names, depth)) return rule.order;
  }
  return bound;
}

function addToIndex({ byExtension, byName, rest }: RuleIndex, key: NamePattern, rule: ShelvedRule): void {
  if (isLiteral(key)) addTo(byName, key[0] ?? "", rule);
  else if (hasExtension(key)) addTo(byExtension, extensionOf(key.at(-1) ?? ""), rule);
  else rest.push(rule);
}

function addTo(map: Map<string, ShelvedRule[]>, key: string, rule: ShelvedRule): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [rule]);
  else list.push(rule);
}

function isLiteral(pattern: NamePattern): boolean {
  return pattern.length === 1;
}

function hasExtension(pattern: NamePattern): boolean {
  return pattern.length > 1 && pattern.at(-1)?.includes(".") === true;
}

/** The end of a name from its last dot, or empty. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot);
}
