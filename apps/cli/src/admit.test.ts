import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createHome, runCli } from "./__fixtures__/cli-kit.ts";

const folder = "cto/admissions";
const approval = ["--approval-source", "owner, ticket 17", "--review-trigger", "a new version"];
const digest = "a".repeat(64);

const ENGINE = [
  ...["engine", "codex", "--path", "/opt/codex", "--engine-version", "1.2.3", "--sha256", digest],
  ...[
    "--identity-command",
    "codex --version",
    "--identity-answer",
    "codex-cli 1.2.3",
    "--command-shape",
    '["codex","exec"]',
  ],
  ...approval,
];
const SOURCE = [
  ...["source", "--name", "codex", "--url", "https://example.org/codex", "--type", "npm-package", "--pinned", "1.2.3"],
  ...["--licence-status", "unresolved", "--licence-expression", "NOASSERTION", "--licence-note", "no licence file"],
  ...["--retrieval-command", "npm pack codex@1.2.3", "--integrity", "sha512-abc", "--protected-boundary", "all of it"],
  ...approval,
];
const MODEL = [
  ...[
    "model",
    "--provider",
    "acme",
    "--model",
    "large-1",
    "--credential-source",
    "environment",
    "--network",
    "external",
  ],
  ...approval,
];
const DECISION = [
  "decision",
  "--decision",
  "external_provider_approved",
  "--reason",
  "the code is public",
  ...approval,
];
const TARGET = [
  ...["--repository-owner", "team web", "--ownership-evidence", "catalogue", "--noncritical-rationale", "a page"],
  ...["--allowed-path", "src/", "--allowed-path", "a,b/", ...approval],
];

const admit = (home: string, ...args: readonly string[]) => runCli(home, "admit", ...args);
const read = (home: string, file: string) => JSON.parse(readFileSync(join(home, folder, file), "utf8"));

function createRepository(path: string): void {
  mkdirSync(path, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", "-C", path, ...args], {
      stdio: "ignore",
    });
  git("init");
  git("commit", "--allow-empty", "-m", "one");
}

describe("cto admit", () => {
  it("writes a model, says what is still missing, and after the decision what it permits", async () => {
    const home = createHome();
    const first = await admit(home, ...MODEL);
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`wrote ${folder}/model-acme-large-1.json`),
    });
    expect(first.stdout).toContain("missing_admission: permits nothing yet");
    expect(first.stdout).toContain("cto admit decision");
    expect(read(home, "model-acme-large-1.json")).toEqual({
      schema: "cto.model-admission.v1",
      provider: "acme",
      model: "large-1",
      id: "acme-large-1",
      credential_source: "environment",
      network: "external",
      prices: null,
      status: "admitted",
      approval_source: "owner, ticket 17",
      approval_timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      review_trigger: "a new version",
    });
    expect(await admit(home, ...DECISION)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("recorded: provider decision"),
    });
    const again = await admit(home, ...MODEL, "--replace", "--input-price", "1.5", "--output-price", "6");
    expect(again.stdout).toContain("admitted: model acme/large-1 may be asked");
    expect(read(home, "model-acme-large-1.json").prices).toEqual({
      input_usd_per_million: 1.5,
      output_usd_per_million: 6,
    });
  });

  it("writes an engine and its source, and lists both with their status", async () => {
    const home = createHome();
    expect(await admit(home, ...ENGINE)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("cto admit source --id codex"),
    });
    const source = await admit(home, ...SOURCE, "--json");
    expect(JSON.parse(source.stdout)).toMatchObject({
      schema: "cto.admit-result.v1",
      file: `${folder}/source-codex.json`,
      status: "admitted",
      means: "source codex 1.2.3 may be run in the sandbox, at stages 1 and 2 while its licence is unresolved",
      problems: [],
      hint: null,
    });
    expect(read(home, "engine-codex.json")).toMatchObject({
      engine: "codex",
      source: "codex",
      path: "/opt/codex",
      package: null,
      identity_probe: { command: ["codex", "--version"], answer: "codex-cli 1.2.3" },
      command_shape: ["codex", "exec"],
    });
    const { code, stdout } = await admit(home, "list", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "cto.admissions.v1",
      items: [
        { file: `${folder}/engine-codex.json`, kind: "engine", subject: "engine codex", status: "mismatch" },
        { file: `${folder}/source-codex.json`, kind: "source", subject: "source codex", status: "admitted" },
      ],
    });
  });

  it("names every missing and every wrong option at once where nobody can be asked, and writes nothing", async () => {
    const home = createHome();
    const { code, stderr } = await admit(home, "source", "--url", "http://example.org", "--type", "gem");
    expect(code).toBe(2);
    expect(stderr).toContain("--url: url is the text");
    expect(stderr).toContain("--type: type is the text");
    const missing = await admit(home, "source");
    const named = [...missing.stderr.matchAll(/^(?:error CLI_USAGE: )?--([a-z-]+): /gm)].map(([, option]) => option);
    expect(missing.code).toBe(2);
    expect(named.sort()).toEqual([
      ...["approval-source", "integrity", "licence-expression", "licence-note", "licence-status", "name", "pinned"],
      ...["protected-boundary", "retrieval-command", "review-trigger", "type", "url"],
    ]);
    expect(readdirSync(home)).toEqual([".git"]);
  });

  it("overwrites only with --replace, and never moves a pin in place", async () => {
    const home = createHome();
    await admit(home, ...SOURCE);
    expect(await admit(home, ...SOURCE)).toMatchObject({ code: 2, stderr: expect.stringContaining("RECORD_EXISTS") });
    const moved = SOURCE.map((word) => (word === "1.2.3" ? "1.2.4" : word));
    expect(await admit(home, ...moved, "--replace")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--previous codex"),
    });
    expect(read(home, "source-codex.json").pinned).toBe("1.2.3");
    const next = await admit(home, ...moved, "--id", "codex-2", "--previous", "codex");
    expect(next).toMatchObject({ code: 0, stdout: expect.stringContaining("mismatch: permits nothing yet") });
  });

  it("writes a target with the path from the home and all mandatory actions", async () => {
    const home = createHome();
    createRepository(join(home, "vendor/Site One"));
    const inside = await admit(home, "target", "vendor/Site One", ...TARGET, "--forbidden-action", "rebase");
    expect(inside).toMatchObject({ code: 0, stderr: "" });
    expect(inside.stdout).toContain("admitted: target site-one may be changed in src/, a,b/");
    expect(read(home, "target-site-one.json")).toMatchObject({
      target_repository_path: "vendor/Site One",
      admission_status: "admitted",
      risk_classification: "low_risk_noncritical",
      operator_outcome_required: true,
      allowed_paths: ["src/", "a,b/"],
      forbidden_paths: [],
      forbidden_actions: expect.arrayContaining(["push", "vendor_source_mutation", "rebase"]),
    });
    const elsewhere = createHome();
    createRepository(join(elsewhere, "x"));
    symlinkSync(join(elsewhere, "x"), join(home, "link"));
    expect((await admit(home, "target", "link", ...TARGET)).stdout).toContain("admitted: target x");
    expect(read(home, "target-x.json").target_repository_path).toBe(join(realpathSync(elsewhere), "x"));
  });

  it("refuses a target that is no repository, not its top, or in .cto", async () => {
    const home = createHome();
    createRepository(join(home, ".cto/disposable/r"));
    createRepository(join(home, "site"));
    mkdirSync(join(home, "site/src"));
    for (const [dir, reason] of [
      ["nowhere", "GIT_DIRECTORY_MISSING"],
      ["site/src", "GIT_NOT_THE_TOP_LEVEL"],
      [".cto/disposable/r", "lies in .cto"],
    ] as const)
      expect(await admit(home, "target", dir, ...TARGET)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(reason),
      });
    expect(existsSync(join(home, "cto"))).toBe(false);
  });

  it("refuses a secret in any option, and does not show it", async () => {
    const home = createHome();
    const token = `ghp_${"Ab12".repeat(9)}`;
    const { code, stderr, stdout } = await admit(home, ...DECISION, "--reason", `key ${token}`, "--json");
    expect([code, JSON.parse(stdout).code]).toEqual([2, "ADMISSION_SECRET"]);
    expect(stdout + stderr).not.toContain(token);
    expect(readdirSync(home)).toEqual([".git"]);
  });

  it("admits no fake, and nothing through a link", async () => {
    const home = createHome();
    expect(await admit(home, "engine", "fake")).toMatchObject({ code: 2, stderr: expect.stringContaining("built in") });
    symlinkSync(createHome(), join(home, "cto"));
    expect(await admit(home, ...DECISION)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("RECORD_UNWRITABLE"),
    });
  });

  it("lists a file that cannot be read first, with exit 3, as then nothing counts", async () => {
    const home = createHome();
    expect(await admit(home, "list")).toMatchObject({ code: 0, stdout: expect.stringContaining("no records yet") });
    await admit(home, ...DECISION);
    await admit(
      home,
      "exemption",
      "--engine",
      "codex",
      "--stage",
      "3",
      "--code",
      "timeout",
      "--reason",
      "r",
      ...approval,
    );
    await admit(
      home,
      "promotion",
      "--decision-status",
      "not_decided",
      "--ready-for-review",
      "no",
      "--next-decision",
      "later",
    );
    expect(readdirSync(join(home, folder))).toEqual([
      "exemption-codex-3-timeout.json",
      "promotion-promotion.json",
      "provider-decision.json",
    ]);
    writeFileSync(join(home, folder, "x.json"), "{");
    const { code, stdout } = await admit(home, "list", "--json");
    expect(code).toBe(3);
    const { items } = JSON.parse(stdout);
    expect(items).toHaveLength(4);
    expect(items[0]).toMatchObject({ file: `${folder}/x.json`, kind: null, status: "invalid_admission" });
    for (const item of items.slice(1))
      expect(item).toMatchObject({ status: "invalid_admission", means: "does not count yet" });
  });
});
