import { closestWord } from "@cto/errors";
import type * as z from "zod";
import { toShown } from "../blocker.ts";
import { describeAt, keysAt, type ValuePath, valueAt } from "../schema-lookup.ts";

/** Something wrong at one place of a value. */
export interface ShapeProblem {
  readonly path: ValuePath;
  readonly message: string;
  readonly hint: string;
}

const MAX_UNKNOWN_KEYS = 100;

/** Every field of a value that a schema of strict objects refuses: what it is, what was expected, and for an unknown key the one that was meant. */
export function findShapeProblems(value: unknown, schema: z.ZodType): readonly ShapeProblem[] {
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : parsed.error.issues.flatMap((issue) => toProblems(value, schema, issue));
}

function toProblems(value: unknown, schema: z.ZodType, issue: z.core.$ZodIssue): readonly ShapeProblem[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code === "unrecognized_keys")
    return issue.keys.slice(0, MAX_UNKNOWN_KEYS).map((key) => toUnknownKey(schema, path, key));
  const expected = describeAt(schema, path) ?? "one object with the keys of this record";
  const found = valueAt(value, path);
  const seen = found === undefined ? "missing" : show(found, path);
  return [{ path, message: `is ${seen}, expected ${expected}`, hint: `Expected ${expected}.` }];
}

function toUnknownKey(schema: z.ZodType, parent: ValuePath, key: string): ShapeProblem {
  const known = keysAt(schema, parent);
  const meant = closestWord(key, known);
  return {
    path: [...parent, toShown(key, 80)],
    message: `is not a key here, expected ${meant ?? "only the keys of this record"}`,
    hint: meant === undefined ? `Known keys: ${known.join(", ")}.` : `Did you mean ${meant}?`,
  };
}

/** A value in a few words. Messages enter bundles, which hold neither secrets nor places of a machine. */
function show(value: unknown, path: ValuePath): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "an object";
  if (typeof value !== "string") return typeof value === "number" ? `the number ${value}` : String(value);
  if (value === "") return "empty text";
  const isPrivate = path.at(-1) === "credential_source" || /^(?:[/\\~]|[A-Za-z]:)/.test(value);
  return isPrivate ? "another text" : `the text ${toShown(JSON.stringify(value), 80)}`;
}
