import { posix } from "node:path";
import { toPathText } from "@cto/evidence-interface";
import type { Snapshot } from "./workspace-contract.ts";

/** What git says of a work tree. Paths as latin1 text, one character for each byte; a nested repository ends in `/`. */
export interface WorkTreeListing {
  /** Tracked and changed or gone, or untracked and not ignored. A path can stand twice. */
  readonly changed: readonly string[];
  readonly ignored: readonly string[];
}

/** What to do to an index so that it holds the work tree. Paths as latin1 text. */
export interface IndexPlan {
  readonly remove: readonly string[];
  readonly store: readonly string[];
  /** Path texts. */
  readonly leftOut: readonly string[];
}

/** Sorts what changed into what an index takes, what it loses and what it cannot hold. */
export function planIndex(listing: WorkTreeListing, snapshot: Snapshot, submodules: readonly string[]): IndexPlan {
  const remove: string[] = [];
  const store: string[] = [];
  const leftOut: string[] = [];
  for (const path of new Set(listing.changed)) {
    const text = toPathText(Buffer.from(path.replace(/\/$/, ""), "latin1"));
    const entry = snapshot.byPath.get(text);
    if (path.endsWith("/") || (submodules.includes(text) && entry?.kind === "directory")) leftOut.push(text);
    else if (entry === undefined || entry.kind === "directory") remove.push(path);
    else if (entry.kind === "other") remove.push(path);
    else if (isRefusedName(path, entry.kind === "symlink")) leftOut.push(text);
    else store.push(path);
  }
  return { remove, store, leftOut };
}

/** Names that git takes into no index: `.git` in any case as a part of the path, and `.gitmodules` as a link. Source: git's verify_path. */
function isRefusedName(path: string, isSymlink: boolean): boolean {
  if (path.split("/").some((part) => part.toLowerCase() === ".git")) return true;
  return isSymlink && posix.basename(path).toLowerCase() === ".gitmodules";
}

/** Path texts on the disk that git passes over in silence: special files, and `.git` anywhere but at the root. */
export function listUntreeable(snapshot: Snapshot): readonly string[] {
  const found: string[] = [];
  for (const { path, kind } of snapshot.byPath.values()) {
    const parts = path.replace(/^"|"$/g, "").split("/");
    if (parts[0] === ".git") continue;
    if (kind === "other" || parts.at(-1) === ".git") found.push(path);
  }
  return found;
}
