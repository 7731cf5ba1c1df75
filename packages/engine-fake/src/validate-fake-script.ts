import { closestWord } from "@cto/errors";
import * as z from "zod";
import { FAKE_ACTIONS, FAKE_SCRIPT_SCHEMA, fakeActions, isFakeAction } from "./fake-script.ts";

/** Something in a value that the language does not permit. */
export interface ScriptFinding {
  /** From the root to the value that is meant. */
  readonly path: readonly (string | number)[];
  /** Present if a key of the map at `path` is meant, not its value. */
  readonly key?: string;
  readonly message: string;
}

/** All that keeps a JSON value from being a fake script; an empty list means that it is one. */
export function validateFakeScript(value: unknown): readonly ScriptFinding[] {
  if (!isRecord(value)) {
    return [{ path: [], message: `expected a map with schema: ${FAKE_SCRIPT_SCHEMA} and steps` }];
  }
  const { schema, steps } = value;
  // The version comes first: whatever else a later version says is not ours to judge.
  if (schema !== FAKE_SCRIPT_SCHEMA) return [{ path: ["schema"], message: `expected schema: ${FAKE_SCRIPT_SCHEMA}` }];
  const unknown = unknownKeys([], Object.keys(value), ["schema", "steps"]);
  if (!Array.isArray(steps)) return [...unknown, { path: ["steps"], message: "expected steps: a list of steps" }];
  return [...unknown, ...steps.flatMap((step: unknown, index) => validateStep(step, ["steps", index]))];
}

function validateStep(step: unknown, path: ScriptFinding["path"]): readonly ScriptFinding[] {
  const keys = isRecord(step) ? Object.keys(step) : [];
  const [action] = keys;
  if (!isRecord(step) || action === undefined) {
    return [{ path, message: "expected a step: a map whose only key is an action" }];
  }
  if (keys.length > 1) return [{ path, message: `expected exactly one action in a step, found ${keys.join(", ")}` }];
  if (!isFakeAction(action)) return unknownKeys(path, keys, FAKE_ACTIONS);
  return validateArguments(fakeActions[action], step[action], [...path, action]);
}

function validateArguments(schema: z.ZodType, args: unknown, path: ScriptFinding["path"]): readonly ScriptFinding[] {
  const issues = schema.safeParse(args).error?.issues ?? [];
  return issues.flatMap((issue) => {
    const at = [...path, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))];
    if (issue.code !== "unrecognized_keys") return [{ path: at, message: issue.message }];
    return unknownKeys(at, issue.keys, schema instanceof z.ZodObject ? Object.keys(schema.shape) : []);
  });
}

function unknownKeys(
  path: ScriptFinding["path"],
  keys: readonly string[],
  known: readonly string[],
): readonly ScriptFinding[] {
  return keys
    .filter((key) => !known.includes(key))
    .map((key) => {
      const meant = closestWord(key, known);
      const help = meant === undefined ? `known are ${known.join(", ")}` : `did you mean ${meant}?`;
      return { path, key, message: `unknown key ${key}; ${help}` };
    });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
