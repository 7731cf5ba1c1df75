import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore, type Store } from "@cto/bundle-store";
import type { EngineTask } from "@cto/engine-interface";
import { describe, expect, it } from "vitest";
import { createListeningEngine } from "../__fixtures__/governed-run.ts";
import { createPlace, runAt } from "../__fixtures__/ladder-kit.ts";
import {
  codesOf,
  createFolder,
  eventsOf,
  type KitOptions,
  messageOf,
  runKit,
  type SeenRun,
  writeFiles,
} from "../__fixtures__/run-kit.ts";

const change = { write: { path: "a.txt", text: "new\n" } };

/** The file of an organisation, with this text. */
function organisation(text: string): string {
  const file = join(createFolder(), "policy.yaml");
  writeFileSync(file, text);
  return file;
}

const says = (lines: string): KitOptions => ({ orgPolicy: organisation(`schema: cto.policy.v1\n${lines}\n`) });

/** A home whose repository has a policy. */
function homeWith(lines: string): Store {
  const home = createFolder();
  writeFiles(home, { "cto/config.yaml": `schema: cto.config.v1\npolicy:\n${lines.replace(/^/gm, "  ")}\n` });
  return openStore({ home });
}

function expectRefused(run: SeenRun, code: string, message: RegExp): void {
  expect(codesOf(run)).toEqual([code]);
  expect(messageOf(run)).toMatch(message);
  expect(run.report.process_started).toBe(false);
  expect(eventsOf(run).at(-2)).toBe("backend.gate.blocked");
  expect(run.verified).toMatchObject({ verdict: "unsigned", status: "blocked" });
  // Where policy, task and home lie is nobody's business who reads a bundle.
  for (const name of readdirSync(run.outcome.directory, { recursive: true }) as string[])
    if (/\.(?:json|jsonl|ndjson|md|html)$/.test(name)) expect(run.read(name)).not.toMatch(/cto-harness-/);
}

describe("a layer that widens is refused, with place and key", () => {
  it.each<[string, string, Readonly<Record<string, unknown>>, RegExp]>([
    ["paths", "allowed_paths: [docs/]", {}, /<task>\/task\.json:8 allowed_paths\[0\]: .*a\.txt.*<organisation policy>/],
    ["the stage", "stage: 2", {}, /task\.json:6 stage: .*3/],
    [
      "the budget",
      "budget: {wall_seconds: 60}",
      { budget: { wall_seconds: 61 } },
      /task\.json:22 budget\.wall_seconds: .*61/,
    ],
    ["the network", "network: none", { network: "gateway" }, /task\.json:21 network: .*gateway/],
    [
      "what tools may leave",
      "by_products: [out/]",
      { by_products: ["out/", "more/"] },
      /task\.json:23 by_products\[1\]: .*more/,
    ],
  ])("the task: %s", async (_what, lines, task, message) => {
    expectRefused(await runKit({ ...says(lines), task }), "policy_widened", message);
  });

  it("the repository: its own file and line", async () => {
    const store = homeWith("forbidden_paths: [x/]\nengines: [fake, codex]");
    const run = await runKit({ ...says("engines: [fake]"), store });
    expectRefused(run, "policy_widened", /cto\/config\.yaml:4 engines\[1\]: .*codex/);
  });
});

describe("a policy that cannot be known is a refusal, never a default", () => {
  it.each<[string, () => string, RegExp]>([
    ["is not there", () => join(createFolder(), "nothing.yaml"), /does not exist/],
    ["is a folder", createFolder, /expected a plain file/],
    [
      "is a link",
      () => {
        const file = organisation("schema: cto.policy.v1\n");
        renameSync(file, `${file}.real`);
        symlinkSync(`${file}.real`, file);
        return file;
      },
      /expected a plain file/,
    ],
    [
      "is a pipe, which nobody waits at",
      () => {
        const file = join(createFolder(), "pipe.yaml");
        spawnSync("mkfifo", [file]);
        return file;
      },
      /expected a plain file/,
    ],
    [
      "is larger than any policy",
      () => organisation(`#${" ".repeat(1024 * 1024)}\n`),
      /organisation policy cannot be read/,
    ],
    ["is no YAML", () => organisation("schema: [\n"), /organisation policy cannot be read/],
    [
      "is of another version",
      () => organisation("schema: cto.policy.v2\n"),
      /<organisation policy>:1:9 is not as it must be/,
    ],
    [
      "has a key that nobody knows",
      () => organisation("schema: cto.policy.v1\nforbiden_paths: [x/]\n"),
      /<organisation policy>:2:1 is not as it must be/,
    ],
    [
      "says a key twice",
      () => organisation("schema: cto.policy.v1\nstage: 2\nstage: 3\n"),
      /<organisation policy>:3:1 is not as/,
    ],
    ["is empty", () => organisation(""), /organisation policy cannot be read/],
  ])("the organisation's %s", async (_what, make, message) => {
    expectRefused(await runKit({ orgPolicy: make() }), "gate_missing", message);
  });

  it.each<[string, (home: string) => void, RegExp]>([
    [
      "is a link",
      (home) => {
        writeFiles(home, { "real.yaml": "schema: cto.config.v1\n", "cto/x": "" });
        symlinkSync(join(home, "real.yaml"), join(home, "cto/config.yaml"));
      },
      /the repository policy cannot be read: .*symbolic link|plain file/,
    ],
    [
      "lies behind a link",
      (home) => {
        writeFiles(home, { "elsewhere/config.yaml": "schema: cto.config.v1\n" });
        symlinkSync(join(home, "elsewhere"), join(home, "cto"));
      },
      /the repository policy cannot be read: .*symbolic link/,
    ],
    [
      "is a folder",
      (home) => void mkdirSync(join(home, "cto/config.yaml"), { recursive: true }),
      /the repository policy cannot be read/,
    ],
    [
      "has a pattern that leads out",
      (home) => writeFiles(home, { "cto/config.yaml": "schema: cto.config.v1\npolicy: {forbidden_paths: [../x]}\n" }),
      /the repository policy cannot be read: cto\/config\.yaml:2:\d+ is not as it must be/,
    ],
  ])("the repository's %s", async (_what, prepare, message) => {
    const home = createFolder();
    prepare(home);
    expectRefused(await runKit({ store: openStore({ home }) }), "gate_missing", message);
  });

  it.each<[string, (home: string) => void, RegExp]>([
    [
      "are behind a link",
      (home) => {
        renameSync(join(home, "cto/admissions"), join(home, "elsewhere"));
        symlinkSync(join(home, "elsewhere"), join(home, "cto/admissions"));
      },
      /cto\/admissions.*symbolic link/,
    ],
    [
      "are links",
      (home) => {
        renameSync(join(home, "cto/admissions/site.json"), join(home, "site.json"));
        symlinkSync(join(home, "site.json"), join(home, "cto/admissions/site.json"));
      },
      /cto\/admissions\/site\.json.*symbolic link/,
    ],
    [
      "have extra keys",
      (home) => writeFiles(home, { "cto/admissions/other.json": '{"schema": "cto.target-admission.v1", "extra": 1}' }),
      /cto\/admissions\/other\.json/,
    ],
  ])("the admission records %s", async (_what, prepare, message) => {
    const place = await createPlace();
    prepare(place.store.home);
    const run = await runAt(place, 5);
    expect(codesOf(run)).toEqual(["target_not_admitted"]);
    expect(messageOf(run)).toMatch(message);
    expect(run.verified.verdict).toBe("unsigned");
  });
});

describe("what an upper layer says holds in the run", () => {
  it("its forbidden path stops a real change of what the task allows, and the engine is told", async () => {
    const told: EngineTask[] = [];
    const engine = createListeningEngine(told);
    const task = { allowed_paths: ["**"], forbidden_paths: ["own/"], forbidden_actions: ["deploy"] };
    const steps = [change, { write: { path: "Secret/key.txt", text: "x\n" } }];
    const org = says("forbidden_paths: [secret/]\nforbidden_actions: [push]");
    const run = await runKit({ ...org, store: homeWith("forbidden_paths: [vendor/]"), engine, task, steps });
    expect(codesOf(run)).toEqual(["forbidden_path_change"]);
    expect(messageOf(run)).toContain("Secret/key.txt");
    expect(told).toMatchObject([
      { forbidden_paths: ["secret/", "vendor/", "own/"], forbidden_actions: ["push", "deploy"], allowed_paths: ["**"] },
    ]);
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "fail" });
  });

  it("its protected path and its forbidden action do", async () => {
    const policy = says("protected_paths: ['*.lock']\nforbidden_actions: [deploy]");
    const steps = [change, { write: { path: "x.lock", text: "x" } }, { attempt: { name: "deploy" } }];
    const run = await runKit({ ...policy, task: { allowed_paths: ["**"] }, steps });
    expect(codesOf(run)).toEqual(["protected_test_changed", "forbidden_action_attempted"]);
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("its budget ends a slow engine where the task says nothing", async () => {
    const run = await runKit({ ...says("budget: {wall_seconds: 1}"), steps: [change, { sleep: 30 }] });
    expect(codesOf(run)).toEqual(["timeout"]);
    expect(messageOf(run)).toContain("budget.wall_seconds (1 s)");
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("its budget ends an engine that uses or prints too much", async () => {
    const store = homeWith("budget: {tokens: 10, artifact_bytes: 20000}");
    const spent = await runKit({
      store,
      steps: [change, { use: { input_tokens: 8, output_tokens: 3 } }, { sleep: 30 }],
    });
    expect(codesOf(spent)).toEqual(["budget_exceeded"]);
    const loud = await runKit({
      store,
      steps: [{ print: { text: "x".repeat(1000), repeat: 100 } }, change, { sleep: 30 }],
    });
    expect(codesOf(loud)).toEqual(["artifact_write_failure"]);
    expect([spent, loud].map(({ verified }) => verified.verdict)).toEqual(["unsigned", "unsigned"]);
  });

  it("its stage holds for a task that permits no more itself", async () => {
    const run = await runKit({ ...says("stage: 1"), stage: 2, task: { stage: 2 } });
    expect(codesOf(run)).toEqual(["policy_widened", "gate_missing"]);
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("what tools may leave is what every layer permits", async () => {
    const store = homeWith("by_products: [out/]");
    const leave = (path: string) => runKit({ store, steps: [change, { write: { path, text: "x" } }] });
    const [inside, outside] = [await leave("out/x"), await leave("more/x")];
    expect([codesOf(inside), inside.report.by_products]).toEqual([[], ["out/x"]]);
    expect(codesOf(outside)).toEqual(["disallowed_file_change"]);
  });

  it("stands in the bundle with the layer of every rule, and in the digest", async () => {
    const run = await runKit({ ...says("forbidden_paths: [secret/]"), store: homeWith("forbidden_paths: [vendor/]") });
    const { rules } = JSON.parse(run.read("proofs/policy.json")) as {
      rules: readonly { dimension: string; value: unknown; layer: string }[];
    };
    expect(
      rules.filter(({ dimension }) => dimension === "forbidden_paths").map(({ layer, value }) => [layer, value]),
    ).toEqual([
      ["built-in", ".git/"],
      ["organisation", "secret/"],
      ["repository", "vendor/"],
    ]);
    expect(codesOf(run)).toEqual([]);
    expect(run.verified.verdict).toBe("unsigned");
  });
});
