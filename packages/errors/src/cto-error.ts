import { redactSecrets, toSafeText } from "./text-hygiene.ts";

/** Any value that JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
/** A JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue };

export interface CtoErrorOptions {
  /** What the reader can do about it: one sentence that names the file, setting or command. */
  readonly hint: string;
  /** Machine-readable facts: file, line, column, expected values. */
  readonly details?: JsonObject;
  readonly cause?: unknown;
}

const mark = Symbol.for("@cto/errors/CtoError");

/**
 * The one error type of this project: "cannot do" or "cannot know". A question whose answer is no is returned, not thrown.
 * `code` is `AREA_REASON`, unique over the repository. Control characters are stripped from message and hint, and secrets are redacted
 * there and in `details`, whose text is otherwise exact. `cause` is kept as it is and must not be shown unasked.
 */
export class CtoError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly hint: string;
  readonly details: JsonObject;

  constructor(code: Code, message: string, options: CtoErrorOptions) {
    super(toSafeText(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CtoError";
    this.code = code;
    this.hint = toSafeText(options.hint);
    this.details = redactObject(options.details ?? {});
    Object.defineProperty(this, mark, { value: true });
  }

  /** True for a CtoError of any copy of this package (two bundles on one page, two versions in one tree). */
  static is(value: unknown): value is CtoError {
    return typeof value === "object" && value !== null && (value as { [mark]?: unknown })[mark] === true;
  }

  /** The document printed by every command that ends with exit 2 or 4: `cto.error.v1`. */
  toJSON(): JsonObject {
    return { schema: "cto.error.v1", code: this.code, message: this.message, hint: this.hint, details: this.details };
  }
}

function redactObject(object: JsonObject): JsonObject {
  // Not by assignment: a key named __proto__ would be lost.
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [redactSecrets(key), redactValue(value)]));
}

function redactValue(value: JsonValue): JsonValue {
  if (typeof value === "string") return redactSecrets(value);
  if (typeof value !== "object" || value === null) return value;
  return isList(value) ? value.map(redactValue) : redactObject(value);
}

function isList(value: JsonObject | readonly JsonValue[]): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The message of anything thrown, safe to show: no control characters, no secret-shaped values, never empty. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return toSafeText(String(thrown instanceof Error ? thrown.message : thrown)) || "unknown error";
  } catch {
    // Not everything that can be thrown can be turned into text.
    return "unknown error";
  }
}

/** The `code` of a Node system error (`ENOENT`, ...), or undefined. */
export function systemCode(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  const code = (thrown as { code?: unknown }).code;
  return typeof code === "string" ? code : undefined;
}
