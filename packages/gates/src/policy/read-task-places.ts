import { readDocument } from "../parse-document.ts";
import { TASK_DOCUMENT } from "../parse-task.ts";
import type { DocumentSource } from "../source-text.ts";
import type { Position, SourcePath, YamlSource } from "../yaml-source.ts";
import type { PolicyPlaces } from "./policy-layer.ts";

const KEYS = [
  "allowed_paths",
  "forbidden_paths",
  "protected_paths",
  "forbidden_actions",
  "by_products",
  "engines",
  "models",
  "targets",
  "stage",
  "network",
  "budget",
] as const;

/**
 * Where the policy of a task contract stands in its file; what the file leaves to a default has no place. Throws what `parseTask` throws for a
 * text that is not one plain document.
 */
export function readTaskPlaces(source: DocumentSource): PolicyPlaces {
  return toPlaces(readDocument(source, TASK_DOCUMENT).yaml, []);
}

/** The places of every key of a policy, of its items and of its limits, below `root`. */
export function toPlaces(yaml: YamlSource, root: readonly string[]): PolicyPlaces {
  const places = new Map<string, Position>();
  const says = root.reduce<unknown>((value, key) => childOf(value, key), yaml.value);
  const add = (key: string, path: SourcePath) => places.set(key, yaml.positionOf([...root, ...path]));
  for (const key of KEYS) {
    const value = childOf(says, key);
    if (value === undefined) continue;
    places.set(key, yaml.keyPositionOf([...root, key]));
    if (Array.isArray(value)) for (const index of value.keys()) add(`${key}[${index}]`, [key, index]);
    else if (typeof value !== "object" || value === null) add(key, [key]);
    else for (const inner of Object.keys(value)) add(`${key}.${inner}`, [key, inner]);
  }
  return places;
}

function childOf(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}
