/** A private bare repository that holds one branch, `main`, at the baseline. No engine process may ever see it. */
export interface Baseline {
  readonly gitDir: string;
  readonly commit: string;
  readonly tree: string;
  readonly objectFormat: "sha1" | "sha256";
  /** True if the history was cut in the source already. */
  readonly shallow: boolean;
  /** Path texts of submodules: recorded, left empty. */
  readonly submodules: readonly string[];
}

/** A work tree and the harness's own index of it. */
export interface Checkout {
  readonly directory: string;
  /** A private index file beside the baseline: what `tree` holds, with the stat data of `directory`. Git looks into no submodule. */
  readonly index: string;
  /** The tree that changes are told against. */
  readonly tree: string;
}

export type ChangeKind = "added" | "deleted" | "modified" | "type-changed" | "mode-changed";

/** One difference between two trees. Modes are git's six octal digits, `000000` where there is nothing. */
export interface TreeChange {
  readonly path: string;
  readonly change: ChangeKind;
  readonly oldMode: string;
  readonly newMode: string;
  /** True if either side is a gitlink. */
  readonly submodule: boolean;
}

export type EntryKind = "file" | "directory" | "symlink" | "other";

/** One name on the disk. Times are nanoseconds since the epoch. */
export interface SnapshotEntry {
  /** Path text below the root, with forward slashes. */
  readonly path: string;
  /** `other` is a fifo, socket or device. */
  readonly kind: EntryKind;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  /** Bytes; of a directory always 0. */
  readonly size: number;
  readonly nlink: number;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** Of a file's content or a symlink's target; null for the rest. */
  readonly sha256: string | null;
  /** Path text; null unless a symlink. */
  readonly symlinkTarget: string | null;
}

/** Everything below a root at one time. */
export interface Snapshot {
  /** Digest over path, kind, permission bits, size and content of every entry, sorted by path bytes. Times and inodes are not in it. */
  readonly sha256: string;
  /** How many entries there are. */
  readonly entries: number;
  /** By path text, in the order of the path bytes. */
  readonly byPath: ReadonlyMap<string, SnapshotEntry>;
  /** Nanoseconds since the epoch, before the first entry was looked at. */
  readonly startedNs: bigint;
}

/** One difference between two snapshots. */
export interface DiskChange {
  readonly path: string;
  readonly change: ChangeKind;
  readonly before: SnapshotEntry | null;
  readonly after: SnapshotEntry | null;
}
