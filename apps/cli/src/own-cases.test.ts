import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createHome, runCli } from "./__fixtures__/cli-kit.ts";

const contract =
  'schema: cto.task.v1\nid: mine\ntitle: Mine\nbrief: b\nallowed_paths: [a.txt]\nverification: [{id: c, run: ["true"]}]\n';

function writeCase(home: string, id: string, text: string): void {
  mkdirSync(join(home, "cto/cases", id, "fixture"), { recursive: true });
  writeFileSync(join(home, "cto/cases", id, "task.yaml"), text);
}

describe("cases of one's own", () => {
  it("a broken contract is listed with its first problem and hides no other case", async () => {
    const home = createHome();
    writeCase(home, "broken", "schema: cto.task.v1\nid: broken\nallowed_path: [a]\n");
    writeCase(home, "mine", contract);
    const { code, stdout } = await runCli(home, "cases", "list", "--json");
    expect(code).toBe(0);
    const { items } = JSON.parse(stdout);
    const itemOf = (id: string) => items.find((item: { id: string }) => item.id === id);
    expect(itemOf("broken")).toEqual({
      id: "broken",
      title: null,
      stage: null,
      risk_class: null,
      built_in: false,
      error: { code: "TASK_INVALID", message: expect.stringMatching(/^broken\/task\.yaml:\d+:\d+: .+/) },
    });
    expect(itemOf("mine")).toMatchObject({ title: "Mine", built_in: false, error: null });
    expect(itemOf("r1-string-slugify")).toMatchObject({ built_in: true, error: null });
    const text = (await runCli(home, "cases", "list")).stdout;
    expect(text).toMatch(/^broken +broken TASK_INVALID: broken\/task\.yaml:/m);
    expect(text).toMatch(/^mine +Mine$/m);
  });

  it("a case without expect.yaml cannot be compared: exit 2, before anything runs", async () => {
    const home = createHome();
    writeCase(home, "mine", contract);
    const { code, stdout } = await runCli(home, "cases", "run", "failure-no-diff", "mine", "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([
      2,
      { code: "CASE_EXPECTATION_MISSING", details: { file: "mine/expect.yaml" } },
    ]);
    expect(existsSync(join(home, ".cto"))).toBe(false);
  });
});

describe("what a person is told next", () => {
  it("a pass without walls says so, and the next command works as it is printed", async () => {
    const home = createHome();
    const { stdout } = await runCli(home, "run", "r1-string-slugify", "--isolation", "none");
    expect(stdout).toMatch(/^pass {2}\S+ {2}\(isolation none: /m);
    const next = /^ {2}next {6}(node \S+cto\.js) report (\S+)$/m.exec(stdout);
    expect((await runCli(home, "report", next?.[2] ?? "")).code).toBe(0);
    const walled = await runCli(home, "run", "r1-string-slugify");
    expect(walled.stdout).toMatch(/^pass {2}\S+$/m);
  });

  it("a folder that was named without its slash is suggested", async () => {
    const home = createHome();
    mkdirSync(join(home, "mine"));
    writeFileSync(join(home, "mine/task.yaml"), contract);
    const { code, stdout } = await runCli(home, "run", "mine", "--json");
    expect([code, JSON.parse(stdout).hint]).toEqual([2, expect.stringMatching(/^Did you mean \.\/mine\? /)]);
  });
});
