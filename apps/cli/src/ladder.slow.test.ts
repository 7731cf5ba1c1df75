import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { comparisonSchema, type Ladder, ladderSchema } from "@cto/evidence-interface";
import { beforeAll, describe, expect, it } from "vitest";
import { createHome, runCli } from "./__fixtures__/cli-kit.ts";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const task = "r1-string-slugify";
const failureCases = ["no-diff", "disallowed-file", "failed-tests", "missing-test-command", "missing-event"];

// Not by `createHome`: those go after each test, and this one is for all of them.
const template = mkdtempSync(join(tmpdir(), "cto-ladder-"));
beforeAll(async () => {
  mkdirSync(join(template, ".git"));
  await runCli(template, "run", task, "--stage", "1");
  for (const name of failureCases) await runCli(template, "run", `failure-${name}`);
  await runCli(template, "run", task);
  return () => rmSync(template, { recursive: true, force: true });
}, 60_000);

/** A home in which the fake has proven stage 2, made by real runs. */
function createProvenHome(): string {
  const home = createHome();
  execFileSync("cp", ["-a", join(template, ".cto"), home]);
  return home;
}

async function ladderOf(home: string, ...args: readonly string[]): Promise<Ladder> {
  const { code, stdout, stderr } = await runCli(home, "ladder", "--json", ...args);
  expect([code, stderr.includes("error")]).toEqual([0, false]);
  const ladder = ladderSchema.parse(JSON.parse(stdout));
  expect(ladder.items.every((item) => item.runtime_default_activation === false)).toBe(true);
  return ladder;
}

/** The proven stage of the fake as it is now. */
async function stageOf(home: string): Promise<number | undefined> {
  return (await ladderOf(home)).items[0]?.proven_stage;
}

function runsOf(home: string, prefix: string): readonly string[] {
  return readdirSync(join(home, ".cto", "runs"))
    .filter((name) => name.startsWith(prefix))
    .sort();
}

function passOf(home: string): string {
  return runsOf(home, task).at(-1) ?? "";
}

describe("cto ladder", () => {
  it("says what a new place needs, and exits 0", async () => {
    const { code, stdout } = await runCli(createHome(), "ladder");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^fake \S+ {2}on every target: nothing is proven\n {2}stage 1 needs:\n {4}- no run at stage 1 that a gate held: `cto run <case> --engine fake --stage 1` makes one/,
    );
  });

  it("proves stages from real runs, and names the bundles behind each rung", async () => {
    const home = createProvenHome();
    const { items, left_out } = await ladderOf(home);
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ proven_stage: 2, repeatability_count: 1, candidate_default_eligible: false });
    expect(items[0]?.rungs.map(({ bundles }) => bundles.map(({ proves }) => proves))).toEqual([
      ["held by a gate at stage 1"],
      [
        `pass of ${task} at stage 2`,
        ...[
          "missing_required_event",
          "missing_test_command",
          "verification_failed",
          "disallowed_file_change",
          "no_diff",
        ].map((code) => `failure class ${code} at stage 2`),
      ],
    ]);
    expect(left_out).toEqual([]);
    const { stdout } = await runCli(home, "ladder", "--explain");
    expect(stdout).toContain("on every target: stage 2 is proven with 1 task\n");
    expect(stdout).toContain(`    ${passOf(home)}  pass of ${task} at stage 2\n`);
  });

  it("falls with one byte of one bundle, and says which", async () => {
    const home = createProvenHome();
    const file = join(home, ".cto", "runs", passOf(home), "report.md");
    truncateSync(file, statSync(file).size - 1);
    expect(await stageOf(home)).toBe(1);
    const { stdout } = await runCli(home, "ladder");
    expect(stdout).toContain(`run ${passOf(home)} is tampered (FILE_BYTES_DIFFER), so nothing older counts at stage 2`);
    await runCli(home, "run", task);
    expect(await stageOf(home)).toBe(2);
  });

  it("falls with a failure class's bundle", async () => {
    const home = createProvenHome();
    appendFileSync(join(home, ".cto", "runs", runsOf(home, "failure-no-diff")[0] ?? "", "test.log"), "x");
    // It may have been a violation, but the pass is newer.
    const { items } = await ladderOf(home);
    expect(items[0]).toMatchObject({ proven_stage: 1 });
    expect(items[0]?.rungs[1]?.missing).toEqual([expect.stringMatching(/^no run at stage 2 that ended no_diff: /)]);
  });

  it("falls when a bundle is gone or removed", async () => {
    const gone = createProvenHome();
    rmSync(join(gone, ".cto", "runs", passOf(gone)), { recursive: true });
    expect(await stageOf(gone)).toBe(1);
    const removed = createProvenHome();
    const run_id = passOf(removed);
    await runCli(removed, "runs", "rm", run_id);
    const { items, left_out } = await ladderOf(removed);
    expect(items[0]?.proven_stage).toBe(1);
    expect(left_out).toEqual([{ run_id, reason: `run ${run_id} was removed` }]);
  });

  it("falls with a violation, and rises with the next pass", async () => {
    const home = createProvenHome();
    await runCli(home, "run", "failure-hidden-mutation");
    expect(await stageOf(home)).toBe(1);
    await runCli(home, "run", task);
    expect(await stageOf(home)).toBe(2);
  });

  it("does not count for another policy, and tells why with --explain", async () => {
    const home = createProvenHome();
    mkdirSync(join(home, "cto"));
    writeFileSync(join(home, "cto", "config.yaml"), "schema: cto.config.v1\npolicy:\n  forbidden_paths: [secrets/]\n");
    const { stdout } = await runCli(home, "ladder", "--explain");
    expect(stdout).toContain(
      "had stage 2; does not count, the policy of organisation and repository is another one now",
    );
    const { stdout: short } = await runCli(home, "ladder");
    expect(short).toMatch(/^fake \S+ {2}on every target: nothing is proven\n/);
    expect(short).toContain("not shown: 1 of other versions or policies (--explain shows them)");
  });

  it("does not count for another executable of the same version", async () => {
    const home = createProvenHome();
    const other = join(createHome(), "dist");
    execFileSync("cp", ["-a", dist, other]);
    appendFileSync(join(other, "fake-engine.mjs"), "\n// rebuilt\n");
    const stdout = execFileSync(process.execPath, [join(other, "cto.js"), "ladder", "--explain"], {
      cwd: home,
      encoding: "utf8",
    });
    expect(stdout).toContain("on every target: nothing is proven");
    expect(stdout).toContain("had stage 2; does not count, the executable of fake is another one now");
  });

  it("is the same with a warm index, a cold one and a spoilt one", async () => {
    const home = createProvenHome();
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const index = join(home, ".cto", "index", "ladder.json");
    rmSync(index, { force: true });
    const cold = await ladderOf(home);
    expect(statSync(index).size).toBeGreaterThan(1000);
    expect(await ladderOf(home)).toEqual(cold);
    appendFileSync(index, " ");
    expect(await ladderOf(home)).toEqual(cold);
  });

  it("names an engine that it does not know, and a target that is no repository", async () => {
    const home = createHome();
    expect(await runCli(home, "ladder", "--engine", "fale")).toMatchObject({ code: 2, stdout: "" });
    expect(await runCli(home, "ladder", "--target", "nowhere")).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("cto compare", () => {
  it("has nothing to compare without a bundle", async () => {
    const { code, stdout } = await runCli(createHome(), "compare", task);
    expect(code).toBe(3);
    expect(stdout).toContain(`no run of ${task} verifies, so there is nothing to compare: cto run ${task} makes one`);
  });

  it("shows every lane with its run or the reason why there is none", async () => {
    const home = createProvenHome();
    const { code, stdout } = await runCli(home, "compare", task, "--json");
    expect(code).toBe(0);
    const { complete, lanes } = comparisonSchema.parse(JSON.parse(stdout));
    expect(complete).toBe(true);
    expect(lanes.map(({ engine, missing, run_id }) => [engine, run_id ?? missing])).toEqual([
      ["fake", passOf(home)],
      ["case", "this version has no adapter for case"],
      ["codex", "this version has no adapter for codex"],
      ["pi", "this version has no adapter for pi"],
    ]);
    expect((await runCli(home, "compare", task)).stdout).toMatch(/\ncomplete: nothing differs between the one lane/);
  });

  it("is not complete with a violation on the task", async () => {
    const home = createProvenHome();
    await runCli(home, "run", "failure-hidden-mutation");
    const { code, stdout } = await runCli(home, "compare", "failure-hidden-mutation");
    expect(code).toBe(1);
    expect(stdout).toMatch(/failure-closure +differs\n {4}- run failure-hidden-mutation-\S+ ended hidden_mutation\n/);
  });

  it("refuses a task file that cannot be read", async () => {
    expect(await runCli(createHome(), "compare", "./none.yaml")).toMatchObject({ code: 2, stdout: "" });
  });
});
