/** True if the path with this name (decoded, forward slashes, relative) is one that the patterns are about. */
export type PathMatcher = (name: string) => boolean;

/**
 * What some path patterns match, as written: `*` is any part of one name, `**` any number of folders, a trailing slash all beneath. Patterns without a
 * wildcard cost nothing each; one with a wildcard costs at most its length times that of the path.
 */
export function toPathMatcher(patterns: readonly string[]): PathMatcher {
  const exact = new Set<string>();
  const folders = new Set<string>();
  const globs: Glob[] = [];
  for (const pattern of patterns) {
    if (pattern.includes("*")) globs.push(toGlob(pattern));
    else (pattern.endsWith("/") ? folders : exact).add(pattern);
  }
  return (name) => exact.has(name) || liesBeneath(name, folders) || matchesGlob(name, globs);
}

/**
 * What some patterns forbid or protect: whatever the case or normal form of the path, and what lies beneath a place that is named without a wildcard,
 * be it a file or a folder.
 */
export function toCoveringMatcher(patterns: readonly string[]): PathMatcher {
  const covering = patterns.flatMap((pattern) => {
    if (pattern.endsWith("/")) return [pattern, pattern.slice(0, -1)];
    return pattern.includes("*") ? [pattern] : [pattern, `${pattern}/`];
  });
  const folded = toPathMatcher(covering.map(toFolded));
  const asWritten = toPathMatcher(covering);
  // Plain text that matches as written matches folded; of other text that is not so: `e*` matches e with an accent of its own.
  return (name) => folded(toFolded(name)) || (!isPlain(name) && asWritten(name));
}

/** A text as a forgiving file system sees it: NFC, case folded, without the code points that some ignore. */
export function toFolded(text: string): string {
  if (isPlain(text)) return text.toLowerCase();
  const visible = text.replace(/\p{Default_Ignorable_Code_Point}/gu, "").normalize("NFC");
  // By way of the capitals, so that both kinds of sharp s become ss; a sigma at the end of a word is a sigma.
  return visible.toLowerCase().toUpperCase().toLowerCase().normalize("NFC").replaceAll("\u03c2", "\u03c3");
}

function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

function liesBeneath(name: string, folders: ReadonlySet<string>): boolean {
  if (folders.size === 0) return false;
  for (let slash = name.indexOf("/"); slash !== -1; slash = name.indexOf("/", slash + 1))
    if (folders.has(name.slice(0, slash + 1))) return true;
  return false;
}

/** A pattern with a wildcard, cut into names, and the texts that whatever it matches begins and ends with. */
interface Glob {
  readonly start: string;
  readonly end: string;
  readonly names: readonly string[];
}

function toGlob(pattern: string): Glob {
  const names = (pattern.endsWith("/") ? `${pattern}**` : pattern).split("/");
  // All beneath a folder is not the folder.
  if (names.at(-1) === "**") names.push("*");
  const last = names.at(-1) ?? "";
  return { start: pattern.slice(0, pattern.indexOf("*")), end: last.slice(last.lastIndexOf("*") + 1), names };
}

function matchesGlob(name: string, globs: readonly Glob[]): boolean {
  let names: readonly string[] | undefined;
  for (const glob of globs) {
    if (!name.startsWith(glob.start) || !name.endsWith(glob.end)) continue;
    names ??= name.split("/");
    if (fitsInOrder(glob.names, names, "**", fitsName)) return true;
  }
  return false;
}

function fitsName(pattern: string, name: string): boolean {
  return pattern === name || (pattern.includes("*") && fitsInOrder(pattern, name, "*", isSame));
}

function isSame(left: string, right: string): boolean {
  return left === right;
}

/**
 * True if the items are those of the pattern in order, where `gap` stands for any number of items. Goes back to the last gap only: what an earlier one
 * could take, the last one can take too.
 */
function fitsInOrder(
  pattern: ArrayLike<string>,
  items: ArrayLike<string>,
  gap: string,
  fits: (wanted: string, item: string) => boolean,
): boolean {
  let at = 0;
  let item = 0;
  let afterGap = -1;
  let resume = 0;
  while (item < items.length) {
    const wanted = pattern[at];
    if (wanted === gap) {
      at += 1;
      afterGap = at;
      resume = item;
    } else if (wanted !== undefined && fits(wanted, items[item] ?? "")) {
      at += 1;
      item += 1;
    } else if (afterGap !== -1) {
      at = afterGap;
      resume += 1;
      item = resume;
    } else return false;
  }
  while (pattern[at] === gap) at += 1;
  return at === pattern.length;
}
