import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createHome, runCli } from "./__fixtures__/cli-kit.ts";

/** A home with one passed run of stage 2 and one key. Runs that wait for a decision are those of the walkthrough. */
async function createHomeWithRun(): Promise<{ readonly home: string; readonly runId: string }> {
  const home = createHome();
  const run = await runCli(home, "run", "r1-string-slugify", "--json");
  await runCli(home, "keys", "init", "ann", "--trust", "approver");
  return { home, runId: JSON.parse(run.stdout).run_id };
}

describe("cto accept and cto reject", () => {
  it.each(["accept", "reject"])(
    "%s: refuses a run that nobody has to decide about, and changes nothing",
    async (word) => {
      const { home, runId } = await createHomeWithRun();
      const { code, stdout } = await runCli(home, word, "latest", "--yes", "--json");
      expect([code, JSON.parse(stdout)]).toEqual([
        3,
        {
          schema: "cto.outcome-result.v1",
          run_id: runId,
          kind: "refused",
          code: "run_not_pending",
          message: "there is nothing to decide: the run is at stage 2, pass, landing none",
          hint: expect.stringMatching(/stage 5/),
        },
      ]);
      expect(readdirSync(join(home, ".cto"))).not.toContain("outcomes");
    },
  );

  it("refuses a bundle with one byte changed, and says where the work is", async () => {
    const { home, runId } = await createHomeWithRun();
    const file = join(home, ".cto/runs", runId, "patch.diff");
    writeFileSync(file, readFileSync(file, "utf8").replace("diff", "dIff"));
    const { code, stderr, stdout } = await runCli(home, "accept", runId.slice(0, -2));
    expect([code, stderr]).toEqual([3, ""]);
    expect(stdout).toMatch(/^not done bundle_not_valid: the bundle does not verify \(tampered\)/);
    expect(stdout).toContain(`nothing was changed; the work stays in .cto/runs/${runId}`);
  });

  it.each([
    ["no run", [], "CLI_USAGE"],
    ["an unknown run", ["no-such-run"], "STORE_RUN_NOT_FOUND"],
    ["an unknown option", ["latest", "--force"], "CLI_USAGE"],
    ["a reason without end", ["latest", "--reason", "x".repeat(2001)], "CLI_USAGE"],
    ["a secret in the reason", ["latest", "--reason", ["gh", "p_", "a".repeat(36)].join("")], "CLI_USAGE"],
  ])("exits with 2 for %s", async (_, args, errorCode) => {
    const { code, stdout } = await runCli(createHome(), "accept", ...args, "--json");
    expect([code, JSON.parse(stdout).code]).toEqual([2, errorCode]);
  });

  it("decides only about runs of its own home", async () => {
    const { home, runId } = await createHomeWithRun();
    const { code, stdout } = await runCli(createHome(), "accept", join(home, ".cto/runs", runId), "--json");
    expect([code, JSON.parse(stdout).code]).toEqual([2, "CLI_USAGE"]);
  });
});
