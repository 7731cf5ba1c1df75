import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toCoveringMatcher, toFolded, toPathMatcher } from "./path-patterns.ts";

const matches = (pattern: string, name: string) => toPathMatcher([pattern])(name);
const covers = (pattern: string, name: string) => toCoveringMatcher([pattern])(name);

describe("toPathMatcher", () => {
  test.each([
    ["src/a.ts", ["src/a.ts"], ["src/a.tsx", "src/a.ts/b", "SRC/a.ts", "a.ts"]],
    ["src/", ["src/a", "src/a/b", "src/.hidden"], ["src", "srcs/a", "a/src/b"]],
    ["src/**", ["src/a", "src/a/b"], ["src", "srcs/a"]],
    ["**", ["a", "a/b/c"], []],
    ["*", ["a", ".a"], ["a/b"]],
    ["src/*.ts", ["src/a.ts", "src/.ts"], ["src/a/b.ts", "src/a.tsx"]],
    ["src/*/", ["src/a/b", "src/a/b/c"], ["src/a", "src"]],
    ["**/x", ["x", "a/x", "a/b/x"], ["ax", "x/a"]],
    ["a/**/b", ["a/b", "a/c/b", "a/c/d/b", "a/b/b"], ["a", "ab", "a/b/c"]],
    ["a/**/b/*.c", ["a/b/x.c", "a/b/b/x.c", "a/x/b/y/b/z.c"], ["a/b/x/y.c"]],
    ["a*b*c", ["abc", "axbybzc", "abcbc"], ["ab", "acb"]],
    ["[a].?", ["[a].?"], ["a.x"]],
  ])("matches %s as written", (pattern, yes, no) => {
    expect(yes.filter((name) => !matches(pattern, name))).toEqual([]);
    expect(no.filter((name) => matches(pattern, name))).toEqual([]);
  });

  test("says what a translation to a regular expression says", () => {
    const name = fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 4 }).map((letters) => letters.join(""));
    const segment = fc.oneof(
      name,
      fc.constant("**"),
      fc
        .array(fc.constantFrom("a", "b", "*"), { minLength: 1, maxLength: 4 })
        .map((parts) => parts.join("").replace(/\*+/g, "*")),
    );
    const pattern = fc
      .tuple(fc.array(segment, { minLength: 1, maxLength: 5 }), fc.constantFrom("", "/"))
      .map(([names, end]) => names.join("/") + end);
    const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join("/"));
    fc.assert(
      fc.property(pattern, path, (rule, given) => {
        expect(matches(rule, given)).toBe(toRegExp(rule).test(given));
      }),
      { numRuns: 3000 },
    );
  });

  test("is not slowed down by patterns that make others go back and forth", () => {
    const started = performance.now();
    expect(matches(`${"**/a/".repeat(800)}b`, `${"a/".repeat(4000)}c/b`)).toBe(false);
    expect(matches(`${"a*".repeat(2000)}b`, `${"a".repeat(8000)}c`)).toBe(false);
    expect(matches(`${"**/a*a/".repeat(500)}b`, `${"aaa/".repeat(1000)}b`)).toBe(true);
    expect(covers(`${"/".repeat(1_000_000)}a`, "a")).toBe(false);
    // No contract can hold a longer pattern: such a one is found by the rules on policies.
    expect(matches(`${"a*".repeat(2049)}`, "a".repeat(4000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe("toCoveringMatcher", () => {
  test("covers what lies beneath a place, and the place that stands where a folder was named", () => {
    expect(["vendor", "vendor/a", "vendor/a/b"].filter((name) => !covers("vendor", name))).toEqual([]);
    expect(["vendor", "vendor/a", "vendor/a/b"].filter((name) => !covers("vendor/", name))).toEqual([]);
    expect(["vendors", "a/vendor"].filter((name) => covers("vendor", name))).toEqual([]);
    for (const pattern of ["src/*", "src/*/", "src/*/**", "src/*/**/"])
      expect([covers(pattern, "src/a"), covers(pattern, "src/a/b"), covers(pattern, "src")]).toEqual([
        true,
        true,
        false,
      ]);
    expect([covers("**", "a"), covers("**/", "a/b"), covers("**/**", "a")]).toEqual([true, true, true]);
  });

  test("covers whatever a forgiving file system takes for the same name", () => {
    const names = ["caf\u00e9/x", "cafe\u0301/x", "CAFE\u0301/X", "ca\u200bf\u00e9/x"];
    for (const pattern of ["caf\u00e9/", "cafe\u0301/", "Caf\u00c9", "c*\u00e9/*"])
      expect(names.filter((name) => !covers(pattern, name))).toEqual([]);
    expect([covers("stra\u00dfe", "STRASSE"), covers("\u03c3\u03b1\u03c2", "\u03a3\u0391\u03a3")]).toEqual([
      true,
      true,
    ]);
    // As written it matches, folded the accent is a part of the letter.
    expect([covers("e*", "e\u0301"), toFolded("e\u0301")]).toEqual([true, "\u00e9"]);
    expect(covers("cafe", "caf\u00e9")).toBe(false);
  });
});

/** The same language, for short patterns only: a regular expression goes back and forth. */
function toRegExp(pattern: string): RegExp {
  const names = (pattern.endsWith("/") ? `${pattern}**` : pattern).split("/");
  if (names.at(-1) === "**") names.push("*");
  const text = names.map((name, index) => {
    if (name === "**") return "(?:[^/]+/)*";
    return name.replaceAll("*", "[^/]*") + (index === names.length - 1 ? "" : "/");
  });
  return new RegExp(`^${text.join("")}$`);
}
