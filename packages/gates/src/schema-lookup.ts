import * as z from "zod";

/** Keys and indexes from the root of a value. */
export type ValuePath = readonly (string | number)[];

/** `verification[0].run`; empty for the whole value. */
export function showPath(path: ValuePath): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .replace(/^\./, "");
}

/** What stands at a path of a value, or undefined. */
export function valueAt(root: unknown, path: ValuePath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** What a schema of objects and lists says is expected at a path, or undefined if it has no words for it. */
export function describeAt(root: z.ZodType, path: ValuePath): string | undefined {
  const schema = schemaAt(root, path);
  const inner = unwrap(schema)?.description;
  if (schema?.description !== undefined || inner === undefined) return schema?.description;
  return schema instanceof z.ZodNullable ? `${inner}, or null` : inner;
}

/** The keys of the object that a schema expects at a path; none if it expects none. */
export function keysAt(root: z.ZodType, path: ValuePath): readonly string[] {
  const schema = unwrap(schemaAt(root, path));
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function schemaAt(root: z.ZodType, path: ValuePath): z.ZodType | undefined {
  let schema: z.ZodType | undefined = root;
  for (const part of path) {
    const inner = unwrap(schema);
    if (inner instanceof z.ZodArray) schema = inner.element as z.ZodType;
    else if (inner instanceof z.ZodObject) schema = (inner.shape as Record<string, z.ZodType>)[part];
    else return undefined;
  }
  return schema;
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  let inner = schema;
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodNullable ||
    inner instanceof z.ZodOptional
  ) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}
