import type { BundleDraft } from "./seal.ts";

/** The golden contract with all its defaults, and the policy that follows from it. */
export function contractDocuments(command: readonly string[]): BundleDraft["documents"] {
  return {
    "proofs/task.json": {
      schema: "cto.task.v1",
      id: "r1-string-slugify",
      title: "Make slugify work",
      brief: "slugify must lower-case its text and put dashes for spaces.",
      authority_basis: "",
      risk_class: "low",
      stage: 2,
      allowed_paths: ["src/"],
      forbidden_paths: ["secrets/"],
      forbidden_actions: ["push"],
      protected_paths: ["test/"],
      setup: [],
      bring: [],
      by_products: [],
      diff_required: true,
      approval: { required: false, expires_minutes: 60 },
      budget: { wall_seconds: 60, tokens: null, usd: null, artifact_bytes: 1048576 },
      network: "none",
      success_criteria: [],
      rollback: null,
      verification: [{ id: "unit", run: command, timeout_seconds: 300, reads: "none", compare_baseline: false }],
    },
    "proofs/policy.json": {
      schema: "cto.effective-policy.v1",
      stage: 2,
      rules: [
        { dimension: "allowed_paths", value: "src/", layer: "task" },
        { dimension: "forbidden_paths", value: ".git/", layer: "built-in" },
        { dimension: "forbidden_paths", value: "secrets/", layer: "task" },
        { dimension: "protected_paths", value: "test/", layer: "task" },
        { dimension: "forbidden_actions", value: "push", layer: "task" },
        { dimension: "network", value: "none", layer: "task" },
        {
          dimension: "budget",
          value: { wall_seconds: 60, tokens: null, usd: null, artifact_bytes: 1048576 },
          layer: "task",
        },
        { dimension: "stage", value: 2, layer: "task" },
      ],
    },
  };
}
