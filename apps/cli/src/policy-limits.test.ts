import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startCli } from "./__fixtures__/cli-kit.ts";
import { admitTarget, approved, createTarget, homeWith, nameless, policy, task } from "./__fixtures__/policy-kit.ts";

describe("cto policy explain, of a limit", () => {
  const limits = {
    "org.yaml": "schema: cto.policy.v1\nstage: 3\nnetwork: none\nbudget:\n  wall_seconds: 60\n",
    "cto/config.yaml": "schema: cto.config.v1\npolicy: {stage: 2, budget: {tokens: 10}}\n",
    "cto/cases/one/task.yaml": task,
  };

  it.each<[string, readonly string[], number, Readonly<Record<string, unknown>>]>([
    [
      "the stage",
      ["stage"],
      0,
      { as: "stage", verdict: "limited", value: 2, layer: "repository", line: 2, column: 17 },
    ],
    ["a lower stage", ["2", "--as", "stage"], 0, { verdict: "allowed", value: 2 }],
    ["a higher stage", ["3", "--as", "stage"], 1, { verdict: "forbidden", value: 2, rule: "stage: 2" }],
    ["the network", ["network"], 0, { as: "network", value: "none", layer: "organisation", line: 3, column: 10 }],
    ["another network", ["gateway", "--as", "network"], 1, { verdict: "forbidden", value: "none" }],
    ["the action of that name", ["network", "--as", "action"], 1, { verdict: "no-rule" }],
    ["a budget", ["budget.wall_seconds"], 0, { as: "budget", value: 60, layer: "organisation", line: 5, column: 17 }],
    ["a budget, in short", ["tokens", "--as", "budget"], 0, { value: 10, layer: "repository" }],
    ["a budget that nobody bounds", ["budget.usd", "--task", "one"], 0, { verdict: "no-rule", value: null }],
    ["a file of that name", ["stage", "--as", "path"], 1, { as: "path", verdict: "no-rule" }],
  ])("is explained: %s", async (_what, args, code, expected) => {
    const result = await policy(homeWith(limits), ["explain", ...args, "--json"]);
    const document = JSON.parse(result.stdout);
    expect([result.code, document]).toMatchObject([code, { allowed: code === 0, ...expected }]);
  });

  it.each([[["budget"]], [["7", "--as", "stage"]], [["lan", "--as", "network"]], [["x", "--as", "budget"]]])(
    "is refused as usage: %j",
    async (args) => {
      const { code, stdout } = await policy(homeWith(limits), ["explain", ...args, "--json"]);
      expect([code, JSON.parse(stdout).code]).toEqual([2, "CLI_USAGE"]);
    },
  );

  it("is what the closed gate of a run sends people to", async () => {
    const home = homeWith({
      ...limits,
      "org.yaml": "schema: cto.policy.v1\nstage: 1\n",
      "cto/config.yaml": "schema: cto.config.v1\n",
      "cto/cases/one/fixture/a.txt": "a\n",
      "cto/cases/one/fake.yaml": "schema: cto.fake-script.v1\nsteps: [{exit: 0}]\n",
    });
    const env = { CTO_ORG_POLICY: join(home, "org.yaml") };
    const { code, stdout } = await startCli(home, ["run", "one", "--stage", "2"], { env }).result;
    expect([code, stdout]).toEqual([3, expect.stringContaining("gate stage-permitted-by-policy")]);
    const [, ...words] = /`cto (policy explain) (\S+)`/.exec(stdout) ?? [];
    expect(words).toEqual(["policy explain", "stage"]);
    const explained = await policy(home, ["explain", "stage"]);
    expect([explained.code, explained.stdout]).toEqual([0, expect.stringContaining("org.yaml:2:8")]);
  });
});

describe("cto policy explain, where no layer names any", () => {
  const explain = async (home: string, word: string, env: NodeJS.ProcessEnv = {}, ...more: readonly string[]) => {
    const args = ["policy", "explain", word, ...more, "--json"];
    const all = { CTO_ORG_POLICY: join(home, "org.yaml"), CTO_ALLOW_ENGINE: "", ...env };
    const { code, stdout } = await startCli(home, args, { env: all }).result;
    const { allowed, as, verdict, why } = JSON.parse(stdout);
    return [code, as, verdict, allowed, why];
  };

  it("says which engine may run", async () => {
    const home = homeWith(nameless);
    expect(await explain(home, "fake")).toEqual([
      0,
      "engine",
      "no-rule",
      true,
      "no layer names engines: the built-in fake may run, others need CTO_ALLOW_ENGINE",
    ]);
    expect(await explain(home, "codex", {}, "--as", "engine")).toEqual([
      1,
      "engine",
      "no-rule",
      false,
      "no layer names engines: only the built-in fake may run; codex needs CTO_ALLOW_ENGINE=codex",
    ]);
    const optedIn = await explain(home, "codex", { CTO_ALLOW_ENGINE: "pi,codex" }, "--as", "engine");
    expect(optedIn.slice(0, 4)).toEqual([0, "engine", "no-rule", true]);
  });

  it("says whether the records admit a target", async () => {
    const home = homeWith(nameless);
    await admitTarget(home, createTarget(home, "shop"), "src/");
    expect(await explain(home, "shop")).toEqual([
      0,
      "target",
      "no-rule",
      true,
      "no layer names targets: its record admits it (cto/admissions/target-shop.json)",
    ]);
    const other = await explain(home, "other", {}, "--as", "target");
    expect(other.slice(0, 4)).toEqual([1, "target", "no-rule", false]);
    writeFileSync(join(home, "cto/admissions/broken.json"), "{");
    expect((await explain(home, "shop", {}, "--as", "target"))[0]).toBe(1);
  });

  it("says whether the records admit a model", async () => {
    const home = homeWith(nameless);
    const missing = await explain(home, "acme/large-1", {}, "--as", "model");
    expect(missing).toEqual([1, "model", "no-rule", false, expect.stringContaining("no record admits it")]);
    const model = ["model", "--provider", "acme", "--model", "large-1", "--credential-source", "environment"];
    for (const args of [
      [...model, "--network", "external", ...approved],
      ["decision", "--decision", "external_provider_approved", "--reason", "public code", ...approved],
    ])
      await startCli(home, ["admit", ...args]).result;
    expect((await explain(home, "acme/large-1")).slice(0, 4)).toEqual([0, "model", "no-rule", true]);
  });
});
