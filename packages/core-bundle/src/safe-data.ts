import { type JsonObject, type JsonValue, redactSecrets, stripControls } from "@cto/errors";

/** Bounds in UTF-16 code units: of one string, and of all strings and keys together. */
export interface SafeDataLimits {
  readonly string: number;
  readonly total: number;
}

const maxDepth = 16;

/**
 * Foreign data as clean, bounded JSON: control characters stripped, secret-shaped spans redacted, long strings cut with a marker,
 * what lies beyond the total or 16 levels replaced by a marker. What JSON cannot hold becomes null in arrays and is absent in objects.
 */
export function toSafeData(data: Readonly<Record<string, unknown>>, limits: SafeDataLimits): JsonObject {
  return new Cleaner(limits).object(data, 0);
}

/** Text without control characters, secret-shaped spans and lone surrogates, of at most `max` code units plus a marker. */
export function toSafeText(text: string, max: number): string {
  const clean = redactSecrets(stripControls(text));
  const kept = clean.length <= max ? clean : `${clean.slice(0, max)}[cut: ${clean.length - max} more characters]`;
  return kept.toWellFormed();
}

class Cleaner {
  readonly #limits: SafeDataLimits;
  #left: number;

  constructor(limits: SafeDataLimits) {
    this.#limits = limits;
    this.#left = limits.total;
  }

  object(value: object, depth: number): JsonObject {
    const clean: Record<string, JsonValue> = Object.create(null);
    for (const [key, member] of Object.entries(value)) {
      if (this.#left <= 0) {
        clean.cut = true;
        break;
      }
      const name = this.#text(key, 128);
      const json = this.#value(member, depth + 1);
      if (json !== undefined) clean[name] = json;
    }
    return clean;
  }

  #array(value: readonly unknown[], depth: number): JsonValue {
    const clean: JsonValue[] = [];
    for (const member of value) {
      if (this.#left <= 0) {
        clean.push(`[cut: ${value.length - clean.length} more]`);
        break;
      }
      clean.push(this.#value(member, depth + 1) ?? null);
    }
    return clean;
  }

  #value(value: unknown, depth: number): JsonValue | undefined {
    this.#left -= 4;
    if (typeof value === "string") return this.#text(value, this.#limits.string);
    if (value === null || typeof value === "boolean") return value;
    if (typeof value === "number") return Number.isFinite(value) ? value : null;
    if (typeof value === "bigint") return value.toString();
    if (typeof value !== "object") return undefined;
    if (value instanceof Uint8Array) return `[${value.length} bytes]`;
    if (depth >= maxDepth) return "[cut: too deep]";
    return Array.isArray(value) ? this.#array(value, depth) : this.object(value, depth);
  }

  #text(value: string, max: number): string {
    const text = toSafeText(value, Math.max(0, Math.min(max, this.#left)));
    this.#left -= text.length;
    return text;
  }
}
