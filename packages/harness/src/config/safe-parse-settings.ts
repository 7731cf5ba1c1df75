import { closestWord, messageOf, oneLine } from "@cto/errors";
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from "yaml";
import * as z from "zod";

/** Settings are short; the YAML reader's work grows with the square of the number of keys. */
const mostCharacters = 64 * 1024;

/** The first thing wrong with a settings file. Line and column count from 1. */
export interface SettingsProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type SettingsResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: SettingsProblem };

/**
 * Reads one YAML document against a schema of strict objects. Aliases, unknown tags, duplicate keys and further documents are problems, as
 * is a text of more than 65,536 characters. An unknown key comes with the key that was probably meant.
 */
export function safeParseSettings<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
): SettingsResult<z.infer<Schema>> {
  if (text.length > mostCharacters)
    return fail({ line: 1, col: 1 }, `${text.length} characters, expected at most ${mostCharacters}`);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    logLevel: "error",
  });
  const broken = [...document.errors, ...document.warnings][0];
  if (broken !== undefined) return fail(lines.linePos(broken.pos[0]), oneLine(broken.message));
  const alias = findAlias(document);
  if (alias !== undefined) return fail(lines.linePos(alias), "an alias, expected the value itself");
  const value = toValue(document);
  if (!value.ok) return value;
  const parsed = schema.safeParse(value.value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const { offset, message } = explain(document, schema, parsed.error.issues);
  return fail(lines.linePos(offset), message);
}

function fail(at: { readonly line: number; readonly col: number }, message: string): SettingsResult<never> {
  return { ok: false, problem: { line: Math.max(at.line, 1), column: Math.max(at.col, 1), message } };
}

/** Aliases make a small file huge and let one value stand where a reader does not see it. */
function findAlias(document: Document.Parsed): number | undefined {
  let found: number | undefined;
  visit(document, {
    Alias(_, node) {
      found = startOf(node);
      return visit.BREAK;
    },
  });
  return found;
}

function toValue(document: Document.Parsed): SettingsResult<unknown> {
  try {
    return { ok: true, value: document.toJS({ maxAliasCount: 0 }) };
  } catch (thrown) {
    return fail({ line: 1, col: 1 }, oneLine(messageOf(thrown)));
  }
}

/** An unknown key first: it is why another is missing. */
function explain(document: Document.Parsed, schema: z.ZodType, issues: readonly z.core.$ZodIssue[]) {
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  const path = issue?.path ?? [];
  if (issue?.code !== "unrecognized_keys")
    return {
      offset: offsetOf(document, path),
      message: `${path.join(".") || "the document"}: ${issue?.message ?? "invalid"}`,
    };
  const [key = ""] = issue.keys;
  const known = keysAt(schema, path);
  const expected = closestWord(key, known) ?? `one of ${known.join(", ")}`;
  const parent = document.getIn(path, true);
  const pair = isMap(parent) ? parent.items.find((pair) => isScalar(pair.key) && pair.key.value === key) : undefined;
  return {
    offset: startOf(pair?.key),
    message: `${oneLine(JSON.stringify(key), 80)} is not a key here, expected ${expected}`,
  };
}

/** Where the value at a path stands, or the nearest one around it. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  const node = document.getIn(path, true);
  return isNode(node) || path.length === 0 ? startOf(node) : offsetOf(document, path.slice(0, -1));
}

function startOf(node: unknown): number {
  return (isNode(node) ? node.range?.[0] : undefined) ?? 0;
}

/** The keys of the object that a schema describes at a path. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  const [first, ...rest] = path;
  if (schema instanceof z.ZodOptional) return keysAt(schema.unwrap() as z.ZodType, path);
  if (schema instanceof z.ZodArray) return keysAt(schema.element as z.ZodType, rest);
  if (!(schema instanceof z.ZodObject)) return [];
  if (first === undefined) return Object.keys(schema.shape);
  return keysAt(schema.shape[String(first)], rest);
}
