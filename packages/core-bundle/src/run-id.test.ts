import { runIdSchema } from "@cto/evidence-interface";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRunId } from "./index.ts";

const entropy = Uint8Array.from([0x3f, 0x9a, 0, 1, 2, 255, 77]);

describe("createRunId", () => {
  it("joins prefix, time and entropy", () => {
    const expected = "r1-string-slugify-20261120t060102345z-3f9a000102ff";
    expect(createRunId({ prefix: "r1-string-slugify", at: new Date("2026-11-20T06:01:02.345Z"), entropy })).toBe(
      expected,
    );
    expect(createRunId({ prefix: "R1 string/slugify!", at: "2026-11-20T06:01:02.345Z", entropy })).toBe(expected);
  });

  it("is a run id whatever the prefix is, and sorts by time", () => {
    const time = fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true });
    fc.assert(
      fc.property(
        fc.string({ maxLength: 300 }),
        time,
        time,
        fc.uint8Array({ minLength: 6, maxLength: 6 }),
        (prefix, one, two, bytes) => {
          const [a, b] = [one, two].map((at) => createRunId({ prefix, at, entropy: bytes })) as [string, string];
          expect(runIdSchema.safeParse(a).success).toBe(true);
          expect(a < b).toBe(one < two);
        },
      ),
    );
  });

  it.each([
    { at: "yesterday", entropy },
    { at: new Date(Number.NaN), entropy },
    { at: new Date(-1), entropy },
    { at: "2026-11-20T06:01:02.345Z", entropy: entropy.subarray(0, 5) },
  ])("refuses %j", (input) => {
    expect(() => createRunId({ prefix: "x", ...input })).toThrowError(
      expect.objectContaining({ code: "BUNDLE_RUN_ID_INPUT" }),
    );
  });
});
