/** The longest pattern that a contract, a policy, a record or an approver can write. */
export const PATTERN_LENGTH = 4096;

/** True if the path with this name (decoded, forward slashes, relative) is one that the patterns are about. */
export type PathMatcher = (name: string) => boolean;

/**
 * What some path patterns match, as written: `*` is any part of one name, `**` any number of folders, a trailing slash all beneath. Patterns without a
 * wildcard cost nothing each; one with a wildcard costs at most its length times that of the path, and matches nothing if it is longer than any can be.
 */
export function toPathMatcher(patterns: readonly string[]): PathMatcher {
  const exact = new Set<string>();
  const folders = new Set<string>();
  const globs: Glob[] = [];
  for (const pattern of patterns) {
    if (pattern.includes("*")) addGlob(globs, pattern);
    else if (pattern.endsWith("/")) folders.add(pattern.slice(0, -1));
    else exact.add(pattern);
  }
  return (name) => exact.has(name) || liesBeneath(name, folders) || matchesGlob(name, globs);
}

/** What some patterns forbid or protect: the place that each of them names, be it a file or a folder, and all beneath, whatever case or normal form the path has. */
export function toCoveringMatcher(patterns: readonly string[]): PathMatcher {
  const folded = toPlaceMatcher(patterns.map(toFolded));
  let asWritten: PathMatcher | undefined;
  return (name) => {
    if (folded(toFolded(name))) return true;
    // Plain text that matches as written matches folded; of other text that is not so: `e*` matches e with an accent of its own.
    if (isPlain(name)) return false;
    asWritten ??= toPlaceMatcher(patterns);
    return asWritten(name);
  };
}

function toPlaceMatcher(patterns: readonly string[]): PathMatcher {
  const places = new Set<string>();
  const globs: Glob[] = [];
  for (const pattern of patterns) {
    const place = withoutEnd(pattern);
    if (!place.includes("*")) places.add(place);
    else for (const one of [place, `${place}/`]) addGlob(globs, one);
  }
  return (name) => places.has(name) || liesBeneath(name, places) || matchesGlob(name, globs);
}

/** Without `/` and `/**` at the end: whatever is named so is named by what stands before. */
function withoutEnd(pattern: string): string {
  let end = pattern.length;
  while (true) {
    if (pattern.endsWith("/", end)) end -= 1;
    else if (pattern.endsWith("/**", end)) end -= 3;
    else return pattern.slice(0, end);
  }
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
    if (folders.has(name.slice(0, slash))) return true;
  return false;
}

/** A pattern with a wildcard, cut into names, and the texts that whatever it matches begins and ends with. */
interface Glob {
  readonly start: string;
  readonly end: string;
  readonly names: readonly string[];
}

function addGlob(globs: Glob[], pattern: string): void {
  if (pattern.length > PATTERN_LENGTH) return;
  const names = (pattern.endsWith("/") ? `${pattern}**` : pattern).split("/");
  // All beneath a folder is not the folder.
  if (names.at(-1) === "**") names.push("*");
  const last = names.at(-1) ?? "";
  globs.push({ start: pattern.slice(0, pattern.indexOf("*")), end: last.slice(last.lastIndexOf("*") + 1), names });
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
