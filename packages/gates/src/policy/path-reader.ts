import { pathTextToName } from "@cto/evidence-interface";
import { foldName, isGitName, isGitSettingsName, isPlainText, mayNameGit } from "./git-name.ts";
import { type SplitPath, toDirectory, toSplitPath } from "./path-rules.ts";

/** The built-in rule that no layer can lift. */
export const GIT_RULE = ".git/";

/** What refuses a path before any layer is asked. `rule` is null for what is no path; `why` goes on after the path. */
export interface PathRefusal {
  readonly rule: typeof GIT_RULE | null;
  readonly why: string;
}

/** A path as it is and as a forgiving file system sees it. */
export interface ReadPath {
  /** The decoded path; empty if its path text is broken. */
  readonly name: string;
  readonly asWritten: SplitPath;
  readonly folded: SplitPath;
  /** True if the whole path is printable ASCII. */
  readonly isPlain: boolean;
  /** Why no rule can permit it: it is, or may be taken for, `.git`, or is no path at all. */
  readonly refusal: PathRefusal | undefined;
  /** True for a file that changes how git works. */
  readonly isGitSettings: boolean;
}

const IN_GIT: PathRefusal = { rule: GIT_RULE, why: "is inside .git, or may be taken for it" };
const OUTSIDE: PathRefusal = { rule: null, why: "is not a path inside the repository" };

/** What all paths of one directory share. `text` ends in a slash, or is empty for the root. */
interface ReadDirectory extends Pick<ReadPath, "isPlain" | "refusal"> {
  readonly text: string;
  readonly asWritten: SplitPath["directory"];
  readonly folded: SplitPath["directory"];
}

/**
 * Makes a reader of path texts. It keeps the directory of the last path and what rules were found on the way to it: git lists paths in order, so
 * most of them are in the directory of the one before.
 */
export function createPathReader(): (path: string) => ReadPath {
  let directory = readDirectory("");
  return (path) => {
    const name = pathTextToName(path) ?? "";
    const cut = name.lastIndexOf("/") + 1;
    if (directory.text.length !== cut || !name.startsWith(directory.text))
      directory = readDirectory(name.slice(0, cut));
    return readFile(directory, name, name.slice(cut));
  };
}

/** Reads one path text. */
export function readPathText(path: string): ReadPath {
  return createPathReader()(path);
}

function readFile(directory: ReadDirectory, name: string, last: string): ReadPath {
  const isPlain = isPlainText(last);
  const folded = isPlain ? last.toLowerCase() : foldName(last);
  const asWritten = toSplitPath(directory.asWritten, last);
  const isSame = folded === last && directory.folded === directory.asWritten;
  const mayBeGit = mayNameGit(last, isPlain);
  return {
    name,
    asWritten,
    folded: isSame ? asWritten : toSplitPath(directory.folded, folded),
    isPlain: isPlain && directory.isPlain,
    refusal: directory.refusal ?? (mayBeGit && isGitName(last) ? IN_GIT : refuseOutside(last)),
    isGitSettings: mayBeGit && isGitSettingsName(last),
  };
}

function readDirectory(text: string): ReadDirectory {
  const names = text === "" ? [] : text.slice(0, -1).split("/");
  const folded = names.map(foldName);
  const asWritten = toDirectory(names);
  const isSame = folded.every((name, index) => name === names[index]);
  return {
    text,
    asWritten,
    folded: isSame ? asWritten : toDirectory(folded),
    isPlain: isPlainText(text),
    refusal: names.map(refuseOutside).find((one) => one !== undefined) ?? (names.some(isGitName) ? IN_GIT : undefined),
  };
}

function refuseOutside(name: string): PathRefusal | undefined {
  return name === "" || name === "." || name === ".." ? OUTSIDE : undefined;
}
