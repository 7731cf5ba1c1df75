import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isRelativePointer } from "./index.ts";

describe("isRelativePointer", () => {
  test.each([
    "run.json",
    "proofs/tree-state.json",
    "a/b/c",
    ".hidden",
    "..x/y..",
    "a b",
    "ä/ö",
    "...",
    "a/b:c",
    "a".repeat(1024),
  ])("accepts %s", (path) => {
    expect(isRelativePointer(path)).toBe(true);
  });

  test.each([
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "./a",
    "a/.",
    "a/..",
    "../a",
    "a/../b",
    "C:/x",
    "c:x",
    "https://x",
    "file:x",
    "a\\b",
    "a\nb",
    "a\u0000",
    "a\u007f",
    "a".repeat(1025),
  ])("refuses %j", (path) => {
    expect(isRelativePointer(path)).toBe(false);
  });

  test("accepts exactly the lists of segments that a plain reading accepts", () => {
    const segment = fc.constantFrom("", ".", "..", "a", "b.c", "...", ".x", "C:", "a\\", "\u0001", "ü");
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
        const bad =
          segments.some((part) => part === "" || part === "." || part === ".." || /[\\\u0001]/.test(part)) ||
          segments[0] === "C:";
        expect(isRelativePointer(segments.join("/"))).toBe(!bad);
      }),
    );
  });

  test("answers at once on a hostile length", () => {
    expect(isRelativePointer("a/".repeat(500_000))).toBe(false);
    expect(isRelativePointer(`${"a".repeat(1000)}\n`)).toBe(false);
  });
});
