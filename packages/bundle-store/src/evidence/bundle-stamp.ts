import fs from "node:fs";
import { systemCode } from "@cto/errors";
import { BUNDLE_LIMITS } from "@cto/evidence-interface";
import { sha256 } from "../disk.ts";

/** What the file system says of a bundle. */
export interface BundleStamp {
  /** One digest over kind, inode, size, mtime and ctime (nanoseconds) of every file and its name. */
  readonly stamp: string;
  /** When the last of them changed, in milliseconds since the epoch. */
  readonly changedMs: number;
}

/** Stamps a run directory without reading a file of it. Undefined if it is none, something in it cannot be looked at, or no bundle of ours looks so. */
export function stampBundle(directory: string): BundleStamp | undefined {
  const lines: string[] = [];
  let changedMs = 0;
  const walk = (folder: string, prefix: string): void => {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true, encoding: "latin1" })) {
      const place = `${folder}/${entry.name}`;
      if (!/^[\x20-\x7e]+$/.test(entry.name) || lines.length > BUNDLE_LIMITS.files) throw odd;
      if (entry.isDirectory()) {
        walk(place, `${prefix}${entry.name}/`);
        continue;
      }
      const { ctimeNs, ino, mode, mtimeNs, size } = fs.lstatSync(place, { bigint: true });
      changedMs = Math.max(changedMs, Number(ctimeNs / 1_000_000n), Number(mtimeNs / 1_000_000n));
      lines.push(`${prefix}${entry.name} ${mode} ${ino} ${size} ${mtimeNs} ${ctimeNs}`);
    }
  };
  try {
    walk(directory, "");
  } catch (error) {
    if (error !== odd && systemCode(error) === undefined) throw error;
    return undefined;
  }
  return { stamp: sha256(lines.sort().join("\n")), changedMs };
}

const odd = new Error("no bundle of ours looks so");
