import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromPathText, pathTextToName, toPathText } from "./index.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("path text", () => {
  test.each([
    ["plain", bytes("src/a b.js"), "src/a b.js"],
    ["UTF-8", bytes("src/äö.js"), "src/äö.js"],
    ["a newline", bytes("a\nb"), '"a\\nb"'],
    ["a quote and a backslash", bytes('a"b\\c'), '"a\\"b\\\\c"'],
    ["invalid UTF-8", Uint8Array.of(97, 0xff), '"a\\377"'],
    ["a bidirectional override", bytes("a\u202eb"), '"a\\342\\200\\256b"'],
    ["an escape character", bytes("\u001b[2J"), '"\\033[2J"'],
  ])("writes %s", (_title, name, text) => {
    expect(toPathText(name)).toBe(text);
    expect(fromPathText(text)).toEqual(name);
  });

  test("reads the forms that git prints and we do not write", () => {
    expect(fromPathText('"\\303\\244/ä"')).toEqual(bytes("ä/ä"));
    expect(pathTextToName('"a\\377b"')).toBe("a\ufffdb");
    expect(pathTextToName("plain")).toBe("plain");
  });

  test.each(['"', '"abc', '"a"b"', '"\\q"', '"\\9"', '"\\4"', '"a\\"'])("refuses the broken quoting %s", (text) => {
    expect(fromPathText(text)).toBeUndefined();
    expect(pathTextToName(text)).toBeUndefined();
  });

  test("gives every name one text that leads back to it and disturbs no terminal", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (name) => {
        const text = toPathText(name);
        expect(fromPathText(text)).toEqual(name);
        expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
      }),
      { numRuns: 1000 },
    );
  });
});
