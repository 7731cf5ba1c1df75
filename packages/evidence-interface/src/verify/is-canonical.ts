import { toCanonicalJson } from "../canonical-json.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** True if the bytes are the canonical JSON of the value and `end`, one LF for whatever is a file. */
export function isCanonical(bytes: Uint8Array, value: unknown, end: "\n" | "" = "\n"): boolean {
  const text = decoder.decode(bytes);
  // JSON.stringify escapes lone surrogates, which canonical JSON refuses, and keeps the order of the keys; else the two agree on JSON values.
  if (hasSortedKeys(value) && !text.includes("\\ud") && text === `${JSON.stringify(value)}${end}`) return true;
  return text === `${toCanonicalJson(value)}${end}`;
}

function hasSortedKeys(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(hasSortedKeys);
  let before: string | undefined;
  for (const key in value) {
    if (before !== undefined && before > key) return false;
    if (!hasSortedKeys((value as Readonly<Record<string, unknown>>)[key])) return false;
    before = key;
  }
  return true;
}
