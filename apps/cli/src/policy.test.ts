import { execFileSync } from "node:child_process";
import { mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CliResult, createHome, startCli } from "./__fixtures__/cli-kit.ts";

const organisation = `schema: cto.policy.v1
allowed_paths: [src/, docs/]
forbidden_paths:
  - src/vendor/
forbidden_actions: [push]
engines: [fake]
models: [local/small]
`;
const task = `schema: cto.task.v1
id: one
title: T
brief: B
allowed_paths:
  - src/a/
verification: [{id: a, run: ["true"]}]
`;

function homeWith(files: Readonly<Record<string, string>>): string {
  const home = createHome();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
  return home;
}

function policy(home: string, args: readonly string[], orgPolicy = join(home, "org.yaml")): Promise<CliResult> {
  return startCli(home, ["policy", ...args], { env: { CTO_ORG_POLICY: orgPolicy } }).result;
}

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
    const target = join(home, "target");
    execFileSync("git", ["init", "-q", target]);
    const git = ["-C", target, "-c", "user.name=a", "-c", "user.email=a@example.org"];
    execFileSync("git", [...git, "commit", "-qm", "first", "--allow-empty"]);
    const { code, stderr } = await policy(home, ["explain", "src/x", "--target", realpathSync(target)]);
    expect([code, stderr.startsWith("the target adds no layer (missing_admission: ")]).toEqual([0, true]);
  });

  it.each([[["src/"]], [["x", "--as", "colour"]], [["x", "--task", "nothing"]]])(
    "refuses %j as usage",
    async (args) => {
      const { code, stdout } = await policy(homeWith(files), ["explain", ...args, "--json"]);
      expect([code, JSON.parse(stdout).schema]).toEqual([2, "cto.error.v1"]);
    },
  );
});

describe("cto policy check", () => {
  it("is clean where no layer widens, or none is there", async () => {
    const home = homeWith({ "org.yaml": organisation, "cto/cases/one/task.yaml": task });
    const { code, stdout } = await policy(home, ["check"]);
    expect([code, stdout]).toEqual([0, "2 layers read, 0 unreadable, 0 widenings\n"]);
  });

  it("finds every widening of the configuration, of all cases and of all tasks", async () => {
    const home = homeWith({
      "org.yaml": organisation,
      "cto/config.yaml": "schema: cto.config.v1\npolicy:\n  allowed_paths: [src/]\n  engines: [fake, codex]\n",
      "cto/cases/one/task.yaml": task.replace("src/a/", "docs/"),
      "cto/tasks/two.yaml": task.replace("src/a/", "lib/x.ts"),
    });
    const { code, stdout } = await policy(home, ["check", "--json"]);
    const { items, problems, schema } = JSON.parse(stdout);
    const found = items.map(({ code: name, column, file, key, line }: Record<string, unknown>) =>
      [name, file, line, column, key].join(" "),
    );
    expect([code, schema, problems, found]).toEqual([
      1,
      "cto.policy-check.v1",
      [],
      [
        "POLICY_WIDENED cto/config.yaml 4 19 engines[1]",
        "POLICY_WIDENED ./cto/cases/one/task.yaml 6 5 allowed_paths[0]",
        "POLICY_WIDENED ./cto/tasks/two.yaml 6 5 allowed_paths[0]",
      ],
    ]);
    const one = await policy(home, ["check", "--task", "one"]);
    expect([one.code, one.stdout.split("\n").filter((line) => line.startsWith("widens"))]).toEqual([
      1,
      [
        expect.stringContaining("engines[1] is codex, which is not in engines of the organisation layer"),
        expect.stringContaining("one/task.yaml:6:5: allowed_paths[0] is docs/ and reaches docs/x, which is not in"),
      ],
    ]);
  });

  it("lists every layer that cannot be read, and goes on with the others", async () => {
    const home = homeWith({
      "org.yaml": "schema: cto.policy.v1\nengine: [fake]\n",
      "cto/tasks/broken.yaml": "schema: cto.task.v1\n",
      "cto/admissions/broken.json": "{",
      "cto/cases/one/task.yaml": task,
    });
    const { code, stdout } = await policy(home, ["check"]);
    expect(code).toBe(3);
    for (const text of [
      'org.yaml:2:1: "engine" is not a key here, expected engines',
      "./cto/tasks/broken.yaml:",
      "broken.json",
    ])
      expect(stdout).toContain(text);
    expect(stdout).toContain("1 layers read, 3 unreadable, 0 widenings");
  });
});
