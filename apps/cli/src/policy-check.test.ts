import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startCli } from "./__fixtures__/cli-kit.ts";
import {
  admitTarget,
  createTarget,
  homeWith,
  nameless,
  organisation,
  policy,
  task,
} from "./__fixtures__/policy-kit.ts";

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

  it("reads every layout of contracts, each once", async () => {
    const wide = task.replace("src/a/", "lib/");
    const home = homeWith({
      "org.yaml": organisation,
      "cto/tasks/vat/task.yaml": wide,
      "cto/tasks/vat/fake.yaml": "schema: cto.fake-script.v1\nsteps: [{exit: 0}]\n",
      "cto/tasks/Not an id/task.yaml": wide,
      "cto/tasks/json/task.json": JSON.stringify({ schema: "cto.task.v1", id: "j", title: "T", brief: "B", stage: 4 }),
      "cto/tasks/short/task.yml": wide,
      "cto/tasks/plain.yml": wide,
      "cto/cases/one/task.yaml": wide,
      "cto/tasks/notes/readme.txt": "no contract",
    });
    const { code, stdout } = await policy(home, ["check", "--json"]);
    const { items, layers, problems } = JSON.parse(stdout);
    const files = (list: readonly { readonly file: string }[]) => list.map(({ file }) => file);
    expect([code, problems.map(({ file }: { readonly file: string }) => file), files(items)]).toEqual([
      3,
      ["./cto/tasks/json/task.json"],
      [
        "./cto/cases/one/task.yaml",
        "./cto/tasks/plain.yml",
        "./cto/tasks/Not an id/task.yaml",
        "./cto/tasks/short/task.yml",
        "./cto/tasks/vat/task.yaml",
      ],
    ]);
    expect(layers).toHaveLength(6);
  });

  it("wants room for a contract of stage 5 under one of the admitted targets, or under the one that is named", async () => {
    const staged = (stage: number) =>
      task.replace("brief: B", `brief: B\nstage: ${stage}`).replace("src/a/", "lib/x.js");
    const home = homeWith({
      ...nameless,
      "cto/tasks/five/task.yaml": staged(5),
      "cto/tasks/four/task.yaml": staged(4),
    });
    expect((await policy(home, ["check"])).code).toBe(0);
    const [shop, site] = [createTarget(home, "shop"), createTarget(home, "site")];
    await admitTarget(home, shop, "src/");
    const found = async (...args: readonly string[]) => {
      const { code, stdout } = await policy(home, ["check", ...args, "--json"]);
      const { items, problems } = JSON.parse(stdout);
      return [code, items.map(({ file, message }: Record<string, string>) => `${file}: ${message}`), problems.length];
    };
    const widening = (file: string) => [
      `${file}: allowed_paths[0] is lib/x.js and reaches lib/x.js, which is not in allowed_paths of the target layer (cto/admissions/target-shop.json)`,
    ];
    const five = "cto/tasks/five/task.yaml";
    expect(await found()).toEqual([1, widening(`./${five}`), 0]);
    expect(await found("--task", five)).toEqual([1, widening(five), 0]);
    expect(await found("--task", "cto/tasks/four/task.yaml")).toEqual([0, [], 0]);
    await admitTarget(home, site, "lib/");
    expect(await found()).toEqual([0, [], 0]);
    expect(await found("--target", shop)).toEqual([1, widening(`./${five}`), 0]);
    expect(await found("--target", site)).toEqual([0, [], 0]);
    expect(await found("--target", createTarget(home, "stranger"))).toEqual([3, [], 1]);
    writeFileSync(join(home, "cto/admissions/broken.json"), "{");
    expect(await found("--target", site)).toEqual([3, [], 1]);
    expect(await found("--target", shop)).toEqual([3, [], 1]);
  });

  it("reads a configuration of ten thousand rules", async () => {
    const rules = Array.from({ length: 10_000 }, (_, n) => `    - packages/frontend/components/component-${n}/`);
    const config = `schema: cto.config.v1\npolicy:\n  allowed_paths:\n${rules.join("\n")}\n`;
    const home = homeWith({
      ...nameless,
      "cto/config.yaml": config,
      "cto/tasks/one.yaml": task,
      "cto/tasks/fixture/a.txt": "a\n",
    });
    const { code, stdout } = await policy(home, ["check", "--json"]);
    expect([code, JSON.parse(stdout).items]).toMatchObject([1, [{ file: "./cto/tasks/one.yaml", value: "src/a/" }]]);
    const run = await startCli(home, ["run", "./cto/tasks/one.yaml"], {
      env: { CTO_ORG_POLICY: join(home, "org.yaml") },
    }).result;
    expect([run.code, run.stdout]).toEqual([3, expect.stringContaining("policy_widened")]);
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
    expect(stdout).toContain("1 layer read, 3 unreadable, 0 widenings");
  });
});
