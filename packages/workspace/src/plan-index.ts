import { posix } from "node:path";
import { toPathText } from "@cto/evidence-interface";
import type { Snapshot } from "./workspace-contract.ts";

/** What git says of a work tree. Paths as latin1 text, one character for each byte; a nested repository ends in `/`. */
export interface WorkTreeListing {
  /** Tracked, and changed or gone. A path can stand twice. */
  readonly tracked: readonly string[];
  /** Untracked and not ignored. */
  readonly untracked: readonly string[];
  readonly ignored: readonly string[];
}

/** What to do to an index so that it holds the work tree. Paths as latin1 text. */
export interface IndexPlan {
  readonly remove: readonly string[];
  readonly store: readonly string[];
  /** Path texts of what an index cannot hold. */
  readonly leftOut: readonly string[];
  /** Path texts of what the caller does not want. */
  readonly passedOver: readonly string[];
}

export interface IndexPlanFacts {
  readonly snapshot: Snapshot;
  /** Path texts. */
  readonly submodules: readonly string[];
  readonly leaveOut: ((path: string) => boolean) | undefined;
}

/** Sorts what changed into what an index takes, what it loses, what it cannot hold and what the caller does not want. */
export function planIndex(listing: WorkTreeListing, facts: IndexPlanFacts): IndexPlan {
  const { snapshot, submodules, leaveOut } = facts;
  const plan = { remove: [] as string[], store: [] as string[], leftOut: [] as string[], passedOver: [] as string[] };
  const place = (path: string, text: string, isSymlink: boolean): void => {
    if (isRefusedName(path, isSymlink)) plan.leftOut.push(text);
    else plan.store.push(path);
  };
  for (const path of new Set(listing.tracked)) {
    const text = toPathText(Buffer.from(path, "latin1"));
    const kind = snapshot.byPath.get(text)?.kind;
    if (kind === "directory" && submodules.includes(text)) plan.leftOut.push(text);
    else if (kind === "file" || kind === "symlink") place(path, text, kind === "symlink");
    else plan.remove.push(path);
  }
  for (const path of listing.untracked) {
    const text = toPathText(Buffer.from(path.replace(/\/$/, ""), "latin1"));
    const kind = snapshot.byPath.get(text)?.kind;
    if (kind !== "file" && kind !== "symlink") plan.leftOut.push(text);
    else if (leaveOut?.(text) === true) plan.passedOver.push(text);
    else place(path, text, kind === "symlink");
  }
  return plan;
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
