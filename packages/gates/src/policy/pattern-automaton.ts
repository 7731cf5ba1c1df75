import { type NamePattern, toPatternBlocks } from "./path-pattern.ts";

/** What is read at once: a code point, the end of a name, or a character that no pattern names. */
export type Letter = number;
export const END_OF_NAME: Letter = -2;
export const OTHER: Letter = -4;

/** A token is a code point to read or one of these. */
export const STAR = -1;
export const DIRECTORIES = -3;
export const END = -5;

/**
 * A well-formed pattern as tokens. Every name of a path, also the last one, ends in `END_OF_NAME`: `src/*` reads s, r, c, end of name, any
 * characters, end of name, end.
 */
export function toTokens(pattern: string): readonly number[] {
  const tokens: number[] = [];
  for (const [index, block] of toPatternBlocks(pattern).entries()) {
    if (index > 0 && tokens.at(-1) !== DIRECTORIES) tokens.push(DIRECTORIES);
    for (const name of block) addName(tokens, name);
  }
  tokens.push(END);
  return tokens;
}

function addName(tokens: number[], pieces: NamePattern): void {
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) tokens.push(STAR);
    for (const char of piece) tokens.push(char.codePointAt(0) ?? 0);
  }
  tokens.push(END_OF_NAME);
}

/** All places that a set of patterns can have reached after some text. Equal sets are one object. */
export interface Reached {
  readonly places: readonly number[];
  /** True if the text is a path that one of the patterns matches. */
  readonly matches: boolean;
  /** The code points that lead somewhere else than any other would. */
  readonly literals: ReadonlySet<number>;
  readonly next: Map<Letter, Reached>;
}

/** Counts work down; whoever asks stops when nothing is left: of one question, or of all of them together. */
export interface Effort {
  left: number;
  readonly inAll: { left: number };
}

/** True if no work may be done any more. */
export function isSpent({ inAll, left }: Effort): boolean {
  return left <= 0 || inAll.left <= 0;
}

/**
 * Patterns read side by side, character by character: a tree of tokens in which patterns share what they begin with. Sets of places are made when
 * they are first reached and kept, so many questions to the same patterns cost little more than one.
 */
export class PatternAutomaton {
  readonly #tokens: number[] = [];
  /** The tokens that may follow the one with the same index. */
  readonly #following: number[][] = [];
  readonly #known = new Map<string, Reached>();
  readonly start: Reached;

  constructor(patterns: readonly string[]) {
    const firsts: number[] = [];
    const indexOf = new Map<number, number>();
    for (const pattern of patterns) {
      let siblings = firsts;
      let before = -1;
      for (const token of toTokens(pattern)) {
        // Tokens are above -8 and below 2 ** 21, so this is a name of its own for each token behind each other one.
        const name = (before + 1) * 2 ** 22 + token + 8;
        const index = indexOf.get(name) ?? this.#add(token, siblings);
        indexOf.set(name, index);
        siblings = this.#following[index] ?? [];
        before = index;
      }
    }
    this.start = this.#toReached(firsts.map((index) => toPlace(index, false)));
  }

  #add(token: number, siblings: number[]): number {
    const index = this.#tokens.push(token) - 1;
    this.#following.push([]);
    siblings.push(index);
    return index;
  }

  /** Where the patterns are one symbol further on. */
  step(from: Reached, symbol: Letter, effort: Effort): Reached {
    const read = symbol >= 0 && !from.literals.has(symbol) ? OTHER : symbol;
    effort.left -= 1;
    const known = from.next.get(read);
    if (known !== undefined) return known;
    // Made once for all questions, so all of them pay.
    effort.inAll.left -= from.places.length;
    const reached = this.#toReached(from.places.flatMap((place) => this.#move(place, read)));
    from.next.set(read, reached);
    return reached;
  }

  #move(place: number, symbol: Letter): readonly number[] {
    const index = place >> 1;
    const token = this.#tokens[index];
    const endsName = symbol === END_OF_NAME;
    if (isInside(place)) return [endsName ? toPlace(index, false) : place];
    if (token === STAR) return endsName ? [] : [place];
    if (token === DIRECTORIES) return endsName ? [] : [toPlace(index, true)];
    return token === symbol ? this.#behind(index) : [];
  }

  #behind(index: number): readonly number[] {
    return (this.#following[index] ?? []).map((next) => toPlace(next, false));
  }

  /** Stars and directories may stand for nothing, so the places behind them are reached too. */
  #toReached(starts: readonly number[]): Reached {
    const places = new Set<number>(starts);
    // A set is walked to what is added on the way.
    for (const place of places) {
      const token = this.#tokens[place >> 1];
      if (isInside(place) || (token !== STAR && token !== DIRECTORIES)) continue;
      for (const next of this.#behind(place >> 1)) places.add(next);
    }
    const sorted = [...places].sort((a, b) => a - b);
    const key = sorted.join(",");
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const tokens = sorted.filter((place) => !isInside(place)).map((place) => this.#tokens[place >> 1] ?? END);
    const reached = {
      places: sorted,
      matches: tokens.includes(END),
      literals: new Set(tokens.filter((token) => token >= 0)),
      next: new Map<Letter, Reached>(),
    };
    this.#known.set(key, reached);
    return reached;
  }
}

/** A position among the tokens; `inside` a name that the directories at that position skip. */
function toPlace(index: number, inside: boolean): number {
  return index * 2 + (inside ? 1 : 0);
}

function isInside(place: number): boolean {
  return place % 2 === 1;
}
