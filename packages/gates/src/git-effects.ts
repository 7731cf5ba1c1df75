import type { GitChange } from "./effect-facts.ts";

const FREE_FILES: ReadonlySet<string> = new Set([
  "index",
  "ORIG_HEAD",
  "COMMIT_EDITMSG",
  "HEAD.lock",
  "logs/HEAD",
  // What `git gc` writes beside packs (git 2.39): a list of refs for dumb HTTP, and, where it was killed or failed, its lock and its log.
  "info/refs",
  "gc.pid",
  "gc.log",
  "packed-refs.lock",
  "packed-refs.new",
]);

/**
 * Why a change inside `.git` is more than committing on the current branch, or undefined if it is no more than that. Free are the branch, its
 * reflog, a detached HEAD, the index, ORIG_HEAD, COMMIT_EDITMSG, the object store but for `alternates`, which reads objects from elsewhere,
 * what `git gc` leaves, and packed refs as long as no other ref has another value.
 */
export function explainGitChange(change: GitChange, currentBranchRef: string | null): string | undefined {
  const shown = `.git/${change.path}`;
  const { path, kindBefore, kindAfter } = change;
  if (kindAfter === "symlink" || kindAfter === "other")
    return `${shown} is now a ${kindAfter === "symlink" ? "link" : "special file"}`;
  const free = freeFiles(currentBranchRef);
  if (kindAfter === "directory" || (kindAfter === null && kindBefore === "directory")) {
    return isFreeDirectory(change, free, currentBranchRef) ? undefined : `${shown}/ ${change.change}`;
  }
  if (change.linkCount > 1) return `${shown} has ${change.linkCount} hard links`;
  // An engine that was killed while it committed leaves the lock behind.
  if (free.has(path) || free.has(path.replace(/\.lock$/, "")) || isInObjectStore(path)) return undefined;
  if (path === "HEAD" && currentBranchRef === null && change.change === "modified") return undefined;
  if (path === "packed-refs" && change.refs?.every((ref) => ref === currentBranchRef) === true) return undefined;
  return `${shown} ${change.change}`;
}

/**
 * A directory that appears because a free file is below it, or that git tidied away: in the object store, or above the packed branch. What it
 * holds is judged by itself.
 */
function isFreeDirectory(change: GitChange, free: ReadonlySet<string>, branch: string | null): boolean {
  const { path, kindBefore, kindAfter } = change;
  if (change.change === "modified") return kindBefore === kindAfter;
  if (change.change === "deleted")
    return isInObjectStore(path) || (path.startsWith("refs/heads/") && branch?.startsWith(`${path}/`) === true);
  return change.change === "added" && (isInObjectStore(path) || [...free].some((file) => file.startsWith(`${path}/`)));
}

function freeFiles(branch: string | null): ReadonlySet<string> {
  return branch === null ? FREE_FILES : new Set([...FREE_FILES, branch, `logs/${branch}`]);
}

function isInObjectStore(path: string): boolean {
  return path.startsWith("objects/") && path !== "objects/info/alternates" && path !== "objects/info/http-alternates";
}
