import { type CtoError, closestWord, oneLine } from "@cto/errors";
import type * as z from "zod";
import type { DocumentKind, RuleBreach } from "./document-kind.ts";
import { type DocumentProblem, type GatesErrorCode, toDocumentError } from "./gates-error.ts";
import { describeAt, keysAt, showPath, valueAt } from "./schema-lookup.ts";
import { type DocumentSource, toSourceText } from "./source-text.ts";
import { readYamlText, type SourcePath, type YamlSource } from "./yaml-source.ts";

const MAX_UNKNOWN_KEYS = 100;

/** A document whose text could be read, and the places in it. */
export interface ReadDocument {
  readonly file: string;
  readonly yaml: YamlSource;
  readonly kind: DocumentKind;
}

/** Reads one plain YAML or JSON document of a kind, whatever its shape. Throws its `*_EMPTY`, `*_BINARY`, `*_ENCODING`, `*_TOO_LARGE` or `*_SYNTAX`. */
export function readDocument(source: DocumentSource, kind: DocumentKind): ReadDocument {
  const file = oneLine(source.file);
  const yaml = readYamlText(toSourceText(source, kind), kind.noun);
  if (yaml.problems.length > 0) throw toSyntaxError(file, yaml, kind);
  if (yaml.value === null) {
    const message = `no content, expected a ${kind.noun}`;
    const problem = { file, line: 1, column: 1, path: "", message, hint: shapeHint(kind) };
    throw toDocumentError(`${kind.area}_EMPTY`, [problem]);
  }
  return { file, yaml, kind };
}

/** What a document says, with every default filled in, frozen. Throws `*_INVALID` for all of its problems at once. */
export function checkDocument<Schema extends z.ZodType>(
  { file, yaml }: ReadDocument,
  kind: DocumentKind<Schema>,
): z.output<Schema> {
  const parsed = kind.schema.safeParse(yaml.value);
  const issues = parsed.success ? [] : parsed.error.issues.flatMap((issue) => toProblems({ file, yaml, kind }, issue));
  const breaches = (kind.findBreaches?.(yaml.value) ?? []).map((breach) => toProblem(file, yaml, breach));
  if (!parsed.success || breaches.length > 0) throw toDocumentError(`${kind.area}_INVALID`, [...issues, ...breaches]);
  return freeze(parsed.data);
}

function shapeHint({ guide, noun }: DocumentKind): string {
  return `${guide} shows a whole ${noun}; the JSON Schema of the format lists every key.`;
}

function toSyntaxError(file: string, yaml: YamlSource, { area }: DocumentKind): CtoError<GatesErrorCode> {
  const hint = "Correct the file at that place; `true`, numbers and text with `: ` or `#` may need quotes.";
  return toDocumentError(
    `${area}_SYNTAX`,
    yaml.problems.map(({ line, column, message }) => ({
      file,
      line,
      column,
      path: "",
      message: oneLine(message),
      hint,
    })),
  );
}

function toProblem(file: string, yaml: YamlSource, { path, message, hint }: RuleBreach): DocumentProblem {
  return { file, ...yaml.positionOf(path), path: showPath(path), message, hint };
}

function toProblems({ file, yaml, kind }: ReadDocument, issue: z.core.$ZodIssue): readonly DocumentProblem[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code === "unrecognized_keys")
    return issue.keys.slice(0, MAX_UNKNOWN_KEYS).map((key) => toUnknownKey({ file, yaml, kind }, path, key));
  const name = showPath(path);
  const found = valueAt(yaml.value, path);
  const expected =
    issue.code === "custom" && issue.message !== "Invalid input"
      ? issue.message
      : (describeAt(kind.schema, path) ?? `a map of the keys of a ${kind.noun}`);
  const subject = name === "" ? "the file" : name;
  const message =
    found === undefined
      ? `${subject} is missing, expected ${expected}`
      : `${subject} is ${show(found)}, expected ${expected}`;
  return [{ file, ...yaml.positionOf(path), path: name, message, hint: shapeHint(kind) }];
}

function toUnknownKey({ file, yaml, kind }: ReadDocument, parent: SourcePath, key: string): DocumentProblem {
  const known = keysAt(kind.schema, parent);
  const meant = closestWord(key, known);
  const shown = oneLine(JSON.stringify(key), 80);
  return {
    file,
    ...yaml.keyPositionOf([...parent, key]),
    path: showPath([...parent, oneLine(key, 80)]),
    message: `${shown} is not a key here, expected ${meant ?? `a key of the ${kind.noun}`}`,
    hint: meant === undefined ? `Known keys: ${known.join(", ")}.` : `Did you mean ${meant}?`,
  };
}

function show(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return value === "" ? "empty text" : `the text ${oneLine(JSON.stringify(value), 80)}`;
  return typeof value === "number" ? `the number ${value}` : String(value);
}

function freeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
