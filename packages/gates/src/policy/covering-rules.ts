import { foldName } from "./git-name.ts";
import type { ReadPath } from "./path-reader.ts";
import { checkPatterns, findRule, indexPatterns, type PathRules } from "./path-rules.ts";

/** Rules that cover a path, whatever its case or normal form, and all beneath it. */
export interface CoveringRules {
  readonly plain: PathRules;
  readonly folded: PathRules;
  /** Which pattern an indexed one was made of. */
  readonly origins: readonly number[];
}

/** Compiles patterns that forbid. Throws `PATH_RULE_INVALID` on a malformed one. */
export function compileCovering(patterns: readonly string[]): CoveringRules {
  checkPatterns(patterns);
  const entries = patterns.flatMap((pattern, origin) => toCoveringPatterns(pattern).map((one) => ({ one, origin })));
  return {
    plain: indexPatterns(entries.map(({ one }) => one)),
    folded: indexPatterns(entries.map(({ one }) => foldPath(one))),
    origins: entries.map(({ origin }) => origin),
  };
}

/** The position of the first pattern that covers a path; one that matches the path as it stands goes before one that needs folding. */
export function findCovering({ plain, folded, origins }: CoveringRules, path: ReadPath): number | undefined {
  if (origins.length === 0) return undefined;
  const byFolding = findRule(folded, path.folded);
  // What matches plain ASCII as written also matches it folded; of other text that is not so: `e*` matches e with an accent of its own.
  if (byFolding < 0 && path.isPlain) return undefined;
  const asWritten = findRule(plain, path.asWritten);
  return origins[asWritten < 0 ? byFolding : asWritten];
}

/**
 * What is forbidden must also be so once it is a directory with something in it, and a directory also once it is a file or a link: `vendor`,
 * `*.pem` and `vendor/` each cover what they name and all beneath.
 */
function toCoveringPatterns(pattern: string): readonly string[] {
  const named = withoutEnd(pattern);
  return named === "**" ? [pattern] : [named, `${named}/`];
}

function withoutEnd(pattern: string): string {
  let end = pattern.length;
  while (true) {
    if (pattern.endsWith("/", end)) end -= 1;
    else if (pattern.endsWith("/**", end)) end -= 3;
    else return pattern.slice(0, end);
  }
}

function foldPath(path: string): string {
  return path.split("/").map(foldName).join("/");
}
