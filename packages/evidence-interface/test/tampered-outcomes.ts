import { documentOf } from "./draft-edits.ts";
import { failDraft, passDraft } from "./golden-drafts.ts";
import type { BundleDraft } from "./seal.ts";
import {
  both,
  check,
  contradictory,
  data,
  nested,
  policyRule,
  report,
  type Tampering,
  task,
  treeState,
} from "./tampering.ts";

const change = (fields: Record<string, unknown>) => (draft: BundleDraft) => {
  const [first] = documentOf(draft, "report.json").changes as object[];
  Object.assign(first ?? {}, fields);
};
/** Changes, claims and verifications that a pass, or any run, cannot have. */
export const tamperedOutcomes: readonly Tampering[] = [
  contradictory(
    "a pass of an engine that exited with 1",
    passDraft,
    both(report({ backend_exit_code: 1 }), data("engine.completed", { end: { kind: "exited", code: 1 } })),
    "PASS_WITHOUT_PROCESS",
  ),
  contradictory(
    "a pass of an engine that said that it failed",
    passDraft,
    data("engine.completed", { outcome: "failed" }),
    "PASS_WITHOUT_PROCESS",
  ),
  contradictory(
    "a pass whose claims nobody compared",
    passDraft,
    report({ claims_match: null }),
    "PASS_WITH_FALSE_CLAIM",
  ),
  contradictory(
    "a pass with a claimed file that did not change",
    passDraft,
    both(
      report({ claims: { files: ["src/other.js"] } }),
      data("engine.completed", { claims: { files: ["src/other.js"] } }),
    ),
    "CLAIMS_CONTRADICTED",
  ),
  contradictory(
    "a failed run with a mismatch that is no blocker",
    failDraft,
    report({ claims_match: false }),
    "CLAIMS_CONTRADICTED",
  ),
  contradictory(
    "a failed run whose claimed tests are a match",
    failDraft,
    both(
      report({ claims: { tests_passed: true }, claims_match: true }),
      data("engine.completed", { claims: { tests_passed: true } }),
    ),
    "CLAIMS_CONTRADICTED",
  ),
  contradictory(
    "a pass that verified twice under one id",
    passDraft,
    (draft) => {
      const results = documentOf(draft, "report.json").verification as Record<string, unknown>[];
      const [first] = results;
      results.push({ ...first, log: { path: "test.log", bytes: 1, truncated: false } });
      const known = { ...check, resolved: first?.resolved };
      data("verification.completed", { checks: [known, known] })(draft);
    },
    "PASS_WITHOUT_VERIFICATION",
  ),
  ...(["baseline_commit", "baseline_tree", "start_tree"] as const).map((field) =>
    contradictory(
      `a pass without ${field}`,
      passDraft,
      both(
        nested("report.json", "source", { [field]: null }),
        field === "start_tree" ? () => {} : nested("run.json", "source", { [field]: null }),
      ),
      "PASS_WITHOUT_PROOF",
    ),
  ),
  contradictory("a pass without a snapshot", passDraft, treeState({ workspace_after: null }), "PASS_WITHOUT_PROOF"),
  contradictory(
    "a pass with changes and equal snapshots",
    passDraft,
    treeState({ workspace_after: { sha256: "5d".repeat(32), entries: 3 } }),
    "TREE_CONTRADICTED",
  ),
  ...(
    [
      ["by a rule that no contract has", { rule: "**" }],
      ["by no rule", { rule: null }],
    ] as const
  ).flatMap(([name, fields]) =>
    [passDraft, failDraft].map((from) =>
      contradictory(
        `a change allowed ${name} in a ${from === passDraft ? "pass" : "fail"}`,
        from,
        change(fields),
        "CHANGES_CONTRADICTED",
      ),
    ),
  ),
  ...(
    [
      ["a directory that does not hold it", ["lib/"]],
      ["the name of another file", ["src/slugify.ts"]],
      ["a pattern that begins elsewhere", ["lib/**/*.js"]],
    ] as const
  ).map(([name, paths]) =>
    contradictory(
      `a change allowed by ${name}`,
      passDraft,
      both(change({ rule: paths[0] }), task({ allowed_paths: paths }), policyRule("allowed_paths", paths[0])),
      "CHANGES_CONTRADICTED",
    ),
  ),
  ...(["forbidden_paths", "protected_paths"] as const).flatMap((list) =>
    ["src", "src/", "src/slugify.js"].map((path) =>
      contradictory(
        `an allowed change under ${path} of ${list}`,
        passDraft,
        both(task({ [list]: [path] }), policyRule(list, path)),
        "CHANGES_CONTRADICTED",
      ),
    ),
  ),
  contradictory(
    "a failed run whose writes are allowed and a change is not",
    failDraft,
    change({ allowed: false, rule: null }),
    "CHANGES_CONTRADICTED",
  ),
];
