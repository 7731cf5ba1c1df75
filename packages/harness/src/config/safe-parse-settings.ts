import { closestWord, messageOf, oneLine } from "@cto/errors";
import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import * as z from "zod";

/** A repository's policy stands in its settings and may have thousands of rules; no file that a person writes is read beyond this. */
const mostCharacters = 1024 * 1024;
const mostLevels = 32;

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
 * are more than 32 levels and a text of more than 1,048,576 characters. An unknown key comes with the key that was probably meant. The work grows
 * with the text.
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
    // Looked for below: the reader's own check grows with the square of the number of keys.
    uniqueKeys: false,
    logLevel: "error",
  });
  const broken = [...document.errors, ...document.warnings][0];
  if (broken !== undefined) return fail(lines.linePos(broken.pos[0]), oneLine(broken.message));
  const odd = findOdd(document);
  if (odd !== undefined) return fail(lines.linePos(odd.offset), odd.message);
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

/** What gives a text a second meaning that a reader does not see, or a depth that nobody can walk. Aliases also make a small file huge. */
function findOdd(document: Document.Parsed): { readonly offset: number; readonly message: string } | undefined {
  let found: { readonly offset: number; readonly message: string } | undefined;
  const stop = (node: unknown, message: string) => {
    found = { offset: startOf(node), message };
    return visit.BREAK;
  };
  visit(document, {
    Alias: (_, node) => stop(node, "an alias, expected the value itself"),
    Collection: (_, node, path) => {
      if (path.filter(isCollection).length >= mostLevels) return stop(node, `nested deeper than ${mostLevels} levels`);
      const twice = isMap(node) ? findRepeatedKey(node) : undefined;
      return twice === undefined ? undefined : stop(twice, "Map keys must be unique");
    },
  });
  return found;
}

function findRepeatedKey({ items }: YAMLMap): unknown {
  const seen = new Set<unknown>();
  for (const { key } of items) {
    const name = isScalar(key) ? key.value : key;
    if (seen.has(name)) return key;
    seen.add(name);
  }
  return undefined;
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
