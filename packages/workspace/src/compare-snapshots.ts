import { posix } from "node:path";
import { fromPathText, toPathText } from "@cto/evidence-interface";
import type { ChangeKind, DiskChange, Snapshot, SnapshotEntry } from "./workspace-contract.ts";

/**
 * Every difference between two snapshots of one root, sorted by path text. A file counts as modified if its content or its number of
 * hard links differs, a link if its target does; a mode counts alone only where the rest is equal. Rewritten with the same content is
 * unchanged.
 */
export function compareSnapshots(before: Snapshot, after: Snapshot): readonly DiskChange[] {
  return compare(before, after, toDiskChange);
}

export interface CompareTreesOptions {
  /** Path texts to leave out, each with everything beneath it. */
  readonly except?: Iterable<string>;
}

/**
 * Whether two work trees hold the same files and links, with the same bytes and the same executable bits: returns the differences, sorted
 * by path text. `.git` at the root, bare directories and what `except` names are left out; times, owners and other permissions too.
 */
export function compareTrees(a: Snapshot, b: Snapshot, options: CompareTreesOptions = {}): readonly DiskChange[] {
  const except = new Set([".git", ...(options.except ?? [])]);
  return compare(a, b, toTreeDifference).filter(({ path }) => !selfAndParents(path).some((name) => except.has(name)));
}

type Judge = (before: SnapshotEntry | null, after: SnapshotEntry | null) => ChangeKind | undefined;

function compare(before: Snapshot, after: Snapshot, judge: Judge): DiskChange[] {
  const changes: DiskChange[] = [];
  const add = (path: string, from: SnapshotEntry | null, to: SnapshotEntry | null): void => {
    const change = judge(from, to);
    if (change !== undefined) changes.push({ path, change, before: from, after: to });
  };
  for (const [path, entry] of before.byPath) add(path, entry, after.byPath.get(path) ?? null);
  for (const [path, entry] of after.byPath) if (!before.byPath.has(path)) add(path, null, entry);
  return changes.sort((one, other) => (one.path < other.path ? -1 : 1));
}

function toDiskChange(before: SnapshotEntry | null, after: SnapshotEntry | null): ChangeKind | undefined {
  if (before === null) return "added";
  if (after === null) return "deleted";
  if (before.kind !== after.kind) return "type-changed";
  if (before.sha256 !== after.sha256 || before.nlink !== after.nlink) return "modified";
  return before.mode === after.mode ? undefined : "mode-changed";
}

function toTreeDifference(before: SnapshotEntry | null, after: SnapshotEntry | null): ChangeKind | undefined {
  const from = before?.kind === "directory" ? null : before;
  const to = after?.kind === "directory" ? null : after;
  if (from === null) return to === null ? undefined : "added";
  if (to === null) return "deleted";
  if (from.kind !== to.kind) return "type-changed";
  if (from.sha256 !== to.sha256) return "modified";
  return isExecutable(from) === isExecutable(to) ? undefined : "mode-changed";
}

function isExecutable(entry: SnapshotEntry): boolean {
  return entry.kind === "file" && (entry.mode & 0o100) !== 0;
}

/** A path text and the texts of all directories above it: a quoted text can have plain ones above it. */
function selfAndParents(path: string): readonly string[] {
  const names: string[] = [];
  const latin1 = Buffer.from(fromPathText(path) ?? []).toString("latin1");
  for (let name = latin1; name !== "." && name !== "/"; name = posix.dirname(name)) {
    names.push(toPathText(Buffer.from(name, "latin1")));
  }
  return names;
}
