import { CtoError } from "@cto/errors";
import { type AdmissionProblem, parseRecord, RECORD_KINDS } from "../../index.ts";
import { NOW, SAMPLES } from "./sample-records.ts";

/** Any JSON value, to be changed. */
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
export type Path = readonly (string | number)[];

/** The refusal of a record; throws if it is accepted. `text` is all that a person could ever see of it. */
export function refusalOf(value: unknown): {
  readonly code: string;
  readonly problems: readonly AdmissionProblem[];
  readonly text: string;
} {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  try {
    parseRecord({ file: "r.json", text, now: NOW });
  } catch (thrown) {
    if (!CtoError.is(thrown)) throw thrown;
    return {
      code: thrown.code,
      problems: thrown.details.problems as unknown as AdmissionProblem[],
      text: JSON.stringify(thrown) + thrown.message,
    };
  }
  throw new Error(`accepted ${text}`);
}

/** Every place of a value: the fields of objects, and the first item of lists. */
export function placesOf(value: Value, path: Path = []): readonly Path[] {
  const entries: readonly (readonly [string | number, Value])[] = Array.isArray(value)
    ? value.slice(0, 1).map((item, index) => [index, item])
    : typeof value === "object" && value !== null
      ? Object.entries(value)
      : [];
  return entries.flatMap(([key, item]) => [[...path, key], ...placesOf(item, [...path, key])]);
}

/** A path as messages show it. */
export const shown = (path: Path) =>
  path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .slice(1);

/** What stands at a path. */
export function valueAt(value: Value, path: Path): Value {
  return path.reduce<Value>((inner, key) => (inner as Record<string | number, Value>)[key] as Value, value);
}

/** A copy of a value with an edit at one place. */
export function change(
  value: Value,
  path: Path,
  edit: (parent: Record<string | number, Value>, key: string | number) => void,
): Value {
  const copy = structuredClone(value);
  const parent = valueAt(copy, path.slice(0, -1));
  edit(parent as Record<string | number, Value>, path.at(-1) ?? "");
  return copy;
}


/** Every field of every sample but its version. */
export const FIELDS = RECORD_KINDS.flatMap((kind) =>
  placesOf(SAMPLES[kind] as unknown as Value)
    .filter((path) => path[0] !== "schema")
    .map((path) => ({ kind, path, name: `${kind} ${shown(path)}`, sample: SAMPLES[kind] as unknown as Value })),
);
