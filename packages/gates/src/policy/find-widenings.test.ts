import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compilePathRules,
  findWidenings,
  matchPath,
  type PolicyLayer,
  type PolicySays,
  parseTask,
  toTaskLayer,
} from "../index.ts";
import { layerOf, paths, patterns } from "./__fixtures__/policy-kit.ts";

function keysOf(upper: PolicySays, lower: PolicySays): readonly string[] {
  return findWidenings([layerOf("organisation", upper), layerOf("repository", lower)]).map(({ key }) => key);
}

/** Whether the lower pattern reaches beyond the upper ones. */
function reachesBeyond(lower: string, uppers: readonly string[]): boolean {
  return keysOf({ allowed_paths: uppers }, { allowed_paths: [lower] }).length > 0;
}

const matches = (list: readonly string[], path: string) => matchPath(compilePathRules(list), path) !== undefined;

describe("a pattern", () => {
  test.each<[string, readonly string[]]>([
    ["src/a.ts", ["src/"]],
    ["src/", ["src/**"]],
    ["src/**", ["src/"]],
    ["src/**/*.ts", ["src/"]],
    ["src/*.ts", ["src/*"]],
    ["src/a*b.ts", ["src/*.ts", "lib/"]],
    ["**", ["**"]],
    ["a/**/b", ["**/b"]],
    ["a/**/**/b", ["a/**/b"]],
    ["**/", ["*", "*/**"]],
    ["src/**", ["src/*", "src/*/**"]],
    ["a*/", ["a*/*", "*/*/", "b"]],
    ["*", ["**"]],
    ["\u{1f600}*", ["\u{1f600}*"]],
    ["docs/\u{1f600}/*.md", ["docs/*/*"]],
  ])("%s stays within %j", (lower, uppers) => {
    expect(reachesBeyond(lower, uppers)).toBe(false);
  });

  test.each<[string, readonly string[], string]>([
    ["src/", ["src/*"], "src/x/x"],
    ["src/**/*.ts", ["src/*.ts"], "src/x/x.ts"],
    ["**", ["src/"], "x"],
    ["src", ["src/"], "src"],
    ["src/*", ["src/*.ts", "src/*.js"], "src/x"],
    ["*a", ["a*", "b*"], "xa"],
    ["SRC/", ["src/"], "SRC/x"],
    ["cafe\u0301", ["caf\u00e9"], "cafe\u0301"],
    ["a/**/b", ["a/*/b", "a/b"], "a/x/x/b"],
    ["a", [], "a"],
  ])("%s reaches beyond %j", (lower, uppers, example) => {
    const [widening] = findWidenings([
      layerOf("organisation", { allowed_paths: uppers }),
      layerOf("task", { allowed_paths: [lower] }),
    ]);
    expect(widening?.message).toBe(
      `allowed_paths[0] is ${lower} and reaches ${example}, which is not in allowed_paths of the organisation layer (organisation.yaml)`,
    );
  });

  test("that stays within others matches no path that they do not, and one that does not shows such a path", () => {
    let contained = 0;
    let beyond = 0;
    const lists = fc.array(patterns, { maxLength: 4 });
    fc.assert(
      fc.property(patterns, lists, fc.array(paths, { minLength: 20, maxLength: 20 }), (lower, uppers, some) => {
        const [widening] = findWidenings([
          layerOf("organisation", { allowed_paths: uppers }),
          layerOf("task", { allowed_paths: [lower] }),
        ]);
        if (widening === undefined) {
          contained += uppers.includes(lower) ? 0 : 1;
          for (const path of some) expect(matches([lower], path) && !matches(uppers, path)).toBe(false);
          return;
        }
        beyond += 1;
        const example = / and reaches (\S+), which/.exec(widening.message)?.[1] ?? "";
        expect([lower, uppers, example, matches([lower], example), matches(uppers, example)]).toEqual([
          lower,
          uppers,
          example,
          true,
          false,
        ]);
      }),
      { numRuns: 6000 },
    );
    expect(Math.min(contained, beyond)).toBeGreaterThan(300);
  });

  test("of a file that changes how git works must be named above by its own path", () => {
    expect(reachesBeyond("src/.gitattributes", ["**"])).toBe(true);
    expect(reachesBeyond("src/.gitattributes", ["**", "src/.gitattributes"])).toBe(false);
  });

  test.each<[string, string, readonly string[]]>([
    ["ten thousand names", `${"a/".repeat(10_000)}a`, [`${"*/".repeat(10_000)}b`]],
    ["wildcards between names", `${"**/a/".repeat(1000)}c`, [`${"**/*a*/".repeat(1000)}d`]],
    ["stars in names", `${"*a*b/".repeat(5000)}**`, [`${"*b*a/".repeat(5000)}*`]],
    ["stars in one name", `${"*a".repeat(5000)}*`, [`${"*b".repeat(5000)}*`, `${"*a".repeat(4999)}b*`]],
    [
      "many of everything",
      `**/${"*a/**/*b/".repeat(300)}x`,
      Array.from({ length: 1000 }, (_, n) => `**/*a${n}*/**/b*/**`),
    ],
  ])("bomb of %s ends, and is refused", (_what, lower, uppers) => {
    expect(reachesBeyond(lower, uppers)).toBe(true);
  });

  test("that takes too much work to compare counts as widening and says so", () => {
    // After each letter there is one more star at which the upper pattern may stand.
    const uppers = [`${"*a".repeat(2000)}*/z`];
    const lower = `${"a".repeat(2000)}*/x`;
    const widenings = findWidenings([
      layerOf("organisation", { allowed_paths: [...uppers, "**/x"] }),
      layerOf("task", { allowed_paths: [lower] }),
    ]);
    expect(widenings.map(({ message }) => message.slice(message.indexOf(", which ")))).toEqual([
      ", which takes too much work to compare: nobody can tell whether all that it reaches is in allowed_paths of the organisation layer (organisation.yaml)",
    ]);
  });

  test.each<[string, string, string]>([
    ["stand beneath a literal one", "", "src/"],
    ["have wildcards themselves", "**/*.ts", "src/a*.ts"],
  ])("is compared with thousands of long ones that begin alike and %s", (_what, upper, lower) => {
    const roots = Array.from({ length: 6000 }, (_, n) => `packages/frontend-application/source/components/comp${n}/`);
    const uppers = roots.map((root) => `${root}${upper}`);
    expect(keysOf({ allowed_paths: uppers }, { allowed_paths: roots.map((root) => `${root}${lower}`) })).toEqual([]);
    const [widening, ...more] = findWidenings([
      layerOf("organisation", { allowed_paths: uppers }),
      layerOf("repository", { allowed_paths: ["packages/frontend-application/source/components/comp6000/x.ts"] }),
    ]);
    expect(widening?.message).toMatch(/ and reaches packages\/\S+\/comp6000\/x\.ts, which is not in allowed_paths /);
    expect(more).toEqual([]);
  });

  test("is compared with ten thousand others", () => {
    const uppers = Array.from({ length: 10_000 }, (_, n) => `packages/p${n}/src/`);
    const lowers = uppers.map((pattern) => `${pattern}lib/*.ts`);
    expect(keysOf({ allowed_paths: uppers }, { allowed_paths: lowers })).toEqual([]);
  });
});

describe("a layer", () => {
  test("widens by every dimension that the layer above bounds, and is told where", () => {
    const places = new Map([
      ["allowed_paths[1]", { line: 3, column: 5 }],
      ["engines", { line: 9, column: 1 }],
      ["budget.tokens", { line: 20, column: 11 }],
    ]);
    const upper: PolicySays = {
      allowed_paths: ["src/"],
      by_products: ["out/"],
      engines: ["fake"],
      models: ["local/a"],
      targets: ["one"],
      stage: 3,
      network: "none",
      budget: { wall_seconds: 60, tokens: 1000, usd: 1, artifact_bytes: 2048 },
    };
    const lower: PolicySays = {
      allowed_paths: ["src/a", "lib/"],
      by_products: ["out/x", "tmp/"],
      engines: ["fake", "codex"],
      models: ["local/b"],
      targets: ["one", "two"],
      stage: 4,
      network: "gateway",
      budget: { wall_seconds: 61, tokens: 1001, usd: 1.5, artifact_bytes: 4096 },
    };
    const found = findWidenings([layerOf("organisation", upper), layerOf("repository", lower, places)]);
    expect(found.map(({ key, value, line, column }) => [key, value, line, column])).toEqual([
      ["allowed_paths[1]", "lib/", 3, 5],
      ["by_products[1]", "tmp/", null, null],
      ["engines[1]", "codex", 9, 1],
      ["models[0]", "local/b", null, null],
      ["targets[1]", "two", null, null],
      ["stage", 4, null, null],
      ["network", "gateway", null, null],
      ["budget.wall_seconds", 61, null, null],
      ["budget.tokens", 1001, 20, 11],
      ["budget.usd", 1.5, null, null],
      ["budget.artifact_bytes", 4096, null, null],
    ]);
    expect(found[8]).toEqual({
      layer: "repository",
      file: "repository.yaml",
      line: 20,
      column: 11,
      key: "budget.tokens",
      value: 1001,
      message: "budget.tokens is 1001, which is more than the 1000 of the organisation layer (organisation.yaml)",
      hint: "Narrow it to what the organisation layer permits, or have the owner of organisation.yaml permit more.",
    });
    expect(findWidenings([layerOf("organisation", lower), layerOf("repository", upper)]).map(({ key }) => key)).toEqual(
      ["allowed_paths[0]", "by_products[0]", "models[0]"],
    );
  });

  test("that is silent, or stands under silence, widens nothing", () => {
    const says: PolicySays = {
      allowed_paths: ["**"],
      engines: ["codex"],
      stage: 6,
      network: "gateway",
      budget: { tokens: 1 },
    };
    expect(keysOf(says, {})).toEqual([]);
    expect(keysOf({}, says)).toEqual([]);
  });

  test("is compared with every layer above it, not only with the next", () => {
    const widenings = findWidenings([
      layerOf("approval", { allowed_paths: ["lib/"] }),
      layerOf("task", { allowed_paths: ["src/a/", "lib/"] }),
      layerOf("organisation", { allowed_paths: ["src/", "lib/"] }),
      layerOf("target", { allowed_paths: ["src/"] }),
    ]);
    expect(widenings.map(({ layer, key, message }) => [layer, key, message.includes("of the target layer")])).toEqual([
      ["task", "allowed_paths[1]", true],
      ["approval", "allowed_paths[0]", true],
    ]);
  });

  test("of a contract may leave its budget at the default, and only there", () => {
    const upper = layerOf("organisation", { budget: { wall_seconds: 60, tokens: 100, usd: 1, artifact_bytes: 4096 } });
    const taskOf = (budget: Record<string, number>): PolicyLayer => {
      const text = JSON.stringify({ schema: "cto.task.v1", id: "a", title: "T", brief: "B", stage: 1, budget });
      return toTaskLayer(parseTask({ file: "t", text }), { file: "t" });
    };
    expect(findWidenings([upper, taskOf({})])).toEqual([]);
    expect(findWidenings([upper, taskOf({ wall_seconds: 901, tokens: 101, usd: 1 })]).map(({ key }) => key)).toEqual([
      "budget.wall_seconds",
      "budget.tokens",
    ]);
    expect(keysOf(upper.says, { budget: { wall_seconds: 900 } })).toEqual(["budget.wall_seconds"]);
    expect(keysOf(upper.says, { budget: { tokens: null } })).toEqual(["budget.tokens"]);
  });

  test("with a malformed pattern is refused", () => {
    expect(() => keysOf({ allowed_paths: ["../a"] }, {})).toThrow(
      expect.objectContaining({ code: "PATH_RULE_INVALID" }),
    );
    expect(() => keysOf({}, { by_products: ["/a"] })).toThrow(expect.objectContaining({ code: "PATH_RULE_INVALID" }));
  });
});
