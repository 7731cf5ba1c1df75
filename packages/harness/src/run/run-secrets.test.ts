import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { codesOf, runKit } from "../__fixtures__/run-kit.ts";

describe("secrets and places", () => {
  it("terminal escapes and secrets of the output do not reach the logs", async () => {
    const secret = ["gh", "p_", "a".repeat(36)].join("");
    const run = await runKit({
      steps: [
        { print: { stream: "stdout", text: `\u001b[31mred\u001b[0m ${secret}\n` } },
        { write: { path: "a.txt", text: "new\n" } },
      ],
    });
    expect(run.read("backend/engine.stdout.log")).toContain("?[31mred?[0m [redacted:github-token]");
    for (const name of ["events.ndjson", "report.json", "observer/observer-data.json"])
      expect(run.read(name)).not.toContain(secret);
  });

  it("a secret in a binary file keeps the patch out of the bundle", async () => {
    const secret = ["gh", "p_", "c".repeat(36)].join("");
    const base64 = Buffer.concat([Buffer.from([0, 1, 2]), Buffer.from(secret)]).toString("base64");
    const run = await runKit({ steps: [{ write: { path: "a.txt", base64 } }] });
    expect(codesOf(run)).toEqual(["secret_leak"]);
    expect(existsSync(join(run.outcome.directory, "patch.diff"))).toBe(false);
    expect(JSON.stringify(run.report)).not.toContain(secret);
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("a secret in a file's name does not reach the bundle either", async () => {
    const secret = ["gh", "p_", "d".repeat(36)].join("");
    const run = await runKit({
      task: { allowed_paths: ["**"] },
      steps: [{ write: { path: `${secret}.txt`, text: "x" } }],
    });
    expect(codesOf(run)).toEqual(["secret_leak"]);
    expect(run.outcome.changedFiles.join()).not.toContain(secret);
    for (const name of [
      "report.json",
      "report.md",
      "review.json",
      "review.md",
      "observer/observer-data.json",
      "observer/index.html",
      "events.ndjson",
    ])
      expect(run.read(name)).not.toContain(secret);
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("what an engine prints of its mounts does not tell where the run was made", async () => {
    const run = await runKit({
      steps: [{ run: { argv: ["cat", "/proc/self/mountinfo"] } }, { write: { path: "a.txt", text: "new\n" } }],
    });
    expect(run.read("backend/engine.stdout.log")).toContain(".cto/tmp/");
    for (const name of ["backend/engine.stdout.log", "events.ndjson", "observer/observer-data.json"])
      expect(run.read(name)).not.toContain(run.store.home);
  });
});
