import { posix } from "node:path";
import { toPathText } from "@cto/evidence-interface";
import type { WorkTreeListing } from "./work-tree-listing.ts";
import type { Snapshot } from "./workspace-contract.ts";

/** What to do to an index so that it holds the work tree: first remove, then store. Paths as latin1 text. */
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
  readonly leaveOut: ((path: string) => boolean) | undefined;
}

/** Sorts what changed into what an index takes, what it loses, what it cannot hold and what the caller does not want. */
export function planIndex(listing: WorkTreeListing, { snapshot, leaveOut }: IndexPlanFacts): IndexPlan {
  const plan = { remove: [] as string[], store: [] as string[], leftOut: [] as string[], passedOver: [] as string[] };
  const place = (path: string, text: string, isSymlink: boolean): void => {
    if (isRefusedName(path, isSymlink)) plan.leftOut.push(text);
    else plan.store.push(path);
  };
  for (const path of new Set(listing.changed)) {
    const text = toText(path);
    const kind = snapshot.byPath.get(text)?.kind;
    if (kind === "file" || kind === "symlink") place(path, text, kind === "symlink");
    else plan.remove.push(path);
  }
  for (const path of listing.submodules) {
    const text = toText(path);
    const kind = snapshot.byPath.get(text)?.kind;
    if (kind === "directory") {
      if (isFilled(text, snapshot)) plan.leftOut.push(text);
      continue;
    }
    // Git stores nothing over an entry that it is not to look at.
    plan.remove.push(path);
    if (kind === "file" || kind === "symlink") place(path, text, kind === "symlink");
  }
  for (const path of listing.untracked) {
    const text = toText(path);
    const kind = snapshot.byPath.get(text)?.kind;
    if (kind !== "file" && kind !== "symlink") plan.leftOut.push(text);
    else if (leaveOut?.(text) === true) plan.passedOver.push(text);
    else place(path, text, kind === "symlink");
  }
  return plan;
}

function toText(latin1: string): string {
  return toPathText(Buffer.from(latin1, "latin1"));
}

/** Names below a folder may be quoted where the folder's own is not. */
function isFilled(text: string, snapshot: Snapshot): boolean {
  const below = `${text.replace(/^"|"$/g, "")}/`;
  for (const path of snapshot.byPath.keys()) if (path.startsWith(below) || path.startsWith(`"${below}`)) return true;
  return false;
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
