import { fromPathText, toPathText } from "../path-text.ts";
import { linesOf } from "./lines-of.ts";

/** The paths that a patch touches, or the first line that `git diff` would not write. */
export type PatchPaths =
  | { readonly kind: "read"; readonly paths: ReadonlySet<string> }
  | { readonly kind: "unreadable"; readonly line: number; readonly message: string };

/** Longer than any header line that git can write: two quoted paths of 4,096 bytes. */
const lineLimit = 64 * 1024;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const header =
  /^(?:old mode|new mode|deleted file mode|new file mode|similarity index|dissimilarity index|index|Binary files) /;
const binaryLine = /^(?:|literal \d+|delta \d+|[A-Za-z][0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]+)$/;

/** One `diff --git` section while it is read. */
interface Section {
  readonly names: readonly [old: string, new: string] | undefined;
  /** `renamed` takes the old path away; `copied` leaves it. */
  renamedFrom: string | undefined;
  movedTo: string | undefined;
  state: "header" | "hunks" | "binary";
  oldLines: number;
  newLines: number;
}

/**
 * Reads the paths from the headers of a patch in git's extended format, counting the lines of every hunk: a header that hides behind
 * a wrong count, and a plain `---`/`+++` patch that `git apply` would take as well, make it unreadable. Paths come as path text.
 */
export function toPatchPaths(chunks: Iterable<Uint8Array>): PatchPaths {
  const paths = new Set<string>();
  let section: Section | undefined;
  let number = 0;
  const unreadable = (message: string): PatchPaths => ({ kind: "unreadable", line: number, message });
  for (const line of linesOf(chunks, lineLimit)) {
    number += 1;
    if (section !== undefined && section.oldLines + section.newLines > 0) {
      if (!countHunkLine(section, line.bytes[0])) return unreadable("a hunk ends before its count");
      continue;
    }
    if (section?.state === "hunks" && line.bytes[0] === 92) continue;
    const text = decode(line.bytes);
    if (text === undefined) return unreadable("a header line is not UTF-8");
    if (text.startsWith("diff --git ")) {
      if (section !== undefined && !addPaths(section, paths)) return unreadable("a file section names no path");
      section = {
        names: splitNames(text.slice(11)),
        renamedFrom: undefined,
        movedTo: undefined,
        state: "header",
        oldLines: 0,
        newLines: 0,
      };
    } else if (section === undefined || !takeSectionLine(section, text)) return unreadable("not a line of a git patch");
  }
  if (section !== undefined && (section.oldLines + section.newLines > 0 || !addPaths(section, paths)))
    return unreadable("the patch ends too early");
  return { kind: "read", paths };
}

function countHunkLine(section: Section, first: number | undefined): boolean {
  if (first === 92) return true;
  if (first === 32 || first === 45) section.oldLines -= 1;
  if (first === 32 || first === 43) section.newLines -= 1;
  return (first === 32 || first === 43 || first === 45) && section.oldLines >= 0 && section.newLines >= 0;
}

function takeSectionLine(section: Section, text: string): boolean {
  if (section.state === "binary") return binaryLine.test(text);
  const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(text);
  if (hunk !== null) {
    section.state = "hunks";
    section.oldLines = Number(hunk[1] ?? 1);
    section.newLines = Number(hunk[2] ?? 1);
    return true;
  }
  if (section.state === "hunks") return false;
  if (text === "GIT binary patch") section.state = "binary";
  else if (text.startsWith("--- ")) return isSide(text.slice(4), "a/", section.renamedFrom ?? section.names?.[0]);
  else if (text.startsWith("+++ ")) return isSide(text.slice(4), "b/", section.movedTo ?? section.names?.[1]);
  else if (text.startsWith("rename from ")) section.renamedFrom = toName(text.slice(12));
  else if (text.startsWith("rename to ")) section.movedTo = toName(text.slice(10));
  else if (text.startsWith("copy to ")) section.movedTo = toName(text.slice(8));
  else return text.startsWith("copy from ") || header.test(text);
  return true;
}

function addPaths(section: Section, paths: Set<string>): boolean {
  const found =
    section.movedTo === undefined ? section.names : [section.renamedFrom ?? section.movedTo, section.movedTo];
  for (const path of found ?? []) paths.add(path);
  return found !== undefined;
}

/** True if a `---` or `+++` line names the path of its section, or nothing. Git ends an unquoted name that holds a space with a tab. */
function isSide(text: string, prefix: string, expected: string | undefined): boolean {
  const side = text.endsWith("\t") ? text.slice(0, -1) : text;
  return side === "/dev/null" || (expected !== undefined && toName(side, prefix) === expected);
}

/**
 * The two names of a `diff --git` line. Unquoted they can be told apart only where they are equal; where they differ (a rename, a copy)
 * the lines that follow give them.
 */
function splitNames(text: string): readonly [string, string] | undefined {
  const quoted = /^("(?:[^"\\]|\\.)*") ("(?:[^"\\]|\\.)*")$/.exec(text);
  const half = (text.length - 1) / 2;
  const sides = quoted === null ? [text.slice(0, half), text.slice(half + 1)] : [quoted[1] ?? "", quoted[2] ?? ""];
  const before = toName(sides[0] ?? "", "a/");
  const after = toName(sides[1] ?? "", "b/");
  return before !== undefined && before === after ? [before, after] : undefined;
}

function toName(text: string, prefix = ""): string | undefined {
  // A plain name is its own text; the way over its bytes costs ten times as much.
  if (/^[\w./ -]*$/.test(text))
    return text.startsWith(prefix) && text.length > prefix.length ? text.slice(prefix.length) : undefined;
  const bytes = fromPathText(text);
  const lead = encoder.encode(prefix);
  if (bytes === undefined || bytes.length <= lead.length || !lead.every((byte, index) => bytes[index] === byte))
    return undefined;
  return toPathText(bytes.subarray(lead.length));
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
