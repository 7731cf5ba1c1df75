import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromBase64, toBase64 } from "./index.ts";

describe("base64", () => {
  test("writes what Node writes, and reads it back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        expect([toBase64(bytes), fromBase64(text)]).toEqual([text, bytes]);
      }),
    );
  });

  test("reads no text but the one that it writes", () => {
    const letters = fc.constantFrom(..."AQgwBCZaz09+/=-_ \n");
    fc.assert(
      fc.property(fc.string({ unit: letters, maxLength: 12 }), (text) => {
        const bytes = fromBase64(text);
        if (bytes !== undefined) expect(toBase64(bytes)).toBe(text);
      }),
      { numRuns: 5000 },
    );
    for (const text of ["Q", "QQ", "QQ=", "QR==", "QUJ=", "QQ==\n", " QQ==", "Q-_=", "====", "QQ==QQ==", "Q=Q="])
      expect([text, fromBase64(text)]).toEqual([text, undefined]);
    expect([fromBase64(""), fromBase64("QQ==")]).toEqual([new Uint8Array(), new Uint8Array([65])]);
  });
});
