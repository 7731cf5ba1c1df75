import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";

/** A place in a text, counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What keeps a text from being one plain document. */
export interface SourceProblem extends Position {
  readonly message: string;
}

export type SourcePath = readonly (string | number)[];

/** A YAML or JSON text as plain JSON values, with the place of each. `value` is undefined if there are problems or no content. */
export interface YamlSource {
  readonly value: unknown;
  readonly problems: readonly SourceProblem[];
  /** Where the value at `path` stands, or the nearest one around it. */
  positionOf(path: SourcePath): Position;
  /** Where the key at the end of `path` stands. */
  keyPositionOf(path: SourcePath): Position;
}

const MAX_DEPTH = 32;

/**
 * Reads one document of YAML 1.2 (core schema) or JSON. Aliases, tags, directives, duplicate keys and further documents are problems:
 * they give a text a second meaning that a reader does not see, and aliases can make a small file huge. `noun` says what the text is.
 */
export function readYamlText(text: string, noun: string): YamlSource {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  // Unique keys are checked below: the parser's own check is quadratic in the number of keys.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    stringKeys: true,
    merge: false,
    resolveKnownTags: false,
    logLevel: "error",
    version: "1.2",
  });
  const problems: SourceProblem[] = [...document.errors, ...document.warnings].map((error) => ({
    ...at(error.pos[0]),
    message: explainSyntax(error.code, error.message, noun),
  }));
  if (document.directives?.yaml.version !== "1.2") {
    problems.push({ line: 1, column: 1, message: "a %YAML directive, expected YAML 1.2 without directives" });
  }
  const places = new Map<string, { readonly key: number; readonly value: number }>();
  const value = problems.length > 0 ? undefined : new TreeReader(places, problems, at).read(document.contents, []);
  return {
    value: problems.length > 0 ? undefined : value,
    problems,
    positionOf: (path) => at(findPlace(places, path)?.value ?? 0),
    keyPositionOf: (path) => at(findPlace(places, path)?.key ?? 0),
  };
}

function explainSyntax(code: string, message: string, noun: string): string {
  if (code === "MULTIPLE_DOCS") return `a second document, expected one ${noun} in the file`;
  if (code === "NON_STRING_KEY") return "a key that is not text, expected plain keys";
  if (code === "TAG_RESOLVE_FAILED") return `a tag, expected plain values (${message})`;
  return `cannot be read as YAML or JSON: ${message}`;
}

function toPlaceKey(path: SourcePath): string {
  return JSON.stringify(path);
}

function findPlace<Place>(places: ReadonlyMap<string, Place>, path: SourcePath): Place | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const place = places.get(toPlaceKey(path.slice(0, length)));
    if (place !== undefined) return place;
  }
  return undefined;
}

class TreeReader {
  readonly #places: Map<string, { readonly key: number; readonly value: number }>;
  readonly #problems: SourceProblem[];
  readonly #at: (offset: number) => Position;

  constructor(
    places: Map<string, { readonly key: number; readonly value: number }>,
    problems: SourceProblem[],
    at: (offset: number) => Position,
  ) {
    this.#places = places;
    this.#problems = problems;
    this.#at = at;
  }

  read(node: unknown, path: SourcePath, keyOffset?: number): unknown {
    const offset = offsetOf(node) ?? keyOffset ?? 0;
    this.#places.set(toPlaceKey(path), { key: keyOffset ?? offset, value: offset });
    if (path.length > MAX_DEPTH) return this.#refuse(offset, `nested deeper than ${MAX_DEPTH} levels`);
    if (isAlias(node)) return this.#refuse(offset, `the alias *${node.source}, expected the value itself`);
    if (hasTag(node)) return this.#refuse(offset, `the tag ${node.tag}, expected a plain value`);
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...path, index]));
    if (isMap(node)) return this.#readMap(node.items, path);
    if (!isScalar(node)) return null;
    const { value } = node;
    if (typeof value === "string" && !value.isWellFormed()) return this.#refuse(offset, "a broken Unicode escape");
    return value;
  }

  #readMap(pairs: readonly { readonly key: unknown; readonly value: unknown }[], path: SourcePath): unknown {
    const object: Record<string, unknown> = {};
    for (const pair of pairs) {
      const offset = offsetOf(pair.key) ?? 0;
      const key = isScalar(pair.key) ? String(pair.key.value) : undefined;
      if (key === undefined) this.#refuse(offset, "a key that is not text, expected plain keys");
      else if (Object.hasOwn(object, key)) this.#refuse(offset, `the key ${JSON.stringify(key)} a second time`);
      else {
        const value = this.read(pair.value, [...path, key], offset);
        // A plain assignment of __proto__ would set the prototype instead of a key.
        Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
      }
    }
    return object;
  }

  #refuse(offset: number, message: string): undefined {
    this.#problems.push({ ...this.#at(offset), message });
    return undefined;
  }
}

function offsetOf(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  const { range } = node;
  return Array.isArray(range) && typeof range[0] === "number" ? range[0] : undefined;
}

/** The parser sets `tag` on nodes whose tag was written out, and only there. */
function hasTag(node: unknown): node is { readonly tag: string } {
  return typeof node === "object" && node !== null && "tag" in node && typeof node.tag === "string";
}
