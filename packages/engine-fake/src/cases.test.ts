import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import { executable } from "./__fixtures__/session.ts";
import { parseFakeScript } from "./index.ts";

const cases = fileURLToPath(new URL("../../../fixtures/cases/", import.meta.url));
const ids = readdirSync(cases);

const scriptOf = (id: string) =>
  parseFakeScript({ file: `${id}/fake.yaml`, text: readFileSync(join(cases, id, "fake.yaml"), "utf8") });

function verify(id: string, cwd: string): number | null {
  const task = parseDocument(readFileSync(join(cases, id, "task.yaml"), "utf8"));
  const [file = "", ...args] = (task.getIn(["verification", 0, "run"], false) as { toJSON(): string[] }).toJSON();
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return spawnSync(file, args, { cwd, env: { ...env, PYTHONDONTWRITEBYTECODE: "1" } }).status;
}

describe("the built-in cases", () => {
  it("all have a script that is valid", () => {
    expect(ids).toContain("r1-string-slugify");
    for (const id of ids) expect(scriptOf(id).steps.length).toBeGreaterThan(0);
  });

  it.each(ids.filter((id) => id.startsWith("r1-")))(
    "%s fails its own check before the change and passes it after",
    (id) => {
      const cwd = mkdtempSync(join(tmpdir(), "case-"));
      try {
        cpSync(join(cases, id, "fixture"), cwd, { recursive: true });
        spawnSync("git", ["init", "--quiet"], { cwd });
        expect(verify(id, cwd)).toBe(1);
        const run = spawnSync(process.execPath, [executable], {
          cwd,
          input: JSON.stringify(scriptOf(id)),
          encoding: "utf8",
        });
        expect(run).toMatchObject({ status: 0, stderr: expect.not.stringContaining("fake-engine:") });
        expect(verify(id, cwd)).toBe(0);
      } finally {
        rmSync(cwd, { recursive: true, force: true });
      }
    },
  );
});
