import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JSON_DEPTH_LIMIT, safeParseStrictJson } from "./index.ts";

const codeOf = (input: string | Uint8Array) => {
  const result = safeParseStrictJson(input);
  return result.ok ? "ok" : result.error.code;
};
const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

describe("safeParseStrictJson", () => {
  test.each([
    ["a duplicate key", '{"a":1,"a":2}', "JSON_DUPLICATE_KEY"],
    ["a duplicate key behind an escape", '{"a":1,"\\u0061":2}', "JSON_DUPLICATE_KEY"],
    ["a duplicate key deep inside", '[{"x":{"k":[],"y":"}","k":[]}}]', "JSON_DUPLICATE_KEY"],
    ["a duplicate __proto__", '{"__proto__":1,"__proto__":{}}', "JSON_DUPLICATE_KEY"],
    ["a byte order mark", '\ufeff{"a":1}', "JSON_BOM"],
    ["NaN", '{"a":NaN}', "JSON_NOT_FINITE"],
    ["-Infinity", "[-Infinity]", "JSON_NOT_FINITE"],
    ["a number that overflows", "[1e400]", "JSON_NOT_FINITE"],
    ["a raw lone surrogate", '["\ud800"]', "JSON_LONE_SURROGATE"],
    ["an escaped lone surrogate", '["\\uDC00"]', "JSON_LONE_SURROGATE"],
    ["an escaped lone surrogate in a key", '{"\\ud83d":1}', "JSON_LONE_SURROGATE"],
    ["data after the value", "{} {}", "JSON_TRAILING_DATA"],
    ["one level too many", nested(JSON_DEPTH_LIMIT + 1), "JSON_TOO_DEEP"],
    ["a million levels", "[".repeat(1_000_000), "JSON_TOO_DEEP"],
    ["an empty text", "", "JSON_SYNTAX"],
    ["a trailing comma", "[1,]", "JSON_SYNTAX"],
    ["a single quote", "{'a':1}", "JSON_SYNTAX"],
    ["a leading zero", "[01]", "JSON_SYNTAX"],
    ["a raw newline in a string", '["a\nb"]', "JSON_SYNTAX"],
    ["a string without end", '["abc', "JSON_SYNTAX"],
    ["an unknown escape", '["\\x41"]', "JSON_SYNTAX"],
    ["a no-break space", "\u00a0[]", "JSON_SYNTAX"],
  ])("refuses %s", (_title, text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  test("refuses bytes that are not UTF-8, and a byte order mark in bytes", () => {
    expect(codeOf(Uint8Array.of(0x22, 0xff, 0x22))).toBe("JSON_NOT_UTF8");
    expect(codeOf(Uint8Array.of(0xed, 0xa0, 0x80))).toBe("JSON_NOT_UTF8");
    expect(codeOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31))).toBe("JSON_BOM");
  });

  test("says where the fault is", () => {
    expect(safeParseStrictJson('{\n  "a": 1,\n  "a": 2\n}')).toEqual({
      ok: false,
      error: {
        code: "JSON_DUPLICATE_KEY",
        message: "a key stands twice in one object",
        line: 3,
        column: 3,
        offset: 14,
      },
    });
    expect(safeParseStrictJson('[1,\n"x" 2]')).toMatchObject({ error: { code: "JSON_SYNTAX", line: 2, column: 5 } });
  });

  test("takes __proto__ as an ordinary key and changes no prototype", () => {
    const result = safeParseStrictJson('{"__proto__":{"polluted":true}}');
    expect(result.ok && Object.keys(result.value as object)).toEqual(["__proto__"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("accepts surrogate pairs, escaped quotes, colons in strings and the deepest level", () => {
    expect(safeParseStrictJson('{"\\ud83d\\ude00":"\\\\\\":","a:b":[":"]}')).toEqual({
      ok: true,
      value: { "😀": '\\":', "a:b": [":"] },
    });
    expect(codeOf(nested(JSON_DEPTH_LIMIT))).toBe("ok");
  });

  test("reads every JSON value as JSON.parse does, however it is spaced", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom("", "  ", "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(safeParseStrictJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  test("agrees with JSON.parse on broken texts and always finds the fault", () => {
    const broken = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.nat(3),
        fc.constantFrom("", '"', "{", "}", "[", "]", ",", ":", "\\", "0", "-", ".", "e", "t", " ", "\u0000"),
      )
      .map(
        ([text, at, cut, put]) =>
          text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + cut),
      );
    fc.assert(
      fc.property(broken, (text) => {
        let parsed: { value: unknown } | undefined;
        try {
          parsed = { value: JSON.parse(text) };
        } catch {
          parsed = undefined;
        }
        const result = safeParseStrictJson(text);
        if (result.ok) expect({ value: result.value }).toEqual(parsed);
        else {
          expect(result.error.message).not.toBe("not a JSON text");
          if (parsed !== undefined)
            expect(["JSON_DUPLICATE_KEY", "JSON_NOT_FINITE", "JSON_LONE_SURROGATE"]).toContain(result.error.code);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("finds a key that is repeated anywhere", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ unit: "binary" }).filter((key) => key.isWellFormed()),
          fc.jsonValue({ maxDepth: 2 }),
          { minKeys: 1 },
        ),
        fc.nat(),
        (members, pick) => {
          const texts = Object.entries(members).map(
            ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`,
          );
          const text = `[{${[...texts, texts[pick % texts.length]].join(",")}}]`;
          expect(codeOf(text)).toBe("JSON_DUPLICATE_KEY");
        },
      ),
    );
  });
});
