import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compilePolicy,
  effectiveNetwork,
  effectiveStage,
  explainLimit,
  LIMIT_NAMES,
  type PolicySays,
  toEffectiveBudget,
} from "../index.ts";
import { layerOf, stacks } from "./__fixtures__/policy-kit.ts";

const says: PolicySays = { stage: 4, network: "gateway", budget: { wall_seconds: 600, tokens: 0, usd: null } };

describe("explaining a limit", () => {
  test("names the least value, the first layer that says it, and its place", () => {
    const places = new Map([["stage", { line: 7, column: 3 }]]);
    const policy = compilePolicy([
      layerOf("task", { stage: 3 }),
      layerOf("repository", { stage: 3, network: "none" }, places),
      layerOf("organisation", says),
    ]);
    expect(explainLimit(policy, "stage")).toEqual({
      verdict: "limited",
      value: 3,
      rule: "stage: 3",
      why: "the repository layer says stage: 3, and no layer says less",
      layer: "repository",
      file: "repository.yaml",
      line: 7,
      column: 3,
    });
    const values = LIMIT_NAMES.map((name) => explainLimit(policy, name)).map(({ layer, value }) => [layer, value]);
    expect(values).toEqual([
      ["repository", 3],
      ["repository", "none"],
      ["organisation", 600],
      ["organisation", 0],
      [null, null],
      [null, null],
    ]);
  });

  test("without a layer that says one leaves it to the task, or bounds nothing", () => {
    const none = { verdict: "no-rule", value: null, rule: null, layer: null, file: null, line: null, column: null };
    expect(explainLimit(compilePolicy([layerOf("repository", {})]), "stage")).toEqual({
      ...none,
      why: "no layer bounds stage: what the task contract says holds",
    });
    expect(explainLimit(compilePolicy([layerOf("task", says)]), "budget.usd")).toEqual({
      ...none,
      why: "no layer bounds budget.usd",
    });
  });

  test("agrees with what a run is held to", () => {
    fc.assert(
      fc.property(stacks, (stack) => {
        const policy = compilePolicy(stack);
        const { tokens, wall_seconds } = toEffectiveBudget(stack);
        expect(explainLimit(policy, "stage").value ?? 1).toBe(effectiveStage(stack));
        expect(explainLimit(policy, "network").value ?? "none").toBe(effectiveNetwork(stack));
        expect(explainLimit(policy, "budget.tokens").value).toBe(tokens);
        expect(explainLimit(policy, "budget.wall_seconds").value ?? 900).toBe(wall_seconds);
      }),
      { numRuns: 1000 },
    );
  });
});
