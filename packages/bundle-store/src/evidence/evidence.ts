import type { BundleFacts } from "@cto/evidence-interface";

/**
 * An entry of the ledger with what became of its bundle. `mode` is the stage's name as the ledger has it; null where it cannot be told, so that it may have been
 * any stage.
 */
export type Evidence<Value> =
  | {
      /** The bundle verifies (unsigned or valid), and it is the one that the ledger says was sealed. */
      readonly state: "verified";
      readonly n: number;
      readonly run_id: string;
      readonly mode: string;
      readonly manifest_sha256: string;
      readonly value: Value;
    }
  | {
      /**
       * It does not verify, is another one, or spent an approval that was not this run's; it is gone; it was removed with a tombstone; the ledger's chain is broken
       * here or a run that something else names is not in it (no run id then).
       */
      readonly state: "broken" | "missing" | "removed" | "gap";
      readonly n: number;
      readonly run_id: string | null;
      readonly mode: string | null;
      /** A sentence for people without its full stop. */
      readonly reason: string;
    }
  | {
      /** It verifies and is the one of the ledger, but came into it only after a crash: whose run it was, the ledger cannot tell. */
      readonly state: "recovered";
      readonly n: number;
      readonly run_id: string;
      readonly mode: string;
      readonly value: Value;
      readonly reason: string;
    }
  | {
      /** A sealed bundle that the ledger does not have. `value` is null if it does not verify. */
      readonly state: "unlisted";
      readonly n: null;
      readonly run_id: string;
      readonly mode: null;
      readonly value: Value | null;
      readonly reason: string;
    };

/** A bundle that verified. Everything here comes from the very bytes that were verified. */
export interface VerifiedBundle {
  readonly run_id: string;
  readonly manifest_sha256: string;
  /** The value of a JSON document by its path in the bundle (see `isBundleDocument`); undefined if there is none. */
  document(path: string): unknown;
  /** The governed events in their order. */
  readonly events: readonly { readonly event: string; readonly data: Readonly<Record<string, unknown>> }[];
  /** The paths of all files, sorted. */
  readonly paths: readonly string[];
}

/** What a caller keeps of a bundle: a small JSON value, a function of the bundle alone. */
export type Derive<Value> = (bundle: VerifiedBundle) => Value;

export interface EvidenceCache<Value> {
  /** Of the file in `.cto/index`: lower-case letters and hyphens. */
  readonly name: string;
  /** Whatever the values depend on besides the bundles, such as the version of `derive`; another one empties the cache. */
  readonly version: string;
  /** Checks a value that was kept. One odd value empties the cache. */
  readonly isValue: (value: unknown) => value is Value;
}

export interface EvidenceOptions<Value> {
  /** The directory that `.cto` belongs to. */
  readonly home: string;
  readonly derive: Derive<Value>;
  /** Whose signatures count, see `BundleFacts`. Without it the signatures of approvals are not looked at. */
  readonly signatures?: BundleFacts["signatures"];
  /** Null verifies everything anew, as a gate must. */
  readonly cache: EvidenceCache<Value> | null;
}
