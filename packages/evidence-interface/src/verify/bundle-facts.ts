import type { VerifySignature } from "../dsse.ts";
import type { TrustedKey } from "../schemas/signatures.ts";
import { RUN_FILES } from "../vocabulary.ts";

/** Limits of a bundle; beyond them it is `unverifiable`. Files are counted, the rest are bytes. */
export const BUNDLE_LIMITS = {
  files: 100_000,
  documentBytes: 64 * 1024 * 1024,
  eventLineBytes: 1024 * 1024,
} as const;

/**
 * One entry of a run directory, found by a walk that follows no link. Directories are walked, not listed; one that cannot be read is
 * listed as `other`, like a socket, a pipe or a device.
 */
export interface BundleFile {
  /** Relative to the run directory, `/` between the segments, each segment the path text of its name's bytes (`toPathText` of the whole). */
  readonly path: string;
  readonly kind: "file" | "symlink" | "other";
  /** Bytes read for a file, 0 for the rest. */
  readonly bytes: number;
  /** Lower-case hex SHA-256 of the bytes as stored. Null for what is not a file, and for a file that could not be read to its end. */
  readonly sha256: string | null;
}

/**
 * All that the verifier is told about a run directory. The caller (a reader with I/O) must supply every entry of the directory, from
 * one pass without following links, and read each content once: what is digested and what is handed over are the same bytes.
 */
export interface BundleFacts {
  /** Every entry, in any order. A reader may stop at `BUNDLE_LIMITS.files` + 1 entries: that many are refused unseen. */
  readonly files: readonly BundleFile[];
  /** The bytes of every regular file for which `isBundleDocument(path)` holds and whose size is within `BUNDLE_LIMITS.documentBytes`. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
  /**
   * The bytes of `events.normalized.jsonl` in chunks of any size, read at most once and only as far as needed; null if there is no such
   * regular file. A chunk may be reused by the reader after the next one was asked for.
   */
  readonly events: Iterable<Uint8Array> | null;
  /** The bytes of `patch.diff`, under the same rules. */
  readonly patch: Iterable<Uint8Array> | null;
  /** The bytes of `events.ndjson`, under the same rules. */
  readonly live: Iterable<Uint8Array> | null;
  /** The bytes of `trace.jsonl`, under the same rules. */
  readonly trace: Iterable<Uint8Array> | null;
  /** Lower-case hex SHA-256 of some bytes. */
  readonly sha256: (bytes: Uint8Array) => string;
  /**
   * How signatures of people are checked, and whose count; `trusted` is null where nobody says (a bundle on a stranger's machine). Without it
   * the signature of an approval is not looked at, only what it says.
   */
  readonly signatures?: { readonly verify: VerifySignature; readonly trusted: readonly TrustedKey[] | null };
}

const documentNames: ReadonlySet<string> = new Set([
  RUN_FILES.manifest,
  RUN_FILES.run,
  RUN_FILES.report,
  RUN_FILES.review,
]);

/** True for the files whose bytes the verifier reads itself: manifest, run, report, review, and `proofs/*.json`. Event log, patch, live log and trace are read as they stream; of the rest only size and digest count. */
export function isBundleDocument(path: string): boolean {
  return (
    documentNames.has(path) || (path.startsWith("proofs/") && path.endsWith(".json") && path.indexOf("/", 7) === -1)
  );
}
