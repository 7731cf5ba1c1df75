import { readCacheFile, writeCacheFile } from "../cache-file.ts";
import type { StorePlaces } from "../store-root.ts";
import type { EvidenceCache } from "./evidence.ts";
import type { BundleClaim } from "./spent-claim.ts";

/** What is kept of a bundle that verified. */
export interface KnownBundle<Value> {
  readonly stamp: string;
  readonly mode: string;
  readonly manifest_sha256: string;
  /** What it shows of an approval. Whether that stands is asked every time: it is no matter of the bundle alone. */
  readonly claim: BundleClaim | null;
  readonly value: Value;
}

/** The bundles that verified at an earlier time, by run id. `save` writes what changed. */
export interface KnownBundles<Value> {
  get(runId: string): KnownBundle<Value> | undefined;
  set(runId: string, bundle: KnownBundle<Value>): void;
  /** Forgets the runs that `isThere` denies, and writes the file if anything changed. */
  save(isThere: (runId: string) => boolean): void;
}

/** Opens `.cto/index/<name>.json`. What is not exactly as it was written there is no cache; nothing of it is believed then. */
export function openKnownBundles<Value>(places: StorePlaces, cache: EvidenceCache<Value>): KnownBundles<Value> {
  const file = `${cache.name}.json`;
  const known = new Map(read(readCacheFile(places, file), cache));
  let changed = false;
  return {
    get: (runId) => known.get(runId),
    set(runId, bundle) {
      known.set(runId, bundle);
      changed = true;
    },
    save(isThere) {
      for (const runId of [...known.keys()]) if (!isThere(runId)) changed = known.delete(runId) || changed;
      if (changed) writeCacheFile(places, file, { version: cache.version, bundles: [...known] });
    },
  };
}

function read<Value>(content: unknown, { isValue, version }: EvidenceCache<Value>): [string, KnownBundle<Value>][] {
  if (!isRecord(content) || content.version !== version || !Array.isArray(content.bundles)) return [];
  const isItem = (item: unknown): item is [string, KnownBundle<Value>] => {
    if (!Array.isArray(item) || item.length !== 2 || typeof item[0] !== "string" || !isRecord(item[1])) return false;
    const { claim, manifest_sha256, mode, stamp, value } = item[1];
    return areTexts(manifest_sha256, mode, stamp) && isClaim(claim) && isValue(value);
  };
  return content.bundles.every(isItem) ? content.bundles : [];
}

function isClaim(value: unknown): value is BundleClaim | null {
  return value === null || (isRecord(value) && areTexts(value.packet_sha256, value.run_id, value.sha256));
}

function areTexts(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "string");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
