import { CtoError } from "@cto/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePathRules, matchPath } from "../index.ts";

function matches(pattern: string, path: string): boolean {
  return matchPath(compilePathRules([pattern]), path) !== undefined;
}

/** The rules as the specification tells them, by plain recursion. */
function naiveMatch(pattern: string, path: string): boolean {
  const names = (pattern.endsWith("/") ? `${pattern}**` : pattern).split("/");
  return naiveSegments(names, path.split("/"));
}

function naiveSegments(patterns: readonly string[], names: readonly string[]): boolean {
  const [first, ...rest] = patterns;
  if (first === undefined) return names.length === 0;
  if (first === "**") {
    if (rest.length === 0) return names.length > 0;
    return names.some((_, index) => naiveSegments(rest, names.slice(index))) || naiveSegments(rest, []);
  }
  const [name, ...others] = names;
  return name !== undefined && naiveName(first, name) && naiveSegments(rest, others);
}

function naiveName(pattern: string, name: string): boolean {
  if (pattern === "") return name === "";
  if (pattern[0] === "*")
    return naiveName(pattern.slice(1), name) || (name !== "" && naiveName(pattern, name.slice(1)));
  return name[0] === pattern[0] && naiveName(pattern.slice(1), name.slice(1));
}

const name = fc
  .string({ unit: fc.constantFrom("a", "b", "."), minLength: 1, maxLength: 3 })
  .filter((text) => !/^\.+$/.test(text));
const paths = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join("/"));
const patternName = fc.oneof(
  fc.constant("**"),
  fc
    .string({ unit: fc.constantFrom("a", "b", ".", "*"), minLength: 1, maxLength: 4 })
    .filter((text) => !/^\.+$/.test(text) && !text.includes("**")),
);
const patterns = fc
  .tuple(fc.array(patternName, { minLength: 1, maxLength: 5 }), fc.constantFrom("", "/"))
  .map(([names, end]) => names.join("/") + end);

describe("a pattern", () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ["src/a.ts", ["src/a.ts"], ["src/a.ts/x", "src", "src/a.tsx", "SRC/a.ts"]],
    ["src/", ["src/a", "src/a/b", "src/.hidden/x"], ["src", "srcs/a", "lib/src/a"]],
    ["src/**", ["src/a", "src/a/b"], ["src", "srcs"]],
    ["**", ["a", "a/b", ".env"], []],
    ["*", ["a", ".env"], ["a/b"]],
    ["src/*.ts", ["src/a.ts", "src/.ts"], ["src/a/b.ts", "src/a.tsx", "src/a.ts/b"]],
    ["src/*/x", ["src/a/x"], ["src/x", "src/a/b/x"]],
    ["src/**/x", ["src/x", "src/a/x", "src/a/b/x"], ["src/a/xx", "x"]],
    ["**/x.snap", ["x.snap", "a/b/x.snap"], ["ax.snap", "x.snap/y"]],
    ["**/__tests__/", ["__tests__/a", "a/__tests__/b/c"], ["__tests__", "a__tests__/b"]],
    ["a/**/b/**/c", ["a/b/c", "a/x/b/y/z/c"], ["a/c/b", "a/b/c/d"]],
    ["*a*b*", ["ab", "xaxbx"], ["ba", "a", "b"]],
    ["a*a", ["aa", "aba"], ["a"]],
    ["[a]?{b}!", ["[a]?{b}!"], ["a?b!", "axb!"]],
    ["!src/a", ["!src/a"], ["src/a", "src/b"]],
    ["a b\n-c", ["a b\n-c"], ["a b"]],
  ])("%j matches what it says and nothing else", (pattern, matched, others) => {
    expect([
      matched.filter((path) => !matches(pattern, path)),
      others.filter((path) => matches(pattern, path)),
    ]).toEqual([[], []]);
  });

  test("that leaves the root or is malformed is refused with its text", () => {
    for (const pattern of ["", "/a", "../a", "a/..", "a//b", "C:/a", "a\\b", "a**", "./a", "a\0"]) {
      try {
        compilePathRules(["fine", pattern]);
        expect.unreachable(`${JSON.stringify(pattern)} was accepted`);
      } catch (thrown) {
        if (!CtoError.is(thrown)) throw thrown;
        expect([thrown.code, thrown.details]).toEqual(["PATH_RULE_INVALID", { pattern }]);
      }
    }
  });

  test("matches as the plain reading of the rules does", () => {
    let agreed = 0;
    fc.assert(
      fc.property(patterns, paths, (pattern, path) => {
        const expected = naiveMatch(pattern, path);
        if (expected) agreed += 1;
        expect([pattern, path, matches(pattern, path)]).toEqual([pattern, path, expected]);
      }),
      { numRuns: 5000 },
    );
    expect(agreed).toBeGreaterThan(100);
  });

  test.each<[string, string]>([
    ["ten thousand names", Array(10_000).fill("a").join("/")],
    ["ten thousand wildcards", `${"**/a/".repeat(5000)}c`],
    ["wildcards in every name", `${"*a*/".repeat(10_000)}c`],
    ["stars in one name", `${"*a".repeat(5000)}b`],
  ])("of %s ends on a path of ten thousand names", (_what, pattern) => {
    expect(matches(pattern, `${"a/".repeat(10_000)}b`)).toBe(false);
  });
});

describe("a list of patterns", () => {
  test("answers with the first one that matches, as trying each in turn would", () => {
    fc.assert(
      fc.property(fc.array(patterns, { maxLength: 12 }), paths, (list, path) => {
        expect(matchPath(compilePathRules(list), path)).toBe(list.find((pattern) => naiveMatch(pattern, path)));
      }),
      { numRuns: 3000 },
    );
  });
});
