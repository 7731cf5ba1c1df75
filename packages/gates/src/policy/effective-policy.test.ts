import { createHash } from "node:crypto";
import { effectivePolicySchema, toCanonicalJson } from "@cto/evidence-interface";
import { describe, expect, test } from "vitest";
import {
  compilePolicy,
  DEFAULT_BY_PRODUCTS,
  effectiveNetwork,
  effectiveStage,
  parseTask,
  toEffectiveBudget,
  toEffectivePolicy,
  toPolicyBeforeApproval,
  toStandingPolicy,
  toTaskLayer,
} from "../index.ts";
import { layerOf } from "./__fixtures__/policy-kit.ts";

const task = toTaskLayer(
  parseTask({
    file: "task.json",
    text: JSON.stringify({
      schema: "cto.task.v1",
      id: "a",
      title: "T",
      brief: "B",
      stage: 3,
      allowed_paths: ["src/"],
      forbidden_paths: ["a/"],
      protected_paths: ["test/"],
      forbidden_actions: ["push"],
      by_products: ["out/"],
      network: "gateway",
      budget: { tokens: 5 },
      verification: [{ id: "t", run: ["x"] }],
    }),
  }),
  { file: "task.json" },
);
const organisation = layerOf("organisation", {
  allowed_paths: ["src/", "lib/"],
  engines: [],
  models: ["local/a"],
  stage: 4,
  budget: { tokens: 3, wall_seconds: undefined },
});
const repository = layerOf("repository", { forbidden_paths: ["vendor/"], network: "none", targets: ["one", "two"] });
const approval = layerOf("approval", { allowed_paths: [], forbidden_paths: ["src/x"] });

const budget = { wall_seconds: 900, tokens: 5, usd: null, artifact_bytes: 2147483648 };

describe("the effective policy", () => {
  test("of a contract alone has the digest that bundles of earlier versions have", () => {
    const policy = toEffectivePolicy([task], 2);
    expect(createHash("sha256").update(toCanonicalJson(policy)).digest("hex")).toBe(
      "1948b271543a5e166de23a1b49e89a32452c68994a3a2380e3ec243eebe1a539",
    );
    expect(policy.rules.map(({ dimension, layer, value }) => [dimension, layer, value])).toEqual([
      ["allowed_paths", "task", "src/"],
      ["forbidden_paths", "built-in", ".git/"],
      ["forbidden_paths", "task", "a/"],
      ["protected_paths", "task", "test/"],
      ["forbidden_actions", "task", "push"],
      ...DEFAULT_BY_PRODUCTS.map((pattern) => ["by_products", "built-in", pattern]),
      ["by_products", "task", "out/"],
      ["network", "task", "gateway"],
      ["budget", "task", budget],
      ["stage", "task", 3],
    ]);
  });

  test("names the layer of every rule, and shows a list that permits nothing", () => {
    const policy = toEffectivePolicy([approval, task, repository, organisation], 3);
    expect(effectivePolicySchema.parse(policy)).toEqual(policy);
    expect(policy.rules.map(({ dimension, layer, value }) => [dimension, layer, value])).toEqual([
      ["allowed_paths", "organisation", "src/"],
      ["allowed_paths", "organisation", "lib/"],
      ["allowed_paths", "task", "src/"],
      ["allowed_paths", "approval", []],
      ["forbidden_paths", "built-in", ".git/"],
      ["forbidden_paths", "repository", "vendor/"],
      ["forbidden_paths", "task", "a/"],
      ["forbidden_paths", "approval", "src/x"],
      ["protected_paths", "task", "test/"],
      ["forbidden_actions", "task", "push"],
      ...DEFAULT_BY_PRODUCTS.map((pattern) => ["by_products", "built-in", pattern]),
      ["by_products", "task", "out/"],
      ["network", "repository", "none"],
      ["network", "task", "gateway"],
      ["budget", "organisation", { tokens: 3 }],
      ["budget", "task", budget],
      ["stage", "organisation", 4],
      ["stage", "task", 3],
      ["engines", "organisation", []],
      ["models", "organisation", "local/a"],
      ["targets", "repository", "one"],
      ["targets", "repository", "two"],
    ]);
  });

  test("has a standing part that no task, target or approval changes, and a part that an approver saw", () => {
    const policy = toEffectivePolicy([organisation, repository, task, approval], 3);
    const standing = toStandingPolicy(policy);
    expect(standing).toEqual(toStandingPolicy(toEffectivePolicy([repository, organisation], 5)));
    expect(new Set(standing.map(({ layer }) => layer))).toEqual(new Set(["organisation", "repository"]));
    expect(toStandingPolicy(toEffectivePolicy([task], 2))).toEqual([]);
    expect(toPolicyBeforeApproval(policy)).toEqual(toEffectivePolicy([organisation, repository, task], 3));
  });
});

test("the limits are the least that any layer says", () => {
  const layers = [task, organisation, repository];
  expect([toEffectiveBudget(layers), effectiveStage(layers), effectiveNetwork(layers)]).toEqual([
    { ...budget, tokens: 3 },
    3,
    "none",
  ]);
  expect([toEffectiveBudget([task]), effectiveStage([organisation]), effectiveNetwork([task])]).toEqual([
    budget,
    4,
    "gateway",
  ]);
  expect([toEffectiveBudget([]), effectiveStage([]), effectiveNetwork([])]).toEqual([
    { ...budget, tokens: null },
    1,
    "none",
  ]);
});

test("layers are compiled by rank, however they are given", () => {
  expect(compilePolicy([approval, task, organisation, repository]).layers.map(({ layer }) => layer)).toEqual([
    "organisation",
    "repository",
    "task",
    "approval",
  ]);
});
