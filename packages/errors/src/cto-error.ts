import { stripControls } from "./text-hygiene.ts";

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
 * `code` is `AREA_REASON`, unique over the repository; control characters are stripped from message and hint.
 */
export class CtoError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly hint: string;
  readonly details: JsonObject;

  constructor(code: Code, message: string, options: CtoErrorOptions) {
    super(stripControls(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CtoError";
    this.code = code;
    this.hint = stripControls(options.hint);
    this.details = options.details ?? {};
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

/** The message of anything thrown, safe to show: control characters stripped, never empty. */
export function messageOf(thrown: unknown): string {
  const raw = thrown instanceof Error ? thrown.message : String(thrown);
  return stripControls(raw) || "unknown error";
}

/** The `code` of a Node system error (`ENOENT`, ...), or undefined. */
export function systemCode(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  const code = (thrown as { code?: unknown }).code;
  return typeof code === "string" ? code : undefined;
}
