import { toPatternBlocks } from "./path-pattern.ts";
import { coversDirectory, indexPatterns, matchPath, type PathRules } from "./path-rules.ts";
import {
  DIRECTORIES,
  type Effort,
  END,
  END_OF_NAME,
  isSpent,
  type Letter,
  OTHER,
  PatternAutomaton,
  type Reached,
  STAR,
  toTokens,
} from "./pattern-automaton.ts";

/** Whether every path that a pattern matches is matched by one of a list; `example` is one that is not. `unknown`: it would take too much work. */
export type Inclusion =
  | { readonly kind: "contained" }
  | { readonly kind: "reaches"; readonly example: string }
  | { readonly kind: "unknown" };

/** Well-formed patterns that others are compared with. */
export interface PatternUnion {
  readonly patterns: ReadonlySet<string>;
  readonly rules: PathRules;
  readonly automaton: PatternAutomaton;
  /** A character that no pattern names. */
  readonly fresh: string;
}

/** Prepares a list of well-formed patterns for `compareWithUnion`. */
export function toPatternUnion(patterns: readonly string[]): PatternUnion {
  return {
    patterns: new Set(patterns),
    rules: indexPatterns(patterns),
    automaton: new PatternAutomaton(patterns),
    fresh: findFresh(patterns.join("")),
  };
}

/** One way of reading the lower pattern: where it stands, and where all the others stand on the same text. */
interface Reading {
  readonly index: number;
  /** In a name that `**` skips. */
  readonly inside: boolean;
  /** No name is empty, so one cannot end where it begins. */
  readonly nameBegins: boolean;
  readonly reached: Reached;
  readonly before: Reading | undefined;
  readonly symbol: Letter | undefined;
}

/**
 * Compares the paths of one well-formed pattern with those of a union, exactly: reads both side by side, over all texts of the lower one. Where
 * it has a wildcard only a character that no pattern names must be tried: the union reaches with any other at least the same places. What one
 * rule settles, for a path without a wildcard or for all beneath a directory, is looked up and takes no effort; the rest takes at most the given one.
 */
export function compareWithUnion(
  lower: string,
  { automaton, fresh, patterns, rules }: PatternUnion,
  effort: Effort,
): Inclusion {
  if (patterns.has(lower)) return { kind: "contained" };
  const literal = toLiteralBeginning(lower);
  if (literal.isWhole && matchPath(rules, lower) === undefined) return { kind: "reaches", example: lower };
  if (literal.isWhole || coversDirectory(rules, literal.names)) return { kind: "contained" };
  const tokens = toTokens(lower);
  const seen = new Map<Reached, Set<number>>();
  const open: Reading[] = [];
  const visit = (reading: Reading) => {
    const ways = seen.get(reading.reached) ?? new Set();
    seen.set(reading.reached, ways);
    const way = reading.index * 4 + (reading.inside ? 2 : 0) + (reading.nameBegins ? 1 : 0);
    if (ways.has(way)) return;
    ways.add(way);
    open.push(reading);
  };
  visit({ index: 0, inside: false, nameBegins: true, reached: automaton.start, before: undefined, symbol: undefined });
  for (let reading = open.pop(); reading !== undefined; reading = open.pop()) {
    if (isSpent(effort)) return { kind: "unknown" };
    if (tokens[reading.index] === END) {
      if (!reading.reached.matches) return { kind: "reaches", example: toExample(reading, fresh) };
      continue;
    }
    const from = reading;
    for (const { symbol, ...to } of readOn(tokens, from)) {
      const reached = symbol === undefined ? from.reached : automaton.step(from.reached, symbol, effort);
      visit({ ...to, reached, before: from, symbol });
    }
    effort.left -= 1;
  }
  return { kind: "contained" };
}

/** The names that a pattern begins with before its first wildcard; `isWhole` if there is none. */
function toLiteralBeginning(pattern: string): { readonly names: readonly string[]; readonly isWhole: boolean } {
  const blocks = toPatternBlocks(pattern);
  const head = (blocks[0] ?? []).map((name) => (name.length === 1 ? name[0] : undefined));
  const wild = head.indexOf(undefined);
  const names = head.slice(0, wild < 0 ? head.length : wild).flatMap((name) => name ?? []);
  return { names, isWhole: wild < 0 && blocks.length === 1 };
}

type Move = Pick<Reading, "index" | "inside" | "nameBegins" | "symbol">;

/** What the lower pattern can read next. The last one is tried first: it makes the example look like a path. */
function readOn(tokens: readonly number[], { index, inside, nameBegins }: Reading): readonly Move[] {
  const token = tokens[index] ?? END;
  if (inside) return [{ index, inside: false, nameBegins: true, symbol: END_OF_NAME }];
  const further = { index: index + 1, inside: false, nameBegins: false };
  if (token === END_OF_NAME) return nameBegins ? [] : [{ ...further, nameBegins: true, symbol: END_OF_NAME }];
  if (token >= 0) return [{ ...further, symbol: token }];
  const skipped = { ...further, nameBegins, symbol: undefined };
  // Once is enough: a second character that no pattern names leads nowhere else.
  if (token === STAR) return [skipped, { ...further, symbol: OTHER }];
  if (token === DIRECTORIES) return [{ index, inside: true, nameBegins: false, symbol: OTHER }, skipped];
  return [];
}

function toExample(last: Reading, fresh: string): string {
  const chars: string[] = [];
  for (let reading: Reading | undefined = last; reading !== undefined; reading = reading.before) {
    const { symbol } = reading;
    if (symbol === undefined) continue;
    if (symbol === OTHER) chars.push(fresh);
    else chars.push(symbol === END_OF_NAME ? "/" : String.fromCodePoint(symbol));
  }
  return chars.reverse().join("").replace(/\/$/, "");
}

function findFresh(text: string): string {
  const used = new Set(text);
  const letter = [..."xyzabcdefghijklmnopqrstuvw0123456789"].find((char) => !used.has(char));
  if (letter !== undefined) return letter;
  for (let code = 0xe000; ; code += 1) {
    const char = String.fromCodePoint(code);
    if (!used.has(char)) return char;
  }
}
