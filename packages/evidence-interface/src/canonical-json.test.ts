import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toCanonicalJson } from "./index.ts";

const numberFromBits = (hex: string) => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${hex}`));
  return view.getFloat64(0);
};

describe("toCanonicalJson", () => {
  test("writes the example of RFC 8785, section 3.2.4", () => {
    const value: unknown = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    );
    expect(toCanonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test("sorts keys by UTF-16 code units, as RFC 8785, section 3.2.3", () => {
    const value: unknown = JSON.parse(
      '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}',
    );
    expect(Object.values(JSON.parse(toCanonicalJson(value)) as object)).toHaveLength(7);
    expect([...toCanonicalJson(value).matchAll(/:"([^"]+)"/g)].map((match) => match[1])).toEqual([
      "Carriage Return",
      "One",
      "Control",
      "Latin Small Letter O With Diaeresis",
      "Euro Sign",
      "Emoji: Grinning Face",
      "Hebrew Letter Dalet With Dagesh",
    ]);
  });

  test.each([
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["8000000000000001", "-5e-324"],
    ["7fefffffffffffff", "1.7976931348623157e+308"],
    ["4340000000000000", "9007199254740992"],
    ["4430000000000000", "295147905179352830000"],
    ["44b52d02c7e14af5", "9.999999999999997e+22"],
    ["44b52d02c7e14af6", "1e+23"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["41b3de4355555557", "333333333.33333343"],
    ["becbf647612f3696", "-0.0000033333333333333333"],
    ["43143ff3c1cb0959", "1424953923781206.2"],
  ])("writes the number %s of RFC 8785, appendix B, as %s", (bits, text) => {
    expect(toCanonicalJson(numberFromBits(bits))).toBe(text);
  });

  const cycle: unknown[] = [];
  cycle.push(cycle);
  const symbolic = { [Symbol("s")]: 1 };
  test.each([
    ["undefined", undefined, "$"],
    ["a member that is undefined", { a: [{ b: undefined }] }, "$.a[0].b"],
    ["NaN", [Number.NaN], "$[0]"],
    ["an infinity", Number.POSITIVE_INFINITY, "$"],
    ["a bigint", 1n, "$"],
    ["a function", () => 1, "$"],
    ["a date", { at: new Date(0) }, "$.at"],
    ["a map", new Map(), "$"],
    ["a hole", new Array(1), "$[0]"],
    ["a symbol key", symbolic, "$"],
    ["a cycle", cycle, "$[0]"],
    ["a lone surrogate", "\ud800", "$"],
    ["a lone surrogate in a key", { "\udc00": 1 }, "$"],
  ])("refuses %s", (_title, value, at) => {
    expect(() => toCanonicalJson(value)).toThrowError(
      expect.objectContaining({ code: "EVIDENCE_NOT_JSON", details: { at } }),
    );
  });

  test("writes one object that stands twice, which is no cycle", () => {
    const shared = { a: 1 };
    expect(toCanonicalJson([shared, shared])).toBe('[{"a":1},{"a":1}]');
  });

  test("keeps every value, gives equal values one text, and is its own fixed point", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (drawn) => {
        const value: unknown = JSON.parse(JSON.stringify(drawn));
        const text = toCanonicalJson(value);
        expect(JSON.parse(text)).toEqual(value);
        expect(toCanonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });
});
