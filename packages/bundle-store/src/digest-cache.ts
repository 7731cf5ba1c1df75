import crypto from "node:crypto";
import fs from "node:fs";
import { readCacheFile, writeCacheFile } from "./cache-file.ts";
import { readFailed } from "./store-error.ts";
import { checkRoot, ensureRoot, type StorePlaces } from "./store-root.ts";

const cacheName = "digests.json";
const maxEntries = 500;
const settledMs = 2_000;

/**
 * Lower-case hex SHA-256 of a file, links followed. Taken from `.cto/index/digests.json` if device, inode, size, mtime and ctime are unchanged and
 * nobody but this user could have written the cache (see `readCacheFile`): who can write there as this user can replace the tool itself, and its
 * answers with it. A file that changed within the last two seconds is not cached: a second change could hide behind the same time stamp.
 */
export async function fileDigest(places: StorePlaces, file: string): Promise<string> {
  try {
    checkRoot(places);
    const real = fs.realpathSync(file);
    const stamp = stampOf(fs.statSync(real, { bigint: true }));
    const known = readCache(places).get(real);
    if (known?.stamp === stamp) return known.sha256;
    const digest = await digestOf(real);
    const after = fs.statSync(real, { bigint: true });
    const changedMs = Math.max(Number(after.ctimeNs / 1_000_000n), Number(after.mtimeNs / 1_000_000n));
    if (stampOf(after) === stamp && Date.now() - changedMs > settledMs)
      remember(places, real, { stamp, sha256: digest });
    return digest;
  } catch (error) {
    throw readFailed(file, error);
  }
}

interface CacheEntry {
  readonly stamp: string;
  readonly sha256: string;
}

function stampOf(stat: fs.BigIntStats): string {
  return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
}

async function digestOf(file: string): Promise<string> {
  const hash = crypto.createHash("sha256");
  for await (const part of fs.createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(part);
  return hash.digest("hex");
}

function readCache(places: StorePlaces): Map<string, CacheEntry> {
  const entries = readCacheFile(places, cacheName);
  return Array.isArray(entries) && entries.every(isCacheItem) ? new Map(entries) : new Map();
}

function isCacheItem(item: unknown): item is readonly [string, CacheEntry] {
  if (!Array.isArray(item) || item.length !== 2 || typeof item[0] !== "string") return false;
  const entry: Partial<Record<string, unknown>> = item[1] ?? {};
  const isStamp = typeof entry.stamp === "string" && /^\d+:\d+:\d+:-?\d+:-?\d+$/.test(entry.stamp);
  return isStamp && typeof entry.sha256 === "string" && /^[0-9a-f]{64}$/.test(entry.sha256);
}

function remember(places: StorePlaces, real: string, entry: CacheEntry): void {
  const entries = readCache(places);
  entries.delete(real);
  entries.set(real, entry);
  try {
    ensureRoot(places);
  } catch {
    return; // As for the cache itself: what cannot be written costs time and nothing else.
  }
  writeCacheFile(places, cacheName, [...entries].slice(-maxEntries));
}
