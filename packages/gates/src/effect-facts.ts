import type { Blocker, ChangedFile } from "@cto/evidence-interface";
import type { CompiledPolicy } from "./policy/compile-policy.ts";

/** What stands at a path. `other` is a fifo, a socket or a device. */
export type EntryKind = "file" | "directory" | "symlink" | "other";

/** How two snapshots, or two trees, differ at one path. */
export type ChangeKind = ChangedFile["change"];

/** A difference between the baseline tree and the result tree. */
export interface TreeChange {
  /** Path text (`toPathText`), relative to the root of the work tree. */
  readonly path: string;
  readonly change: ChangeKind;
  /** Git's octal mode, null where there was nothing. */
  readonly oldMode: string | null;
  readonly newMode: string | null;
  /** True if either side is a gitlink (mode 160000) or the path is a nested repository. */
  readonly submodule: boolean;
}

/** A difference between the two snapshots of the disk at one path. */
export interface EntryChange {
  /** Path text. */
  readonly path: string;
  readonly change: ChangeKind;
  /** Null where nothing stood. */
  readonly kindBefore: EntryKind | null;
  readonly kindAfter: EntryKind | null;
  /** Number of hard links after; 1 where nothing stands any more. */
  readonly linkCount: number;
  /** Target after, as path text; null for anything but a symlink. */
  readonly symlinkTarget: string | null;
}

/** A change in the work tree; everything below `.git` at the root is left to `GitChange`. */
export interface DiskChange extends EntryChange {
  /** True if git ignores the path now. */
  readonly ignored: boolean;
}

/** A change inside `.git`. `path` is relative to it; `.` is the directory itself. */
export interface GitChange extends EntryChange {
  /**
   * Only for `packed-refs`: full names of the packed refs that have another value, appeared or went. Absent means that nobody
   * compared them, which is never a pass.
   */
  readonly refs?: readonly string[];
}

/** A secret-shaped span in an added line. `line` counts from 1 in the new file; 0 is the file's name. */
export interface SecretFinding {
  readonly path: string;
  readonly line: number;
  readonly kind: string;
}

/** All that the effect gate looks at. Null means that it could not be determined. */
export interface EffectFacts {
  readonly policy: CompiledPolicy;
  /** Whether a result without any change is a failure. */
  readonly diffRequired: boolean;
  readonly treeChanges: readonly TreeChange[];
  readonly diskChanges: readonly DiskChange[];
  readonly gitChanges: readonly GitChange[];
  /** The branch that HEAD was on at the start (`refs/heads/main`), null if it was detached. */
  readonly currentBranchRef: string | null;
  /** Whether the source repository differs from what it was before the run. */
  readonly sourceChanged: boolean | null;
  /** Paths whose bytes differ between the fresh checkout and the workspace. Empty until the checkout exists. */
  readonly checkoutDifferences: readonly string[];
  readonly secretMatches: readonly SecretFinding[];
}

/** What the effect gate decided. It is passed if `blockers` is empty. */
export interface EffectDecision {
  /** At most one for each code, the one that decides first. */
  readonly blockers: readonly Blocker[];
  /** Every tree change, by path, with the rule that decided it. */
  readonly changes: readonly ChangedFile[];
  /** Path texts of what was left out of the result; an empty directory ends in a slash. */
  readonly byProducts: readonly string[];
  /** True only if nothing was written that no rule of `allowed_paths` permits. */
  readonly allowedWritesPassed: boolean;
  readonly forbiddenPathsPassed: boolean;
}
