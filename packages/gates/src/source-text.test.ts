import { CtoError } from "@cto/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DocumentProblem, type DocumentSource, MAX_TASK_BYTES, parseTask } from "./index.ts";

function refusalOf(source: Omit<DocumentSource, "file"> & ({ text: string } | { bytes: Uint8Array })): CtoError {
  try {
    parseTask({ file: "task.yaml", ...source } as DocumentSource);
  } catch (thrown) {
    if (CtoError.is(thrown)) return thrown;
    throw thrown;
  }
  throw new Error("the task was accepted");
}

function problemsOf(text: string): readonly DocumentProblem[] {
  const { details } = refusalOf({ text });
  return details.problems as unknown as DocumentProblem[];
}

/** `line:column path: message` of each problem. */
function linesOf(text: string): readonly string[] {
  return problemsOf(text).map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
}

describe("a text that is not one plain document", () => {
  test.each([
    ["an alias", "a: &x [1]\nb: *x\n", "2:4 : the alias *x, expected the value itself"],
    ["a tag", "a: !!str x\n", "1:10 : the tag tag:yaml.org,2002:str, expected a plain value"],
    ["a duplicate key", "a: 1\nb: 2\n'a': 3\n", '3:1 : the key "a" a second time'],
    ["a second document", "a: 1\n---\nb: 1\n", "2:1 : a second document, expected one task contract in the file"],
    ["a directive", "%YAML 1.1\n---\na: yes\n", "1:1 : a %YAML directive, expected YAML 1.2 without directives"],
    ["a lone surrogate", 'a: "\\uD800"\n', "1:4 : a broken Unicode escape"],
    ["too many levels", `a: ${"[".repeat(40)}${"]".repeat(40)}\n`, "1:36 : nested deeper than 32 levels"],
  ])("refuses %s", (_what, text, expected) => {
    expect(refusalOf({ text }).code).toBe("TASK_SYNTAX");
    expect(linesOf(text)).toContain(expected);
  });

  test("refuses an alias bomb before it grows", () => {
    const levels = Array.from({ length: 30 }, (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`);
    expect(refusalOf({ text: `a0: &a0 x\n${levels.join("\n")}\n` }).code).toBe("TASK_SYNTAX");
  });
});

describe("a file that is not text", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const utf16 = (text: string) => Uint8Array.from([...text].flatMap((char) => [char.charCodeAt(0), 0]));

  test.each<[string, Uint8Array, string]>([
    ["nothing", bytes(""), "TASK_EMPTY"],
    ["blanks", bytes(" \n\n"), "TASK_EMPTY"],
    ["comments", bytes("# later\n"), "TASK_EMPTY"],
    ["a NUL", bytes("id: a\0b\n"), "TASK_BINARY"],
    ["an escape character", bytes("id: a\n\u001b[2J\n"), "TASK_BINARY"],
    ["UTF-16 with a mark", Uint8Array.from([0xff, 0xfe, ...utf16("id: a")]), "TASK_ENCODING"],
    ["UTF-16 without a mark", utf16("schema: cto.task.v1\n"), "TASK_ENCODING"],
    ["UTF-16, big end first", Uint8Array.from([0, ...utf16("schema: cto.task.v1\n")].slice(0, -1)), "TASK_ENCODING"],
    ["broken UTF-8", Uint8Array.from([...bytes("id: "), 0xff, 0x0a]), "TASK_ENCODING"],
    ["Latin-1", Uint8Array.from([...bytes("title: caf"), 0xe9, 0x0a]), "TASK_ENCODING"],
    ["more than 1 MiB", new Uint8Array(MAX_TASK_BYTES + 1).fill(32), "TASK_TOO_LARGE"],
  ])("refuses %s", (_what, content, code) => {
    const error = refusalOf({ bytes: content });
    expect(error.code).toBe(code);
    expect(error.message.startsWith("task.yaml:")).toBe(true);
  });
});

describe("any input", () => {
  const pieces = fc.constantFrom(
    ...[
      "[",
      "]",
      "{",
      "}",
      ": ",
      "- ",
      "? ",
      "&a ",
      "*a ",
      "!x ",
      "|\n",
      '"',
      "'",
      "#",
      "\n",
      "  ",
      "\t",
      "%",
      "---\n",
      "id",
      "stage",
      "1",
    ],
  );

  test("is parsed or refused with a coded error", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary", maxLength: 200 }),
          fc.array(pieces, { maxLength: 200 }).map((parts) => parts.join("")),
        ),
        (text) => {
          expect(refusalOf({ text }).code).toMatch(/^TASK_/);
        },
      ),
      { numRuns: 400 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
        expect(refusalOf({ bytes: content }).code).toMatch(/^TASK_/);
      }),
    );
  });

  test("of any shape is parsed or refused with positions inside the file", () => {
    const keys = fc.constantFrom("id", "title", "stage", "allowed_paths", "verification", "budget", "setup", "x");
    fc.assert(
      fc.property(fc.dictionary(keys, fc.jsonValue({ maxDepth: 3 })), (document) => {
        const text = JSON.stringify({ schema: "cto.task.v1", brief: "B", ...document }, null, 1);
        try {
          parseTask({ file: "t", text });
        } catch (thrown) {
          if (!CtoError.is(thrown)) throw thrown;
          const problems = thrown.details.problems as unknown as DocumentProblem[];
          const count = text.split("\n").length;
          expect(problems.every(({ line, column }) => line >= 1 && line <= count && column >= 1)).toBe(true);
        }
      }),
    );
  });
});
