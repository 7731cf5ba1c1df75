import { effectivePolicySchema, toCanonicalJson } from "@cto/evidence-interface";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compilePolicy,
  effectiveNetwork,
  effectiveStage,
  explainAction,
  explainEngine,
  explainPath,
  findWidenings,
  isByProduct,
  judgeEffects,
  type PolicyLayer,
  toEffectiveBudget,
  toEffectivePolicy,
} from "../index.ts";
import { engineNames, layerOf, paths, patterns, shuffled, stacks } from "./__fixtures__/policy-kit.ts";

const alone = (layer: PolicyLayer) => compilePolicy([layer]);

describe("any stack of layers, in any order", () => {
  test("permits a path only if every layer that lists paths permits it and none forbids or protects it", () => {
    const seen = { allowed: 0, forbidden: 0, protected: 0, "no-rule": 0 };
    fc.assert(
      fc.property(stacks, paths, (stack, path) => {
        const { verdict } = explainPath(compilePolicy(stack), path);
        seen[verdict] += 1;
        const verdicts = stack.map((layer) => explainPath(alone(layer), path).verdict);
        const speaking = stack.filter(({ says }) => says.allowed_paths !== undefined);
        const permitted = speaking.every((layer) => explainPath(alone(layer), path).verdict === "allowed");
        const forbidden = verdicts.includes("forbidden");
        const isProtected = verdicts.includes("protected");
        const expected = forbidden
          ? "forbidden"
          : isProtected
            ? "protected"
            : speaking.length > 0 && permitted
              ? "allowed"
              : "no-rule";
        expect(verdict).toBe(expected);
      }),
      { numRuns: 4000 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(100);
  });

  test("permits an engine only if every layer that lists engines does, and forbids every action that one forbids", () => {
    fc.assert(
      fc.property(stacks, engineNames, fc.constantFrom("push", "merge"), (stack, engine, action) => {
        const policy = compilePolicy(stack);
        const lists = stack.flatMap(({ says }) => (says.engines === undefined ? [] : [says.engines]));
        const expected =
          lists.length === 0 ? "no-rule" : lists.every((list) => list.includes(engine)) ? "allowed" : "forbidden";
        expect(explainEngine(policy, engine).verdict).toBe(expected);
        const isForbidden = stack.some(({ says }) => says.forbidden_actions?.includes(action) === true);
        expect(explainAction(policy, action).verdict).toBe(isForbidden ? "forbidden" : "no-rule");
      }),
      { numRuns: 1000 },
    );
  });

  test("takes for a by-product only what every layer that lists by-products takes for one", () => {
    let found = 0;
    fc.assert(
      fc.property(stacks, paths, (stack, path) => {
        if (!isByProduct(compilePolicy(stack), path)) return;
        found += 1;
        for (const layer of stack.filter(({ says }) => says.by_products !== undefined))
          expect(isByProduct(alone(layer), path)).toBe(true);
      }),
      { numRuns: 4000 },
    );
    expect(found).toBeGreaterThan(50);
  });

  test("has limits that no layer is below", () => {
    fc.assert(
      fc.property(stacks, (stack) => {
        const budget = toEffectiveBudget(stack);
        for (const { says } of stack) {
          expect(effectiveStage(stack)).toBeLessThanOrEqual(says.stage ?? 6);
          if (says.network === "none") expect(effectiveNetwork(stack)).toBe("none");
          expect(budget.wall_seconds).toBeLessThanOrEqual(says.budget?.wall_seconds ?? 900);
          if (typeof says.budget?.tokens === "number")
            expect(budget.tokens ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(says.budget.tokens);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("gives the same decisions, widenings and effective policy in every order", () => {
    fc.assert(
      fc.property(
        stacks.chain((stack) => fc.tuple(fc.constant(stack), shuffled(stack))),
        paths,
        ([stack, other], path) => {
          const policy = toEffectivePolicy(stack, 2);
          expect(effectivePolicySchema.parse(policy)).toEqual(policy);
          expect(toCanonicalJson(toEffectivePolicy(other, 2))).toBe(toCanonicalJson(policy));
          expect(explainPath(compilePolicy(other), path)).toEqual(explainPath(compilePolicy(stack), path));
          expect(findWidenings(other)).toEqual(findWidenings(stack));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("permits nothing more with one more rule that forbids", () => {
    fc.assert(
      fc.property(stacks, patterns, paths, (stack, pattern, path) => {
        const [first, ...rest] = stack;
        if (first === undefined || explainPath(compilePolicy(stack), path).allowed) return;
        const forbidden_paths = [...(first.says.forbidden_paths ?? []), pattern];
        const more = [...rest, { ...first, says: { ...first.says, forbidden_paths } }];
        expect(explainPath(compilePolicy(more), path).allowed).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

test("the effect gate names the same rule for each of many paths as a question about that path alone", () => {
  const roots = fc.constantFrom("", "a/", "a/b/", "/", "a//", "../", ".git/", "A/", "\u00e9/", "e\u0301/");
  const many = fc.array(
    fc.tuple(roots, paths).map((parts) => parts.join("")),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(
    fc.property(stacks, many, (stack, list) => {
      const policy = compilePolicy(stack);
      const change = { change: "added", oldMode: null, newMode: "100644", submodule: false } as const;
      const { changes } = judgeEffects({
        policy,
        diffRequired: false,
        treeChanges: list.map((path) => ({ path, ...change })),
        diskChanges: [],
        gitChanges: [],
        currentBranchRef: null,
        sourceChanged: false,
        checkoutDifferences: [],
        secretMatches: [],
      });
      const expected = list.map((path) => {
        const { allowed, rule } = explainPath(policy, path);
        return { path, change: "added", allowed, rule };
      });
      expect(changes).toEqual(expected);
    }),
    { numRuns: 2000 },
  );
});

describe("a stack without widening", () => {
  test("permits all that its lowest layer lists and nothing above forbids", () => {
    let checked = 0;
    fc.assert(
      fc.property(
        fc.array(patterns, { minLength: 1, maxLength: 3 }),
        fc.array(patterns, { maxLength: 2 }),
        paths,
        (upper, lower, path) => {
          const layers = [layerOf("organisation", { allowed_paths: upper }), layerOf("task", { allowed_paths: lower })];
          if (findWidenings(layers).length > 0) return;
          checked += 1;
          expect(explainPath(compilePolicy(layers), path).allowed).toBe(
            explainPath(compilePolicy(layers.slice(1)), path).allowed,
          );
        },
      ),
      { numRuns: 5000 },
    );
    expect(checked).toBeGreaterThan(500);
  });
});
