import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { readTextFile, replaceFile, sha256 } from "./disk.ts";
import { readFailed } from "./store-error.ts";
import { ensureRoot, type StorePlaces } from "./store-root.ts";

const maxEntries = 500;
const settledMs = 2_000;

/**
 * Lower-case hex SHA-256 of a file, links followed. Taken from `.cto/index/digests.json` if device, inode, size, mtime and ctime are unchanged.
 * A file that changed within the last two seconds is not cached: a second change could hide behind the same time stamp.
 */
export async function fileDigest(places: StorePlaces, file: string): Promise<string> {
  const cacheFile = path.join(places.folder("index"), "digests.json");
  try {
    const real = fs.realpathSync(file);
    const stamp = stampOf(fs.statSync(real, { bigint: true }));
    const known = readCache(cacheFile).get(real);
    if (known?.stamp === stamp) return known.sha256;
    const digest = await digestOf(real);
    const after = fs.statSync(real, { bigint: true });
    const changedMs = Math.max(Number(after.ctimeNs / 1_000_000n), Number(after.mtimeNs / 1_000_000n));
    if (stampOf(after) === stamp && Date.now() - changedMs > settledMs)
      remember(places, cacheFile, real, { stamp, sha256: digest });
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

function readCache(file: string): Map<string, CacheEntry> {
  const text = readTextFile(file) ?? "";
  const body = text.slice(65);
  if (text.slice(0, 65) !== `${sha256(body)}\n`) return new Map();
  return new Map(JSON.parse(body) as readonly (readonly [string, CacheEntry])[]);
}

function remember(places: StorePlaces, file: string, real: string, entry: CacheEntry): void {
  const entries = readCache(file);
  entries.delete(real);
  entries.set(real, entry);
  const body = JSON.stringify([...entries].slice(-maxEntries));
  try {
    ensureRoot(places);
    replaceFile(file, `${sha256(body)}\n${body}`);
  } catch {
    // A cache that cannot be written costs time and nothing else.
  }
}
