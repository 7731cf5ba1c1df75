import type { BundleDraft } from "./seal.ts";

/** A second of the golden minute. */
export const at = (second: number) => `2026-11-20T06:01:${String(second).padStart(2, "0")}.000Z`;

/** The events of the golden pass, with what the harness writes into them; the digests of contract and policy come with the seal. */
export function passEvents(facts: {
  readonly engineDigest: string;
  readonly resultTree: string;
}): BundleDraft["events"] {
  const { engineDigest, resultTree } = facts;
  return [
    {
      event: "run.started",
      at: at(0),
      data: { case_id: "r1-string-slugify", task_id: "r1-string-slugify", engine: "fake", stage: 2 },
    },
    {
      event: "task.contract.created",
      at: at(1),
      data: {
        task_id: "r1-string-slugify",
        stage: 2,
        source_commit: null,
        source_shallow: false,
        source_digests: null,
      },
    },
    {
      event: "eligibility.decided",
      at: at(2),
      data: {
        decision_id: "decision-1",
        eligible: true,
        passed_gates: ["sandbox-available", "engine-ready"],
        missing_gates: [],
      },
    },
    {
      event: "plan.updated",
      at: at(3),
      data: {
        gates: [
          { gate: "sandbox-available", answer: "pass" },
          { gate: "engine-ready", answer: "pass" },
        ],
        checks: ["unit"],
        budget: { wall_seconds: 60, artifact_bytes: 1048576 },
      },
    },
    {
      event: "engine.started",
      at: at(3),
      data: { engine: "fake", version: "0.1.0", executable_sha256: engineDigest },
    },
    {
      event: "engine.completed",
      at: at(5),
      data: {
        outcome: "completed",
        end: { kind: "exited", code: 0 },
        claims: { files: ["src/slugify.js"], tests_passed: true },
      },
    },
    { event: "patch.applied", at: at(6), data: { tree: resultTree } },
    {
      event: "git.diff.checked",
      at: at(7),
      data: { result_tree: resultTree, fresh_tree: resultTree, changed_files: 1 },
    },
    {
      event: "verification.completed",
      at: at(8),
      data: {
        ran: true,
        checks: [
          {
            id: "unit",
            exit: { kind: "exited", code: 0 },
            passed: true,
            resolved: { path: "/opt/cto/node/bin/node", sha256: "6e".repeat(32) },
          },
        ],
      },
    },
    { event: "run.completed", at: at(9), data: { status: "pass", landing: "none", all_blockers: [] } },
  ].map(({ data, ...event }) => ({ ...event, data: { ...data, blockers: [] } }));
}
