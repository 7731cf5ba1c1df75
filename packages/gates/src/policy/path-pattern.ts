import { isGitName } from "./git-name.ts";

/** One name of a pattern, cut at each `*`: one piece is a literal name, `a*b` has two pieces. */
export type NamePattern = readonly string[];

/** A pattern cut at each `**`: `a/b` is one block, `src/**\/x` two. Between two blocks any number of directories may stand. */
export type PatternBlocks = readonly (readonly NamePattern[])[];

/**
 * Why a pattern is not one, in words that follow "expected"; undefined if it is well formed. A pattern is a relative path with forward
 * slashes in which `*` stands for any part of a name and `**`, as a whole name, for any number of directories.
 */
export function patternProblem(pattern: string): string | undefined {
  if (pattern === "") return "a path pattern that is not empty";
  if (/[\0\ufffd]/.test(pattern) || !pattern.isWellFormed())
    return "a path pattern of plain characters, without NUL or U+FFFD";
  if (pattern.includes("\\")) return "forward slashes: a backslash is no separator here";
  if (pattern.startsWith("/")) return "a path relative to the root of the repository, without a leading slash";
  if (/^[A-Za-z]:/.test(pattern)) return "a path relative to the root of the repository, without a drive letter";
  const names = (pattern.endsWith("/") ? pattern.slice(0, -1) : pattern).split("/");
  if (names.includes("..")) return "a path that stays inside the repository, without `..`";
  if (names.includes(".")) return "a path without `.` segments: write src/, not ./src/";
  if (names.includes("")) return "a path without empty segments (`//`)";
  if (names.some((name) => name !== "**" && name.includes("**")))
    return "`**` as a whole segment: src/**/x, not src/a**";
  return undefined;
}

/** True if a pattern names `.git` or something that a file system may take for it. Such a pattern can never permit anything. */
export function namesGitDirectory(pattern: string): boolean {
  return pattern.split("/").some(isGitName);
}

/** The blocks of a well-formed pattern. A trailing slash or `**` means all beneath: any directories and one more name. */
export function toPatternBlocks(pattern: string): PatternBlocks {
  const names = (pattern.endsWith("/") ? `${pattern}**` : pattern).split("/");
  if (names.at(-1) === "**") names.push("*");
  const blocks: NamePattern[][] = [[]];
  for (const name of names) {
    if (name === "**") blocks.push([]);
    else blocks.at(-1)?.push(name.split("*"));
  }
  return blocks;
}

/**
 * True if the names from `from` on match. The first and the last block are anchored, those between take the first place where they fit:
 * no backtracking, so never more than pattern length times path length comparisons.
 */
export function matchBlocks(blocks: PatternBlocks, names: readonly string[], from: number): boolean {
  const head = blocks[0] ?? [];
  if (blocks.length === 1) return names.length - from === head.length && fits(head, names, from);
  const tail = blocks.at(-1) ?? [];
  const end = names.length - tail.length;
  let at = from + head.length;
  if (at > end || !fits(head, names, from) || !fits(tail, names, end)) return false;
  for (let index = 1; index < blocks.length - 1; index += 1) {
    const block = blocks[index] ?? [];
    while (at + block.length <= end && !fits(block, names, at)) at += 1;
    at += block.length;
    if (at > end) return false;
  }
  return true;
}

function fits(block: readonly NamePattern[], names: readonly string[], at: number): boolean {
  return block.every((pattern, offset) => matchName(pattern, names[at + offset] ?? ""));
}

function matchName(pieces: NamePattern, name: string): boolean {
  const first = pieces[0] ?? "";
  if (pieces.length === 1) return name === first;
  const last = pieces.at(-1) ?? "";
  const end = name.length - last.length;
  let at = first.length;
  if (at > end || !name.startsWith(first) || !name.endsWith(last)) return false;
  for (let index = 1; index < pieces.length - 1; index += 1) {
    const piece = pieces[index] ?? "";
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
    if (at > end) return false;
  }
  return true;
}
