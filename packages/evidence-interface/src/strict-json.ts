import { endOfString, locateJsonError, type StrictJsonError } from "./locate-json-error.ts";

/** The most arrays and objects that may stand inside one another. */
export const JSON_DEPTH_LIMIT = 128;

export type StrictJsonResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: StrictJsonError };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads one JSON text (RFC 8259, as I-JSON narrows it: RFC 7493) from a string or from UTF-8 bytes. Refuses what two readers could take
 * for two values: duplicate keys, a byte order mark, NaN and infinities (also by overflow), lone surrogates, data after the value, more
 * than `JSON_DEPTH_LIMIT` levels. `__proto__` is an ordinary key of the value returned. Never throws.
 */
export function safeParseStrictJson(input: string | Uint8Array): StrictJsonResult {
  let text: string;
  try {
    text = typeof input === "string" ? input : decoder.decode(input);
  } catch {
    return {
      ok: false,
      error: { code: "JSON_NOT_UTF8", message: "the bytes are not UTF-8", line: 1, column: 1, offset: 0 },
    };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, error: locateJsonError(text, JSON_DEPTH_LIMIT) };
  }
  // JSON.parse keeps the last of two equal keys: then the text has more members than the value.
  const clean = text.isWellFormed() && countMembers(value, !hasSurrogateEscape(text), 0) === countNameSeparators(text);
  return clean ? { ok: true, value } : { ok: false, error: locateJsonError(text, JSON_DEPTH_LIMIT) };
}

function hasSurrogateEscape(text: string): boolean {
  return text.includes("\\u") && /\\u[dD]/.test(text);
}

/** Members of all objects in the value; NaN, which equals nothing, if the value holds something that strict JSON does not. */
function countMembers(value: unknown, wellFormed: boolean, depth: number): number {
  if (typeof value === "string") return wellFormed || value.isWellFormed() ? 0 : Number.NaN;
  if (typeof value === "number") return Number.isFinite(value) ? 0 : Number.NaN;
  if (typeof value !== "object" || value === null) return 0;
  if (depth === JSON_DEPTH_LIMIT) return Number.NaN;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countMembers(item, wellFormed, depth + 1);
    return count;
  }
  // JSON.parse makes plain objects: what is enumerable is their own.
  for (const key in value) {
    if (!wellFormed && !key.isWellFormed()) return Number.NaN;
    const item = (value as Readonly<Record<string, unknown>>)[key];
    count += typeof item === "string" && wellFormed ? 1 : 1 + countMembers(item, wellFormed, depth + 1);
  }
  return count;
}

/** Colons outside strings, in a text that is known to be JSON. */
function countNameSeparators(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 58) count += 1;
    else if (unit === 34) at = endOfString(text, at);
  }
  return count;
}
