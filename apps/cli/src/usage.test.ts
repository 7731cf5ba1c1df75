import { describe, expect, it } from "vitest";
import { createHome, runCli } from "./__fixtures__/cli-kit.ts";

const groups = [[], ["runs"], ["cases"], ["engines"]];

describe("a command that only holds others", () => {
  it.each(groups)("cto %s %s: its help on standard error, exit 2", async (...group) => {
    const home = createHome();
    const bare = await runCli(home, ...group);
    expect([bare.code, bare.stdout]).toEqual([2, ""]);
    expect(bare.stderr).toMatch(new RegExp(`^Usage: ${["cto", ...group].join(" ")} `));
    const asked = await runCli(home, ...group, "--help");
    expect([asked.code, asked.stderr]).toEqual([0, ""]);
    expect(asked.stdout.trim()).toBe(bare.stderr.trim());
  });

  it.each(groups)("cto %s %s --json: one error document", async (...group) => {
    const { code, stdout } = await runCli(createHome(), ...group, "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([
      2,
      { schema: "cto.error.v1", code: "CLI_USAGE", message: expect.stringContaining("needs a command: ") },
    ]);
  });
});

describe("an unknown command", () => {
  it.each([
    [["fleet", "--help"], "unknown command cto fleet", ""],
    [["fleet", "-h"], "unknown command cto fleet", ""],
    [["help", "fleet"], "unknown command cto fleet", ""],
    [["reprot"], "unknown command cto reprot", "Did you mean report? "],
    [["runs", "lits", "--help"], "unknown command cto runs lits", "Did you mean list? "],
  ])("%j: an error, exit 2", async (args, message, hint) => {
    const { code, stdout } = await runCli(createHome(), ...args, "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([2, { schema: "cto.error.v1", code: "CLI_USAGE", message }]);
    expect(JSON.parse(stdout).hint.startsWith(`${hint}\`cto`)).toBe(true);
  });
});
