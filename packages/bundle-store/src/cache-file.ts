import fs from "node:fs";
import path from "node:path";
import { readBytes, replaceFile, sha256 } from "./disk.ts";
import type { StorePlaces } from "./store-root.ts";

/**
 * The JSON value of a cache in `.cto/index`. Undefined, which means that the caller builds it again, unless the file is whole, regular, ours, 0600 and
 * without a second name, in folders that nobody else can enter. That keeps other users out. Whoever writes here as this user could as well
 * replace the tool itself: against him no cache is safe, and none has to be.
 */
export function readCacheFile(places: StorePlaces, name: string): unknown {
  try {
    if (![places.root, places.folder("index")].every((folder) => isOurs(fs.lstatSync(folder), 0o700))) return undefined;
    const isTrusted = (stat: fs.Stats): boolean => isOurs(stat, 0o600) && stat.nlink === 1;
    const text = readBytes(cacheFile(places, name), undefined, isTrusted)?.toString("utf8") ?? "";
    const body = text.slice(65);
    return text.slice(0, 65) === `${sha256(body)}\n` ? JSON.parse(body) : undefined;
  } catch {
    return undefined; // Unreadable, too large, no JSON: built again, as if it were missing.
  }
}

/** Replaces a cache. The digest in its first line tells a torn one from a whole one. */
export function writeCacheFile(places: StorePlaces, name: string, value: unknown): void {
  const body = JSON.stringify(value);
  try {
    replaceFile(cacheFile(places, name), `${sha256(body)}\n${body}`);
  } catch {
    // A cache that cannot be written (read-only or full disk) costs time and nothing else.
  }
}

function cacheFile(places: StorePlaces, name: string): string {
  return path.join(places.folder("index"), name);
}

function isOurs(stat: fs.Stats, mode: number): boolean {
  const self = process.getuid?.();
  return self === undefined || (stat.uid === self && (stat.mode & 0o777) === mode);
}
