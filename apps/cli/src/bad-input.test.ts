import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createHome, runCli, startCli } from "./__fixtures__/cli-kit.ts";

describe("bad input", () => {
  const cases: readonly (readonly [string, string | Buffer, string])[] = [
    ["an empty file", "", "TASK_EMPTY"],
    ["a binary file", Buffer.from([0, 1, 2, 3, 0, 255]), "TASK_BINARY"],
    ["UTF-16", Buffer.from("\ufeffschema: cto.task.v1\n", "utf16le"), "TASK_ENCODING"],
    [
      "an unknown key",
      "schema: cto.task.v1\nid: a\ntitle: t\nbrief: b\nallowed_path: [a]\nverification: [{id: c, run: [true]}]\n",
      "TASK_INVALID",
    ],
    [
      "a glob that leaves the root",
      'schema: cto.task.v1\nid: a\ntitle: t\nbrief: b\nallowed_paths: ["../x"]\nverification: [{id: c, run: ["true"]}]\n',
      "TASK_INVALID",
    ],
    ["broken YAML", "schema: [\n", "TASK_SYNTAX"],
    ["50 MB", Buffer.alloc(50 * 1024 * 1024, 0x61), "TASK_TOO_LARGE"],
  ];
  it.each(cases)("%s: exit 2, a coded error, no bundle", async (_title, content, code) => {
    const home = createHome();
    writeFileSync(join(home, "task.yaml"), content);
    const result = await runCli(home, "run", "task.yaml", "--json");
    expect(result.code).toBe(2);
    expect(JSON.parse(result.stdout)).toMatchObject({ schema: "cto.error.v1", code });
    expect(result.stderr).not.toContain("    at ");
    expect(existsSync(join(home, ".cto/runs"))).toBe(false);
  });

  it("says file, line, column and the likely key", async () => {
    const home = createHome();
    writeFileSync(join(home, "task.yaml"), "schema: cto.task.v1\nid: a\ntitle: t\nbrief: b\nallowed_path: [a]\n");
    const { stderr } = await runCli(home, "run", "task.yaml");
    expect(stderr).toMatch(/task\.yaml:5:1: .*allowed_path.*allowed_paths/s);
  });

  it("a directory, a missing file, an unknown case, engine, option or stage: exit 2", async () => {
    const home = createHome();
    const codeOf = async (...args: string[]) => {
      const result = await runCli(home, ...args, "--json");
      expect(result.code).toBe(2);
      return JSON.parse(result.stdout).code;
    };
    expect(await codeOf("run", "./")).toBe("TASK_IS_DIRECTORY");
    expect(await codeOf("run", "./nothing.yaml")).toBe("TASK_NOT_FOUND");
    expect(await codeOf("run", "r1-string-slugfy")).toBe("TASK_NOT_FOUND");
    expect(await codeOf("run", "r1-string-slugify", "--engine", "nope")).toBe("CLI_ENGINE_UNKNOWN");
    expect(await codeOf("run", "r1-string-slugify", "--stage", "x")).toBe("CLI_USAGE");
    expect(await codeOf("run", "r1-string-slugify", "--stage", "3")).toBe("RUN_TARGET_MISSING");
    expect(await codeOf("run", "r1-string-slugify", "--isolation", "docker")).toBe("CLI_USAGE");
    expect(await codeOf("run", "r1-string-slugify", "--bogus")).toBe("CLI_USAGE");
    expect(await codeOf("run", "r1-string-slugify", "--ref", "main")).toBe("CLI_USAGE");
    for (const command of [["report"], ["runs", "show"], ["verify"]])
      expect(await codeOf(...command, "./")).toBe("CLI_NOT_A_RUN");
    expect(await codeOf("verify", "latest")).toMatch(/^STORE_/);
    expect(await codeOf("verify", "x", "--all")).toBe("CLI_USAGE");
  });

  it("shows a stack only with CTO_DEBUG=1", async () => {
    const home = createHome();
    expect((await runCli(home, "run", "nope")).stderr).not.toContain("    at ");
    expect((await startCli(home, ["run", "nope"], { env: { CTO_DEBUG: "1" } }).result).stderr).toContain("    at ");
  });
});
