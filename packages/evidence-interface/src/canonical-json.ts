import { CtoError } from "@cto/errors";

/**
 * The canonical text of a JSON value (RFC 8785, JSON Canonicalization Scheme): keys sorted by UTF-16 code units, ECMAScript numbers, no
 * white space. Throws `EVIDENCE_NOT_JSON` on anything that JSON cannot hold: undefined, NaN, infinities, bigint, functions, dates,
 * class instances, sparse arrays, symbol keys, cycles, lone surrogates. Two different values never share a text; -0 is written 0, as the RFC says.
 */
export function toCanonicalJson(value: unknown): string {
  return write(value, "$", new Set());
}

function write(value: unknown, at: string, open: Set<object>): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw notJson(at, String(value));
    return JSON.stringify(value);
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw notJson(at, "a string with a lone surrogate");
    return JSON.stringify(value);
  }
  if (typeof value !== "object") throw notJson(at, typeof value);
  if (open.has(value)) throw notJson(at, "a cycle");
  open.add(value);
  const text = Array.isArray(value) ? writeArray(value, at, open) : writeObject(value, at, open);
  open.delete(value);
  return text;
}

function writeArray(value: readonly unknown[], at: string, open: Set<object>): string {
  const parts: string[] = [];
  for (let index = 0; index < value.length; index += 1) {
    if (!(index in value)) throw notJson(`${at}[${index}]`, "a hole in an array");
    parts.push(write(value[index], `${at}[${index}]`, open));
  }
  return `[${parts.join(",")}]`;
}

function writeObject(value: object, at: string, open: Set<object>): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw notJson(at, "an instance of a class");
  if (Object.getOwnPropertySymbols(value).length > 0) throw notJson(at, "a symbol key");
  const parts: string[] = [];
  for (const key of Object.keys(value).sort()) {
    if (!key.isWellFormed()) throw notJson(at, "a key with a lone surrogate");
    parts.push(`${JSON.stringify(key)}:${write((value as Record<string, unknown>)[key], `${at}.${key}`, open)}`);
  }
  return `{${parts.join(",")}}`;
}

function notJson(at: string, what: string): CtoError<"EVIDENCE_NOT_JSON"> {
  return new CtoError("EVIDENCE_NOT_JSON", `${at} is ${what}, which JSON cannot hold`, {
    hint: "Pass only JSON values to canonical JSON.",
    details: { at },
  });
}
