import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  admitTarget,
  createTarget,
  homeWith,
  nameless,
  organisation,
  policy,
  task,
} from "./__fixtures__/policy-kit.ts";

describe("cto policy explain", () => {
  const files = {
    "org.yaml": organisation,
    "cto/config.yaml": "schema: cto.config.v1\n",
    "cto/cases/one/task.yaml": task,
  };

  it.each<[string, readonly string[], number, readonly string[]]>([
    ["an allowed path", ["src/x"], 0, ["allowed src/x", "taken for a path", "rule   src/", "org.yaml:2:17"]],
    ["the task's rule", ["./src/a/x", "--task", "one"], 0, ["rule   src/a/", "layer  task, one/task.yaml:6:5"]],
    ["a path in other case", ["src/Vendor/x"], 1, ["forbidden src/Vendor/x", "layer  organisation", "org.yaml:4:5"]],
    ["a path without a rule", ["lib/x"], 1, ["no rule lib/x", "organisation layer"]],
    ["a path that the task lacks", ["src/b", "--task", "one"], 1, ["no rule src/b", "task layer (one/task.yaml)"]],
    ["an action", ["push"], 1, ["forbidden push", "taken for an action (--as path", "org.yaml:5:21"]],
    ["a file named like an action", ["push", "--as", "path"], 1, ["no rule push", "taken for a path\n"]],
    ["an engine", ["fake"], 0, ["allowed fake", "taken for an engine"]],
    [
      "an engine that is not listed",
      ["codex", "--as", "engine"],
      1,
      ["forbidden codex", "engines: [fake]", "org.yaml:6:1"],
    ],
    ["a model", ["local/small"], 0, ["taken for a model", "org.yaml:7:10"]],
  ])("explains %s", async (_what, args, code, shown) => {
    const result = await policy(homeWith(files), ["explain", ...args]);
    expect([result.code, result.stderr]).toEqual([code, ""]);
    for (const text of shown) expect(result.stdout).toContain(text);
  });

  it("prints one document", async () => {
    const home = homeWith(files);
    const { code, stdout } = await policy(home, ["explain", "src/vendor/x", "--json"]);
    const file = join(home, "org.yaml");
    expect([code, JSON.parse(stdout)]).toEqual([
      1,
      {
        schema: "cto.policy-explanation.v1",
        what: "src/vendor/x",
        as: "path",
        verdict: "forbidden",
        allowed: false,
        rule: "src/vendor/",
        why: "forbidden_paths has src/vendor/, which covers src/vendor/x",
        layer: "organisation",
        file,
        line: 4,
        column: 5,
        layers: [
          { layer: "organisation", file },
          { layer: "repository", file: "cto/config.yaml" },
        ],
        widenings: 0,
        problems: [],
      },
    ]);
  });

  it("permits nothing while a layer cannot be read", async () => {
    const home = homeWith(files);
    rmSync(join(home, "org.yaml"));
    const absent = await policy(home, ["explain", "src/x", "--json"]);
    expect([absent.code, JSON.parse(absent.stdout)]).toMatchObject([3, { verdict: "unknown", allowed: false }]);
    writeFileSync(join(home, "real.yaml"), organisation);
    symlinkSync("real.yaml", join(home, "org.yaml"));
    const linked = await policy(home, ["explain", "src/x"]);
    expect([linked.code, linked.stdout.includes("unknown src/x")]).toEqual([3, true]);
  });

  it("says that a target without an admission adds no layer", async () => {
    const home = homeWith(files);
    const target = createTarget(home);
    const { code, stderr, stdout } = await policy(home, ["explain", "src/x", "--target", target, "--json"]);
    expect([code, stderr.startsWith("the target adds no layer (missing_admission: ")]).toEqual([0, true]);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: "allowed",
      problems: [{ layer: "target", file: target, message: expect.stringMatching(/^missing_admission: no target/) }],
    });
  });

  it("asks the layer of an admitted target, and knows nothing while a record cannot be believed", async () => {
    const home = homeWith(nameless);
    const target = createTarget(home);
    await admitTarget(home, target, "src/", "--forbidden-path", "src/secret/");
    const asked = ["explain", "src/secret/x", "--target", target];
    const known = await policy(home, asked);
    expect([known.code, known.stdout]).toEqual([
      1,
      expect.stringContaining("layer  target, cto/admissions/target-target.json"),
    ]);
    writeFileSync(join(home, "cto/admissions/broken.json"), "{");
    const unknown = await policy(home, [...asked, "--json"]);
    expect([unknown.code, JSON.parse(unknown.stdout)]).toMatchObject([
      3,
      { verdict: "unknown", allowed: false, problems: [{ layer: "target", file: "cto/admissions/broken.json" }] },
    ]);
    rmSync(join(home, "cto/admissions/broken.json"));
    const record = readFileSync(join(home, "cto/admissions/target-target.json"), "utf8");
    writeFileSync(join(home, "cto/admissions/other.json"), record);
    const twice = await policy(home, [...asked, "--json"]);
    expect([twice.code, JSON.parse(twice.stdout)]).toMatchObject([
      3,
      { verdict: "unknown", problems: [{ layer: "target", message: expect.stringContaining("invalid_admission") }] },
    ]);
  });

  it.each([["/etc/passwd"], [".."], ["a//b"]])("names no rule for %s, which is no path", async (path) => {
    const { code, stdout } = await policy(homeWith(files), ["explain", path]);
    expect([code, stdout.includes("is not a path inside the repository"), stdout.includes("  rule ")]).toEqual([
      1,
      true,
      false,
    ]);
  });

  it("counts what widens, and names the command that tells more", async () => {
    const home = homeWith({
      ...files,
      "cto/tasks/my task/task.yaml": task.replace("src/a/", "lib/"),
      "cto/config.yaml": "schema: cto.config.v1\npolicy: {engines: [codex]}\n",
    });
    const target = createTarget(home);
    const ask = async (...args: readonly string[]) =>
      (await policy(home, ["explain", "src/x", ...args])).stdout.split("\n").find((line) => line.includes("no run"));
    expect([
      await ask(),
      await ask("--task", "one"),
      await ask("--task", "cto/tasks/my task"),
      await ask("--task", "one", "--target", target),
    ]).toEqual([
      "  but 1 rule widens a layer above it, and no run starts: cto policy check",
      "  but 1 rule widens a layer above it, and no run starts: cto policy check --task one",
      "  but 2 rules widen a layer above them, and no run starts: cto policy check --task 'cto/tasks/my task'",
      `  but 1 rule widens a layer above it, and no run starts: cto policy check --task one --target ${target}`,
    ]);
  });

  it.each([[["src/"]], [["x", "--as", "colour"]], [["x", "--task", "nothing"]]])(
    "refuses %j as usage",
    async (args) => {
      const { code, stdout } = await policy(homeWith(files), ["explain", ...args, "--json"]);
      expect([code, JSON.parse(stdout).schema]).toEqual([2, "cto.error.v1"]);
    },
  );
});
