import { toPathText } from "@cto/evidence-interface";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePolicy, explainPath, isByProduct, type PolicySays } from "../index.ts";

const places = new Map([["forbidden_paths[0]", { line: 7, column: 20 }]]);
const policyOf = (says: PolicySays) => compilePolicy([{ layer: "task", file: "task.yaml", says, places }]);
const verdictOf = (lists: PolicySays, path: string) => explainPath(policyOf(lists), path).verdict;

describe("explaining a path", () => {
  test("names the rule and the list it stands in", () => {
    const policy = policyOf({
      allowed_paths: ["src/"],
      forbidden_paths: ["src/secret/"],
      protected_paths: ["test/**"],
    });
    expect(["src/a.ts", "src/secret/b", "test/a.ts", "README.md"].map((path) => explainPath(policy, path))).toEqual([
      {
        verdict: "allowed",
        allowed: true,
        rule: "src/",
        why: "allowed_paths has src/, which matches src/a.ts",
        layer: "task",
        file: "task.yaml",
        line: null,
        column: null,
      },
      {
        verdict: "forbidden",
        allowed: false,
        rule: "src/secret/",
        why: "forbidden_paths has src/secret/, which covers src/secret/b",
        layer: "task",
        file: "task.yaml",
        line: 7,
        column: 20,
      },
      {
        verdict: "protected",
        allowed: false,
        rule: "test/**",
        why: "protected_paths has test/**, which covers test/a.ts",
        layer: "task",
        file: "task.yaml",
        line: null,
        column: null,
      },
      {
        verdict: "no-rule",
        allowed: false,
        rule: null,
        why: "no rule of allowed_paths matches README.md",
        layer: null,
        file: null,
        line: null,
        column: null,
      },
    ]);
  });

  test("without any rule permits nothing", () => {
    expect(verdictOf({}, "a")).toBe("no-rule");
  });

  test.each([
    ".git",
    ".git/config",
    ".GIT/hooks/pre-commit",
    "sub/.git",
    "sub/.Git/x",
    ".git./x",
    ".git /x",
    ".git . ./x",
    "git~1/config",
    "GIT~2",
    ".git::$INDEX_ALLOCATION/x",
    ".g\u200cit/config",
    "\ufeff.git/x",
    toPathText(new TextEncoder().encode(".git\\hooks")),
  ])("forbids %j whatever is allowed", (path) => {
    expect(explainPath(policyOf({ allowed_paths: ["**"] }), path)).toMatchObject({
      verdict: "forbidden",
      rule: ".git/",
    });
  });

  test.each([".gitignore", ".github/x", "git/x", "a.git/x", "digit~1"])("does not take %j for .git", (path) => {
    expect(verdictOf({ allowed_paths: ["**"] }, path)).toBe("allowed");
  });

  test.each(["", "/abs", "..", "a//b", "../a", "a/./b", "a//.git/x", '"broken'])(
    "forbids %j, which is no path inside the repository",
    (path) => {
      const { layer, rule, verdict, why } = explainPath(policyOf({ allowed_paths: ["**"] }), path);
      expect([verdict, rule, layer]).toEqual(["forbidden", null, null]);
      expect(why).toContain("is not a path inside the repository");
    },
  );

  test.each([
    ["Secrets.TXT", "secrets.txt"],
    ["caf\u00e9", "cafe\u0301"],
    ["stra\u00dfe", "STRASSE"],
    ["\u03c3\u03c2", "\u03a3\u03a3"],
    ["key", "\u212aey"],
    ["file", "fi\u200dle"],
  ])("forbids %j also in the form %j", (pattern, path) => {
    expect(verdictOf({ allowed_paths: ["**"], forbidden_paths: [pattern] }, path)).toBe("forbidden");
    expect(verdictOf({ allowed_paths: ["**"], protected_paths: [pattern] }, path)).toBe("protected");
    expect(verdictOf({ allowed_paths: [pattern] }, path)).toBe("no-rule");
  });

  test("forbids a named directory with all beneath, and a directory rule also covers a file of that name", () => {
    const lists = { allowed_paths: ["**"], forbidden_paths: ["vendor", "secret/"] };
    expect(["vendor", "vendor/a/b", "secret", "secret/a", "vendors"].map((path) => verdictOf(lists, path))).toEqual([
      "forbidden",
      "forbidden",
      "forbidden",
      "forbidden",
      "allowed",
    ]);
  });

  test.each<[pattern: string, covered: readonly string[], others: readonly string[]]>([
    ["*.pem", ["x.pem", "x.pem/key", "X.PEM/a/b"], ["a/x.pem", "pem", "x.pem.txt/a"]],
    ["**/.env*", [".env", ".env.d/x", "a/.envrc/b/c"], ["a/env"]],
    ["src/*/key", ["src/a/key", "src/a/key/x"], ["src/key", "src/a/keys/x"]],
    ["vendor/**", ["vendor", "vendor/a", "VENDOR"], ["vendors"]],
    ["**/gen/**/", ["gen", "a/gen", "a/gen/b"], ["a/gene"]],
    ["a/*", ["a/b", "a/b/c"], ["a"]],
    ["**", ["a", "a/b"], []],
  ])("forbids and protects with %j also what lies beneath", (pattern, covered, others) => {
    for (const list of ["forbidden_paths", "protected_paths"] as const) {
      const verdicts = (paths: readonly string[]) =>
        new Set(paths.map((path) => verdictOf({ allowed_paths: ["**"], [list]: [pattern] }, path)));
      expect(verdicts(covered)).toEqual(new Set([list === "forbidden_paths" ? "forbidden" : "protected"]));
      expect(verdicts(others)).toEqual(new Set(others.length === 0 ? [] : ["allowed"]));
    }
  });

  test.each([".gitattributes", "src/.gitmodules", "src/.GitAttributes"])(
    "allows %s by its own full path only",
    (path) => {
      expect(verdictOf({ allowed_paths: ["**", "src/", "src/*"] }, path)).toBe("no-rule");
      expect(verdictOf({ allowed_paths: [path] }, path)).toBe("allowed");
    },
  );

  test("matches names with quotes, newlines and broken UTF-8 by their decoded form", () => {
    const odd = toPathText(Uint8Array.from([0x73, 0x72, 0x63, 0x2f, 0x0a, 0x22, 0xff]));
    expect(odd).toBe('"src/\\n\\"\\377"');
    expect(verdictOf({ allowed_paths: ["src/*"] }, odd)).toBe("allowed");
    expect(verdictOf({ allowed_paths: ["**"], forbidden_paths: ["src/"] }, odd)).toBe("forbidden");
  });
});

describe("by-products", () => {
  test("are the caches of common tools anywhere, and what the contract lists where nothing forbids it", () => {
    const policy = policyOf({ by_products: ["out/", "secret/log"], forbidden_paths: ["secret/", "lib/"] });
    const paths = [
      "a/__pycache__/x.pyc",
      "lib/__pycache__/x",
      "out/a",
      "secret/log",
      "src/a",
      "__pycache__/.git/x",
      "__pycache__",
    ];
    expect(paths.map((path) => isByProduct(policy, path))).toEqual([true, false, true, false, false, false, false]);
  });

  test("are caches even where a path is protected, and never where it is forbidden", () => {
    const cache = (says: PolicySays) => isByProduct(policyOf(says), "lib/__pycache__/x.pyc");
    expect([
      cache({ protected_paths: ["lib/"] }),
      cache({ forbidden_paths: ["lib/"] }),
      cache({ forbidden_paths: ["**/__pycache__/"] }),
      cache({ forbidden_paths: ["*/__PYCACHE__"] }),
      cache({ protected_paths: ["lib/"], forbidden_paths: ["*.pyc"] }),
    ]).toEqual([true, false, false, false, true]);
  });
});

describe("rules can only take away", () => {
  const letters = fc.constantFrom("a", "b", "A", "\u00e9", "*");
  const name = fc.string({ unit: letters, minLength: 1, maxLength: 3 }).filter((text) => !text.includes("**"));
  const pattern = fc
    .tuple(fc.array(fc.oneof(name, fc.constant("**")), { minLength: 1, maxLength: 3 }), fc.constantFrom("", "/"))
    .map(([names, end]) => names.join("/") + end);
  const path = fc
    .array(
      name.map((text) => text.replaceAll("*", "b")),
      { minLength: 1, maxLength: 3 },
    )
    .map((names) => names.join("/"));
  const list = fc.array(pattern, { maxLength: 4 });

  test("a forbidden rule that matches wins over every allowed one", () => {
    let forbidden = 0;
    fc.assert(
      fc.property(list, list, list, path, (allowed_paths, forbidden_paths, protected_paths, at) => {
        const lists = { allowed_paths, forbidden_paths, protected_paths };
        if (verdictOf({ allowed_paths: forbidden_paths }, at) !== "allowed") return;
        forbidden += 1;
        expect(verdictOf(lists, at)).toBe("forbidden");
      }),
      { numRuns: 3000 },
    );
    expect(forbidden).toBeGreaterThan(100);
  });

  test("what is forbidden stays so with more behind it", () => {
    let forbidden = 0;
    fc.assert(
      fc.property(list, path, path, (forbidden_paths, at, more) => {
        if (verdictOf({ forbidden_paths }, at) !== "forbidden") return;
        forbidden += 1;
        expect(verdictOf({ forbidden_paths }, `${at}/${more}`)).toBe("forbidden");
      }),
      { numRuns: 3000 },
    );
    expect(forbidden).toBeGreaterThan(100);
  });

  test("adding a forbidden or protected rule never permits more", () => {
    fc.assert(
      fc.property(list, list, list, pattern, path, (allowed_paths, forbidden_paths, protected_paths, added, at) => {
        const before = explainPath(policyOf({ allowed_paths, forbidden_paths, protected_paths }), at).allowed;
        const forbidding = policyOf({ allowed_paths, forbidden_paths: [...forbidden_paths, added], protected_paths });
        const protecting = policyOf({ allowed_paths, forbidden_paths, protected_paths: [added, ...protected_paths] });
        expect(before || !(explainPath(forbidding, at).allowed || explainPath(protecting, at).allowed)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
