import { describe, expect, test } from "vitest";
import {
  compilePolicy,
  explainAction,
  explainEngine,
  explainModel,
  explainPath,
  explainTarget,
  isByProduct,
  parsePolicy,
  toApprovalLayer,
  toTargetLayer,
} from "../index.ts";
import { layerOf } from "./__fixtures__/policy-kit.ts";

const organisation = parsePolicy({
  file: "/etc/cto/policy.yaml",
  layer: "organisation",
  text: `schema: cto.policy.v1
allowed_paths: [src/, docs/]
forbidden_paths:
  - src/vendor/
forbidden_actions: [deploy, push]
by_products: [out/]
engines: [fake, codex]
models:
  - local/small
`,
});
const task = layerOf(
  "task",
  {
    allowed_paths: ["src/*", "src/vendor/", "docs/.gitattributes"],
    protected_paths: ["src/a.test.ts"],
    forbidden_actions: ["push"],
  },
  new Map([["allowed_paths[0]", { line: 5, column: 3 }]]),
);
const nowhere = { layer: null, file: null, line: null, column: null };

describe("a policy of two layers", () => {
  const policy = compilePolicy([task, organisation]);

  test("names the layer that forbids, and for an allowed path the task's rule", () => {
    expect(explainPath(policy, "src/Vendor/x")).toEqual({
      verdict: "forbidden",
      allowed: false,
      rule: "src/vendor/",
      why: "forbidden_paths has src/vendor/, which covers src/Vendor/x",
      layer: "organisation",
      file: "/etc/cto/policy.yaml",
      line: 4,
      column: 5,
    });
    expect(explainPath(policy, "src/a.ts")).toEqual({
      verdict: "allowed",
      allowed: true,
      rule: "src/*",
      why: "allowed_paths has src/*, which matches src/a.ts",
      layer: "task",
      file: "task.yaml",
      line: 5,
      column: 3,
    });
    expect(explainPath(compilePolicy([organisation]), "docs/x")).toMatchObject({
      allowed: true,
      rule: "docs/",
      line: 2,
    });
  });

  test("says which layer has no rule for a path", () => {
    const whyOf = (path: string) => explainPath(policy, path).why;
    expect(whyOf("lib/a")).toBe(
      "no rule of allowed_paths in the organisation layer (/etc/cto/policy.yaml) matches lib/a",
    );
    expect(whyOf("docs/x")).toBe("no rule of allowed_paths in the task layer (task.yaml) matches docs/x");
    expect(explainPath(policy, "docs/.gitattributes")).toEqual({
      verdict: "no-rule",
      allowed: false,
      rule: null,
      why: "no rule of allowed_paths in the organisation layer (/etc/cto/policy.yaml) names docs/.gitattributes",
      ...nowhere,
    });
    expect(explainPath(policy, "src/.git/config")).toMatchObject({ verdict: "forbidden", rule: ".git/", ...nowhere });
  });

  test("explains an engine, a model, a target and an action", () => {
    const there = { layer: "organisation", file: "/etc/cto/policy.yaml" };
    expect(explainEngine(policy, "codex")).toEqual({
      verdict: "allowed",
      allowed: true,
      rule: "codex",
      why: "engines of the organisation layer lists codex",
      ...there,
      line: 7,
      column: 17,
    });
    expect(explainEngine(policy, "pi")).toEqual({
      verdict: "forbidden",
      allowed: false,
      rule: "engines: [fake, codex]",
      why: "engines of the organisation layer (/etc/cto/policy.yaml) does not list pi",
      ...there,
      line: 7,
      column: 1,
    });
    expect(explainModel(policy, "local/small")).toMatchObject({ allowed: true, line: 9, column: 5 });
    expect(explainModel(policy, "local/Small").verdict).toBe("forbidden");
    expect(explainTarget(policy, "shop")).toEqual({
      verdict: "no-rule",
      allowed: false,
      rule: null,
      why: "no layer names targets",
      ...nowhere,
    });
    expect(explainAction(policy, "push")).toEqual({
      verdict: "forbidden",
      allowed: false,
      rule: "push",
      why: "forbidden_actions of the organisation layer has push",
      ...there,
      line: 5,
      column: 29,
    });
    expect(explainAction(policy, "merge").verdict).toBe("no-rule");
  });

  test("permits nothing of a kind whose list is empty", () => {
    const closed = compilePolicy([layerOf("organisation", { allowed_paths: [], engines: [], by_products: [] }), task]);
    expect([explainPath(closed, "src/a.ts").verdict, explainEngine(closed, "fake").verdict]).toEqual([
      "no-rule",
      "forbidden",
    ]);
    expect([isByProduct(closed, "out/x"), isByProduct(policy, "out/x"), isByProduct(closed, "__pycache__/x")]).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe("the layers of records", () => {
  const admission = {
    allowed_paths: ["src/"],
    forbidden_paths: ["src/x/"],
    forbidden_actions: ["push"],
  } as unknown as Parameters<typeof toTargetLayer>[0];

  test("hold the paths and actions of an admitted target, and what an approver narrowed", () => {
    expect(toTargetLayer(admission, "shop.json")).toEqual({
      layer: "target",
      file: "shop.json",
      says: { allowed_paths: ["src/"], forbidden_paths: ["src/x/"], forbidden_actions: ["push"] },
      places: new Map(),
    });
    const { says } = toApprovalLayer({ forbidden_paths: ["src/y"] }, "decision.json");
    const policy = compilePolicy([
      toTargetLayer(admission, "shop.json"),
      { layer: "approval", file: "d", says, places: new Map() },
    ]);
    expect(["src/a", "src/x/a", "src/y"].map((path) => explainPath(policy, path).layer)).toEqual([
      "target",
      "target",
      "approval",
    ]);
  });

  test("with a malformed pattern are refused", () => {
    const refused = expect.objectContaining({ code: "PATH_RULE_INVALID" });
    expect(() => toTargetLayer({ ...admission, allowed_paths: ["/"] }, "f")).toThrow(refused);
    expect(() => toApprovalLayer({ forbidden_paths: ["a/../b"] }, "f")).toThrow(refused);
  });
});

describe("a forbidden path of any layer", () => {
  const policy = compilePolicy([
    layerOf("task", { allowed_paths: ["**"] }),
    layerOf("organisation", { forbidden_paths: ["secrets/", "caf\u00e9.txt", "stra\u00dfe/*"] }),
  ]);

  test.each([
    "SECRETS/x",
    "secrets",
    "\u017fecrets/x",
    "se\u200bcrets/x",
    "secrets\u00ad/x",
    "cafe\u0301.txt",
    "CAFE\u0301.TXT",
    "caf\u00c9.txt",
    "STRASSE/x",
    "stra\u1e9ee/x",
  ])("covers %j", (path) => {
    expect(explainPath(policy, path).verdict).toBe("forbidden");
  });

  test("leaves alone what is another name", () => {
    for (const path of ["secret/x", "secrets2/x", "cafe.txt", "strase/x"])
      expect([path, explainPath(policy, path).verdict]).toEqual([path, "allowed"]);
  });
});
