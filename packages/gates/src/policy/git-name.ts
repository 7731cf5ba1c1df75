/**
 * A file name as a forgiving file system sees it: NFC, case folded, without the code points that HFS+ and others ignore.
 * Source: git's own protection against look-alikes (path.c, utf8.c: is_ntfs_dotgit, is_hfs_dotgit), here a little wider.
 */
export function foldName(name: string): string {
  if (isPlainText(name)) return name.toLowerCase();
  const visible = name.replace(/\p{Default_Ignorable_Code_Point}/gu, "").normalize("NFC");
  // The capital sharp s becomes a small one before both become ss.
  return visible.toLowerCase().toUpperCase().toLowerCase().normalize("NFC").replaceAll("\u03c2", "\u03c3");
}

/** True for text of printable ASCII alone. */
export function isPlainText(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** False only if no name of a path has "git" in any disguise, which is so of nearly all paths and cheap to tell. */
export function mayNameGit(path: string, isPlain: boolean): boolean {
  return !isPlain || /git/i.test(path);
}

/** True if a single name is `.git` or may be taken for it: other case, ignored code points, trailing dots or spaces, `git~1`, `.git::$DATA`. */
export function isGitName(name: string): boolean {
  return isAnyOf(name, /^(?:\.git|git~\d+)$/);
}

/** True for `.gitattributes` and `.gitmodules` and what may be taken for them: files that change how git itself behaves. */
export function isGitSettingsName(name: string): boolean {
  return isAnyOf(name, /^(?:\.gitattributes|\.gitmodules|git(?:att|mod)~\d+)$/);
}

function isAnyOf(name: string, pattern: RegExp): boolean {
  // Names that hold no "git" in any disguise are nearly all names; folding them would cost most of the matching.
  if (!mayNameGit(name, isPlainText(name))) return false;
  return foldName(name)
    .split("\\")
    .some((part) => pattern.test(trimName(part.split(":", 1)[0] ?? "")));
}

/** Without trailing dots and spaces, which NTFS drops. */
function trimName(name: string): string {
  let end = name.length;
  while (end > 0 && (name[end - 1] === "." || name[end - 1] === " ")) end -= 1;
  return name.slice(0, end);
}
