import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { type BundleDocuments, isRunFacts, toRunFacts } from "../index.ts";

const golden = resolve(import.meta.dirname, "../../../evidence-interface/src/__fixtures__/valid");
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

function bundleOf(
  name: string,
  change: (path: string, document: Record<string, unknown>) => unknown = (_, value) => value,
): BundleDocuments {
  const folder = join(golden, name);
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return {
    run_id: "the-run",
    document: (path) =>
      paths.includes(path) ? change(path, JSON.parse(readFileSync(join(folder, path), "utf8"))) : undefined,
    events: readFileSync(join(folder, "events.normalized.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
    paths,
  };
}

const inReport = (more: object) =>
  toRunFacts(
    bundleOf("pass", (path, document) => (path === "report.json" ? { ...document, ...more } : document)),
    sha256,
  );

describe("the facts of a bundle", () => {
  test("are small, and what its documents say", () => {
    const facts = toRunFacts(bundleOf("pass"), sha256);
    const { artifacts, events, report_fields, ...rest } = facts;
    expect(rest).toEqual({
      run_id: "the-run",
      task_id: "r1-string-slugify",
      task_digest: "4b7e713614716214f3c98ded96281851316e2f99d822ca47f710b323ebb5ddb8",
      stage: 2,
      status: "pass",
      codes: [],
      isolation: "bubblewrap",
      process_started: true,
      engine: { id: "fake", version: "0.1.0", executable_sha256: "4c".repeat(32) },
      model: null,
      standing_policy_digest: sha256("[]"),
      target_id: null,
      landing: "none",
      decision_sha256: null,
      compared_with: null,
      compared_lanes: null,
      comparison_lacks: null,
      allowed: { writes: true, forbidden: true },
      processes_left: null,
    });
    expect(artifacts.filter((path) => path.startsWith("backend/"))).toEqual(["backend/"]);
    expect(events.at(-1)).toBe("run.completed");
    expect(report_fields).toContain("task_digest");
    expect(JSON.stringify(facts).length).toBeLessThan(2500);
    expect(isRunFacts(JSON.parse(JSON.stringify(facts)))).toBe(true);
    expect(isRunFacts({ ...facts, stage: 7 })).toBe(false);
  });

  test("of a refused run say so", () => {
    expect(toRunFacts(bundleOf("blocked-before-start"), sha256)).toMatchObject({
      stage: 1,
      status: "blocked",
      codes: ["gate_missing"],
      process_started: false,
      processes_left: 0,
    });
  });

  test("name the compared run, the target and the model", () => {
    const model = {
      provider: "acme",
      model: "large",
      runtime_provider: "acme",
      admission_status: "admitted",
      requests: 1,
      input_tokens: 1,
      output_tokens: 1,
    };
    expect(inReport({ model, comparison: { run_id: "by-fake", verdict: "equal", differences: [] } })).toMatchObject({
      model: { provider: "acme", model: "large" },
      compared_with: "by-fake",
    });
    expect(inReport({ comparison: { run_id: "../x" } }).compared_with).toBeNull();
  });

  test("tell which approval was spent, and why a comparison is not complete", () => {
    const withDocument = (path: string, value: unknown) => {
      const bundle = bundleOf("pass");
      return toRunFacts({ ...bundle, document: (one) => (one === path ? value : bundle.document(one)) }, sha256);
    };
    const claim = {
      schema: "cto.approval-claim.v1",
      packet_sha256: "1".repeat(64),
      decision_sha256: "2".repeat(64),
      run_id: "the-run",
      claimed_at: "2026-11-20T06:01:00.000Z",
    };
    expect(withDocument("proofs/approval-claim.json", claim).decision_sha256).toBe("2".repeat(64));
    const lane = { engine: "fake", manifest_sha256: null, run_id: null, stage: null, status: null, codes: [] };
    const lacksOf = (more: object) =>
      withDocument("proofs/comparison.json", {
        schema: "cto.comparison.v1",
        task_id: "a",
        lanes: [{ ...lane, missing: "no run" }],
        aspects: [{ aspect: "events", equal: true, differences: [] }],
        complete: false,
        runtime_default_activation: false,
        ...more,
      }).comparison_lacks;
    expect(lacksOf({})).toBe("no run");
    expect(lacksOf({ lanes: [] })).toBe("there is no lane of fake");
    const present = { ...lane, run_id: "a", manifest_sha256: "3".repeat(64), stage: 5, status: "pass", missing: null };
    const aspects = [{ aspect: "events", equal: false, differences: ["only fake has x", "y"] }];
    expect(lacksOf({ lanes: [present], aspects })).toBe("events differs: only fake has x");
    expect(lacksOf({ complete: true })).toBeNull();
  });

  test("know the standing policy by its rules, whatever the task's rules are", () => {
    const withRules = (rules: readonly object[]) =>
      toRunFacts(
        bundleOf("pass", (path, document) => (path === "proofs/policy.json" ? { ...document, rules } : document)),
        sha256,
      ).standing_policy_digest;
    const standing = { dimension: "forbidden_paths", value: "secrets/", layer: "organisation" };
    const task = { dimension: "allowed_paths", value: "src/", layer: "task" };
    expect(withRules([task, standing])).toBe(withRules([standing]));
    expect(withRules([standing])).not.toBe(withRules([{ ...standing, layer: "repository" }]));
    expect(withRules([standing])).not.toBe(withRules([]));
  });
});
