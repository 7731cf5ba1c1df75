import { oneLine } from "@cto/errors";
import type * as z from "zod";
import { relativePointerPattern } from "../relative-pointer.ts";
import { safeParseStrictJson } from "../strict-json.ts";
import type { Findings } from "./findings.ts";
import { toShapeCheck } from "./to-shape-check.ts";

/** What a document must be: its exact `schema` value, null for a format of others that has none, and its shape. */
export interface DocumentFormat<Value> {
  readonly schema: string | null;
  readonly shape: z.ZodType<Value>;
  /** The quick way to say that a value has the shape; where it does not say so, `shape` decides. */
  readonly hasShape: (value: unknown) => value is Value;
}

/** A format of a `schema` value and a shape. */
export function toFormat<Value>(schema: string | null, shape: z.ZodType<Value>): DocumentFormat<Value> {
  const check = toShapeCheck(shape);
  return { schema, shape, hasShape: (value): value is Value => check(value) };
}

/**
 * The value of one document, or undefined with findings. The version is judged before the shape: of an unknown version nothing else is
 * said. `where` is the file, with the line for an event log.
 */
export function toDocument<Value>(
  bytes: Uint8Array,
  format: DocumentFormat<Value>,
  where: { readonly path: string; readonly line?: number },
  findings: Findings,
): Value | undefined {
  const at = where.line === undefined ? "" : `line ${where.line}: `;
  const parsed = safeParseStrictJson(bytes);
  if (!parsed.ok) {
    const { code, message, line, column } = parsed.error;
    findings.add(code, where.path, `${at || `line ${line}, `}column ${column}: ${message}`);
    return undefined;
  }
  const version = fieldOf(parsed.value, "schema");
  if (format.schema !== null && version !== format.schema) {
    const seen = typeof version === "string" ? oneLine(version, 80) : "nothing";
    findings.add("DOCUMENT_VERSION_UNKNOWN", where.path, `${at}schema is ${seen}, expected ${format.schema}`);
    return undefined;
  }
  if ((fieldOf(parsed.value, "runtime_default_activation") ?? false) !== false) {
    findings.add("RUNTIME_DEFAULT_ACTIVATED", where.path, `${at}runtime_default_activation is not false`);
    return undefined;
  }
  if (format.hasShape(parsed.value)) return parsed.value;
  const shaped = format.shape.safeParse(parsed.value);
  if (shaped.success) return shaped.data;
  for (const issue of shaped.error.issues.slice(0, 5)) addIssue(issue, at, where.path, findings);
  return undefined;
}

function addIssue(issue: z.core.$ZodIssue, at: string, path: string, findings: Findings): void {
  const unsafe = issue.code === "invalid_format" && issue.pattern === pointerPatternText;
  const field = issue.path.length === 0 ? "the document" : issue.path.map(String).join(".");
  findings.add(
    unsafe ? "FILE_PATH_UNSAFE" : "DOCUMENT_SHAPE_INVALID",
    path,
    oneLine(`${at}${field}: ${issue.message}`, 300),
  );
}

const pointerPatternText = String(relativePointerPattern);

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
