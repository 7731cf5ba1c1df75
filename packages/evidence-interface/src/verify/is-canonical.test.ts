import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { safeParseStrictJson, toCanonicalJson } from "../index.ts";
import { isCanonical } from "./is-canonical.ts";

const encoder = new TextEncoder();

/** JSON texts of one value in several spellings: canonical, unsorted, spaced, with other escapes. */
const texts = fc
  .tuple(fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }), fc.constantFrom(0, 1, 2, 3, 4))
  .map(([value, spelling]) => {
    if (spelling === 0) return `${toCanonicalJson(value)}\n`;
    if (spelling === 1) return `${JSON.stringify(value)}\n`;
    if (spelling === 2) return toCanonicalJson(value);
    if (spelling === 3) return `${JSON.stringify(value, null, 1)}\n`;
    return `${toCanonicalJson(value).replace(/[a-z]/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`)}\n`;
  });

describe("isCanonical", () => {
  test("says what a comparison with the canonical text says", () => {
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = safeParseStrictJson(text);
        if (!parsed.ok) return;
        const expected = text === `${toCanonicalJson(parsed.value)}\n`;
        seen.add(expected);
        expect(isCanonical(encoder.encode(text), parsed.value)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
    expect(seen).toEqual(new Set([true, false]));
  });

  test.each([
    ['{"10":1,"9":2}\n', true],
    ['{"9":2,"10":1}\n', false],
    ['{"a":{"c":1,"b":2}}\n', false],
    ['[{"b":1,"a":2}]\n', false],
    ["-0\n", false],
    ["1.0\n", false],
    ['"\\u00e9"\n', false],
    ['"\\ud83d\\ude00"\n', false],
    ['"\u{1f600}"\n', true],
    ["{}", false],
    ["{}\n\n", false],
    ["{}\n", true],
  ])("%j: %s", (text, expected) => {
    expect(isCanonical(encoder.encode(text), JSON.parse(text))).toBe(expected);
  });
});
