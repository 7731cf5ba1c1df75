import { type CtoError, closestWord, oneLine } from "@cto/errors";
import * as z from "zod";
import { type GatesErrorCode, type TaskProblem, toTaskError } from "./gates-error.ts";
import { type TaskContract, taskSchema } from "./task-contract.ts";
import { findRuleBreaches, type RuleBreach } from "./task-rules.ts";
import { type TaskSource, toTaskText } from "./task-text.ts";
import { readYamlText, type SourcePath, type YamlSource } from "./yaml-source.ts";

const MAX_UNKNOWN_KEYS = 100;
const SHAPE_HINT =
  "docs/guides/first-task.md shows a whole task contract; the JSON Schema of the format lists every key.";

/**
 * Reads a task contract from YAML 1.2 or JSON and fills in every default. Throws one CtoError for all problems of the file:
 * `TASK_EMPTY`, `TASK_BINARY`, `TASK_ENCODING`, `TASK_TOO_LARGE`, `TASK_SYNTAX` or `TASK_INVALID`, with `details.problems`; every line of
 * its message reads `file:line:column: what, expected what`. The result is frozen and holds JSON values only.
 */
export function parseTask(source: TaskSource): TaskContract {
  const file = oneLine(source.file);
  const yaml = readYamlText(toTaskText(source));
  if (yaml.problems.length > 0) throw toSyntaxError(file, yaml);
  if (yaml.value === null) {
    const problem = {
      file,
      line: 1,
      column: 1,
      path: "",
      message: "no content, expected a task contract",
      hint: SHAPE_HINT,
    };
    throw toTaskError("TASK_EMPTY", [problem]);
  }
  const parsed = taskSchema.safeParse(yaml.value);
  const issues = parsed.success ? [] : parsed.error.issues.flatMap((issue) => toProblems(file, yaml, issue));
  const breaches = findRuleBreaches(yaml.value).map((breach) => toProblem(file, yaml, breach));
  if (!parsed.success || breaches.length > 0) throw toTaskError("TASK_INVALID", [...issues, ...breaches]);
  return freeze(parsed.data);
}

function toSyntaxError(file: string, yaml: YamlSource): CtoError<GatesErrorCode> {
  const hint = "Correct the file at that place; `true`, numbers and text with `: ` or `#` may need quotes.";
  return toTaskError(
    "TASK_SYNTAX",
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

function toProblem(file: string, yaml: YamlSource, { path, message, hint }: RuleBreach): TaskProblem {
  return { file, ...yaml.positionOf(path), path: showPath(path), message, hint };
}

function toProblems(file: string, yaml: YamlSource, issue: z.core.$ZodIssue): readonly TaskProblem[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code === "unrecognized_keys")
    return issue.keys.slice(0, MAX_UNKNOWN_KEYS).map((key) => toUnknownKey(file, yaml, path, key));
  const name = showPath(path);
  const found = valueAt(yaml.value, path);
  const expected = issue.code === "custom" && issue.message !== "Invalid input" ? issue.message : describe(path);
  const subject = name === "" ? "the file" : name;
  const message =
    found === undefined
      ? `${subject} is missing, expected ${expected}`
      : `${subject} is ${show(found)}, expected ${expected}`;
  return [{ file, ...yaml.positionOf(path), path: name, message, hint: SHAPE_HINT }];
}

function toUnknownKey(file: string, yaml: YamlSource, parent: SourcePath, key: string): TaskProblem {
  const known = Object.keys(shapeAt(parent));
  const meant = closestWord(key, known);
  const shown = oneLine(JSON.stringify(key), 80);
  return {
    file,
    ...yaml.keyPositionOf([...parent, key]),
    path: showPath([...parent, oneLine(key, 80)]),
    message: `${shown} is not a key here, expected ${meant ?? "a key of the task contract"}`,
    hint: meant === undefined ? `Known keys: ${known.join(", ")}.` : `Did you mean ${meant}?`,
  };
}

/** `verification[0].run`. */
function showPath(path: SourcePath): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .replace(/^\./, "");
}

function show(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return value === "" ? "empty text" : `the text ${oneLine(JSON.stringify(value), 80)}`;
  return typeof value === "number" ? `the number ${value}` : String(value);
}

function valueAt(root: unknown, path: SourcePath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** The description in the schema of what stands at a path. */
function describe(path: SourcePath): string {
  return schemaAt(path)?.description ?? "a map of the keys of a task contract";
}

function shapeAt(path: SourcePath): Readonly<Record<string, unknown>> {
  const schema = unwrap(schemaAt(path));
  return schema instanceof z.ZodObject ? schema.shape : {};
}

function schemaAt(path: SourcePath): z.ZodType | undefined {
  let schema: z.ZodType | undefined = taskSchema;
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
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodNullable) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

function freeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
