import { findSecrets } from "@cto/errors";
import type { SecretFinding } from "./effect-facts.ts";

/** Bytes looked at in one go, so that a large file is never held as text as a whole. */
const WINDOW = 1024 * 1024;
/** Longer than any secret shape, also where a zero byte stands beside every character. */
const OVERLAP = 2048;

/**
 * Looks for secret-shaped text in the content of a file that a patch shows as binary: bytes, or one character for each byte (latin1). Zero
 * bytes are passed over in a second look, since git takes UTF-16 for binary. Gives the first of each kind; `line` counts line feeds from 1.
 */
export function scanBytesForSecrets(path: string, content: Uint8Array | string): readonly SecretFinding[] {
  const found = new Map<string, SecretFinding>();
  let line = 1;
  for (let start = 0; start < content.length; start += WINDOW) {
    const text = toLatin1(content, start, start + WINDOW + OVERLAP);
    for (const look of [text, text.replaceAll("\0", "")]) {
      for (const { kind, start: at } of findSecrets(look)) {
        if (!found.has(kind)) found.set(kind, { path, line: line + countLineFeeds(look, at), kind });
      }
    }
    line += countLineFeeds(text, WINDOW);
  }
  return [...found.values()];
}

function toLatin1(content: Uint8Array | string, start: number, end: number): string {
  return typeof content === "string"
    ? content.slice(start, end)
    : new TextDecoder("latin1").decode(content.subarray(start, end));
}

function countLineFeeds(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
