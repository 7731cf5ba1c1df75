import { createHash } from "node:crypto";
import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { CtoError, messageOf, systemCode } from "@cto/errors";
import { toPathText } from "@cto/evidence-interface";
import { hashFile } from "./hash-file.ts";
import { throwIfCanceled } from "./throw-if-canceled.ts";
import type { EntryKind, Snapshot, SnapshotEntry } from "./workspace-contract.ts";
import { createWorkspaceError } from "./workspace-error.ts";

export interface SnapshotOptions {
  /** An earlier snapshot of the same root: what is provably unchanged is not read again. */
  readonly previous?: Snapshot;
  /** Leaves out `.git` at the root. */
  readonly skipGit?: boolean;
  /** How many bytes of contents may be read in all; a sparse file of terabytes costs an engine nothing. No limit unless told. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

/** How long the event loop may be held, in milliseconds. */
const turnMs = 15;
/** File systems stamp with a clock that lags: some milliseconds, two seconds where they keep no fractions. */
const lagNs = 20_000_000n;
const coarseLagNs = 2_000_000_000n;

/**
 * Looks at everything below `root` (an absolute path), `.git`, ignored and special files included, without following a link. Contents are
 * hashed in chunks. With `previous`, an entry keeps its digest if dev, inode, size, mode, mtime and ctime are as they were and the ctime
 * is safely older than the previous snapshot (a ctime cannot be set back). Throws `WORKSPACE_UNREADABLE` if something cannot be read,
 * has a path longer than the system allows, or changes meanwhile; `WORKSPACE_TOO_LARGE` (`details.path`) before it reads the file that
 * goes over `maxBytes`; `WORKSPACE_CANCELED`. Caller: no process may still write there.
 */
export async function takeSnapshot(root: string, options: SnapshotOptions = {}): Promise<Snapshot> {
  const startedNs = BigInt(Date.now()) * 1_000_000n;
  const byPath = new Map<string, SnapshotEntry>();
  const digest = createHash("sha256");
  const reader = createContentReader(options);
  let turn = performance.now();
  throwIfCanceled(options.signal);
  for (const disk of walk(root, options.skipGit === true)) {
    if (performance.now() - turn > turnMs) {
      await new Promise((resolve) => setImmediate(resolve));
      throwIfCanceled(options.signal);
      turn = performance.now();
    }
    const entry = await readEntry(disk, reader);
    byPath.set(entry.path, entry);
    digest.update(`${entry.kind} ${entry.mode.toString(8)} ${entry.size} ${entry.sha256 ?? "-"} ${entry.path}\n`);
  }
  return { sha256: digest.digest("hex"), entries: byPath.size, byPath, startedNs };
}

/** A name on the disk: its path text below the root, and what the system calls take. */
interface DiskEntry {
  readonly path: string;
  readonly full: string | Buffer;
  readonly stat: BigIntStats;
}

const plain = /^[\u0020\u0021\u0023-\u005b\u005d-\u007e]*$/;

/** Depth first, names in the order of their bytes. Names are held as latin1, one character for each byte. */
function* walk(root: string, skipGit: boolean): Generator<DiskEntry> {
  const rootBytes = Buffer.from(root).toString("latin1");
  const open: string[] = [""];
  for (let directory = open.pop(); directory !== undefined; directory = open.pop()) {
    const within: string[] = [];
    for (const name of readNames(rootBytes, directory)) {
      if (skipGit && directory === "" && name === ".git") continue;
      const below = `${directory}/${name}`;
      const full = toSystemPath(rootBytes + below);
      const path = toText(below.slice(1));
      const stat = readOrThrow(path, () => lstatSync(full, { bigint: true }));
      yield { path, full, stat };
      if (stat.isDirectory()) within.push(below);
    }
    open.push(...within.reverse());
  }
}

function toSystemPath(latin1: string): string | Buffer {
  return plain.test(latin1) ? latin1 : Buffer.from(latin1, "latin1");
}

function readNames(rootBytes: string, directory: string): string[] {
  const path = directory === "" ? "the work tree" : toText(directory.slice(1));
  const full = toSystemPath(rootBytes + directory);
  return readOrThrow(path, () => readdirSync(full, { encoding: "latin1" })).sort();
}

function toText(latin1: string): string {
  return plain.test(latin1) ? latin1 : toPathText(Buffer.from(latin1, "latin1"));
}

function readOrThrow<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

/** The system's message is left out: it holds the absolute path. */
function unreadable(path: string, cause: unknown) {
  const reason = systemCode(cause) ?? messageOf(cause);
  return createWorkspaceError("WORKSPACE_UNREADABLE", `cannot read ${path}: ${reason}`, {
    hint: "Something in the work tree cannot be read, or something still writes there.",
    details: { path },
    cause,
  });
}

type EntryFacts = Omit<SnapshotEntry, "sha256" | "symlinkTarget">;

/** The digest of a file's content, from an earlier snapshot or from the disk. */
type ContentReader = (full: string | Buffer, facts: EntryFacts) => Promise<string | null>;

function createContentReader({
  previous,
  maxBytes = Number.POSITIVE_INFINITY,
  signal,
}: SnapshotOptions): ContentReader {
  let bytes = 0;
  return async (full, facts) => {
    const known = previous?.byPath.get(facts.path);
    if (previous !== undefined && known !== undefined && isUnchanged(known, facts, previous)) return known.sha256;
    bytes += facts.size;
    if (bytes > maxBytes) throw tooLarge(facts.path, maxBytes);
    return hashFile(full, facts, signal).catch((thrown: unknown) => {
      throw CtoError.is(thrown) ? thrown : unreadable(facts.path, thrown);
    });
  };
}

function tooLarge(path: string, maxBytes: number) {
  return createWorkspaceError("WORKSPACE_TOO_LARGE", `${path} takes the files to read over ${maxBytes} bytes`, {
    hint: "Remove large files that do not belong there, or raise the limit.",
    details: { path, max_bytes: maxBytes },
  });
}

async function readEntry({ path, full, stat }: DiskEntry, readContent: ContentReader): Promise<SnapshotEntry> {
  const kind = toKind(stat);
  const facts = {
    path,
    kind,
    mode: Number(stat.mode & 0o7777n),
    // What a file system says of a directory's size and links depends on the file system.
    size: kind === "directory" ? 0 : Number(stat.size),
    nlink: kind === "directory" ? 1 : Number(stat.nlink),
    dev: stat.dev,
    ino: stat.ino,
    mtimeNs: stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
  };
  if (kind === "symlink") {
    const target = readOrThrow(path, () => readlinkSync(full, { encoding: "buffer" }));
    return { ...facts, sha256: createHash("sha256").update(target).digest("hex"), symlinkTarget: toPathText(target) };
  }
  if (kind !== "file") return { ...facts, sha256: null, symlinkTarget: null };
  return { ...facts, sha256: await readContent(full, facts), symlinkTarget: null };
}

function toKind(stat: BigIntStats): EntryKind {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  return stat.isSymbolicLink() ? "symlink" : "other";
}

function isUnchanged(known: SnapshotEntry, now: EntryFacts, { startedNs }: Snapshot): boolean {
  const lag = now.ctimeNs % 1_000_000n === 0n ? coarseLagNs : lagNs;
  return (
    known.kind === now.kind &&
    known.dev === now.dev &&
    known.ino === now.ino &&
    known.size === now.size &&
    known.mode === now.mode &&
    known.mtimeNs === now.mtimeNs &&
    known.ctimeNs === now.ctimeNs &&
    now.ctimeNs + lag < startedNs
  );
}
