import { documentOf } from "./draft-edits.ts";
import { blockedDraft, failDraft, passDraft } from "./golden-drafts.ts";
import { type BundleDraft, seal } from "./seal.ts";
import { both, built, data, digests, document, eligibility, report, run, type Tampering, verification } from "./tampering.ts";

const other = "9a".repeat(20);
const task = (fields: Record<string, unknown>) => document("proofs/task.json", fields);
const treeState = (fields: Record<string, unknown>) => document("proofs/tree-state.json", fields);
const nested = (path: string, field: string, fields: Record<string, unknown>) => (draft: BundleDraft) =>
  void Object.assign(documentOf(draft, path)[field] as object, fields);
const change = (fields: Record<string, unknown>) => (draft: BundleDraft) => {
  const [first] = documentOf(draft, "report.json").changes as object[];
  Object.assign(first ?? {}, fields);
};
const text = (path: string, rewrite: (before: string) => string) => (draft: BundleDraft) => {
  draft.texts[path] = rewrite(draft.texts[path] ?? "");
};
const policyRule = (dimension: string, value: unknown) => (draft: BundleDraft) => {
  const rules = documentOf(draft, "proofs/policy.json").rules as { dimension: string; layer: string; value: unknown }[];
  for (const rule of rules) if (rule.dimension === dimension && rule.layer === "task") rule.value = value;
};
const contradictory = (name: string, from: () => BundleDraft, edit: (draft: BundleDraft) => void, ...codes: string[]) =>
  built(name, from, edit, "contradictory", ...codes);

const check = { id: "unit", exit: { kind: "exited", code: 0 }, passed: true, resolved: null };

/** One field of one event that says something else than the documents, in a log that is chained anew. */
const events: readonly Tampering[] = (
  [
    ["run.started", passDraft, { case_id: "other" }],
    ["run.started", passDraft, { task_id: "other" }],
    ["run.started", passDraft, { engine: "codex" }],
    ["run.started", passDraft, { stage: 3 }],
    ["task.contract.created", passDraft, { task_id: "other" }],
    ["task.contract.created", passDraft, { stage: 3 }],
    ["task.contract.created", passDraft, { task_digest: "00".repeat(32) }],
    ["task.contract.created", passDraft, { policy_digest: "00".repeat(32) }],
    ["task.contract.created", passDraft, { source_commit: other }],
    ["task.contract.created", passDraft, { source_digests: digests }],
    ["eligibility.decided", passDraft, { decision_id: "decision-2" }],
    ["eligibility.decided", passDraft, { eligible: false }],
    ["eligibility.decided", passDraft, { passed_gates: ["engine-ready"] }],
    ["eligibility.decided", passDraft, { missing_gates: ["engine-ready"] }],
    ["plan.updated", passDraft, { gates: [{ gate: "engine-ready", answer: "fail" }] }],
    ["plan.updated", passDraft, { gates: [null] }],
    ["plan.updated", passDraft, { checks: ["unit", "lint"] }],
    ["plan.updated", passDraft, { budget: { wall_seconds: 61, artifact_bytes: 1048576 } }],
    ["backend.gate.blocked", blockedDraft, { backend: "codex" }],
    ["backend.gate.blocked", blockedDraft, { mutation_mode: "fixture-copy" }],
    ["backend.gate.blocked", blockedDraft, { gate: "sandbox-available" }],
    ["engine.completed", passDraft, { end: { kind: "signaled", signal: "SIGKILL" } }],
    ["engine.completed", failDraft, { end: { kind: "exited", code: 7 } }],
    ["engine.completed", passDraft, { claims: { files: ["src/slugify.js"], tests_passed: true, committed: true } }],
    ["engine.completed", passDraft, { claims: { files: ["src/slugify.js"] } }],
    ["patch.applied", passDraft, { tree: other }],
    ["git.diff.checked", passDraft, { result_tree: other }],
    ["git.diff.checked", passDraft, { fresh_tree: other }],
    ["git.diff.checked", passDraft, { changed_files: 2 }],
    ["git.diff.checked", passDraft, { result_tree: null, changed_files: 0 }],
    ["verification.completed", passDraft, { ran: false }],
    ["verification.completed", passDraft, { checks: [] }],
    ["verification.completed", passDraft, { checks: [check] }],
    ["verification.completed", failDraft, { checks: [{ ...check, exit: { kind: "timed-out" }, passed: false }] }],
    ["run.completed", passDraft, { landing: "pending" }],
    ["run.completed", failDraft, { all_blockers: ["verification_failed", "timeout"] }],
    ["run.completed", failDraft, { all_blockers: [] }],
  ] as const
).map(([event, from, fields]) =>
  contradictory(
    `${event} of the ${from().documents["report.json"]?.status} with ${JSON.stringify(fields)}`,
    from,
    data(event, fields),
    "EVENT_DATA_DIFFERS",
  ),
);

/** Documents that restate one another, and a report that holds more than was announced. */
const documents: readonly Tampering[] = [
  contradictory(
    "an engine of another version",
    failDraft,
    nested("report.json", "engine", { version: "9.9.9" }),
    "EVENT_ENGINE_DIFFERS",
  ),
  contradictory(
    "a blocked run with a tree that was never applied",
    blockedDraft,
    treeState({ fresh_checkout_tree: other }),
    "EVENT_REQUIRED_MISSING",
  ),
  contradictory("a title that the contract does not have", passDraft, report({ title: "Other" }), "TASK_CONTRADICTED"),
  contradictory("a decision at another risk", passDraft, eligibility({ risk_class: "high" }), "ELIGIBILITY_CONTRADICTED"),
  ...(
    [
      ["allowed_paths", "**"],
      ["forbidden_paths", "x"],
      ["protected_paths", "x"],
      ["forbidden_actions", "merge"],
      ["network", "gateway"],
      ["budget", { wall_seconds: 1 }],
      ["stage", 3],
    ] as const
  ).map(([dimension, value]) =>
    contradictory(
      `a policy with other ${dimension} than the contract`,
      passDraft,
      policyRule(dimension, value),
      "POLICY_CONTRADICTED",
    ),
  ),
  contradictory(
    "a contract with a by-product that no policy has",
    passDraft,
    task({ by_products: ["dist/"] }),
    "POLICY_CONTRADICTED",
  ),
];

/** Changes, claims and verifications that a pass, or any run, cannot have. */
const outcomes: readonly Tampering[] = [
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
  contradictory("a pass whose claims nobody compared", passDraft, report({ claims_match: null }), "PASS_WITH_FALSE_CLAIM"),
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
      results.push({ ...first, log: { path: "test.log", bytes: 0, truncated: false } });
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

/** Files that the report leaves out, pointers that name other files, logs of other runs. */
const files: readonly Tampering[] = [
  contradictory(
    "a file that the report has no digest of",
    passDraft,
    (draft) => {
      const content = [...seal(draft).keys()].filter((path) => /^(?:backend|proofs)\//.test(path));
      report({ artifact_paths: content, artifact_digests: {} })(draft);
    },
    "ARTIFACT_DIGEST_DIFFERS",
  ),
  {
    name: "a backend log that came after the report",
    expected: ["contradictory", "ARTIFACT_DIGEST_DIFFERS"],
    make: () => {
      const draft = passDraft();
      const stored = JSON.parse(new TextDecoder().decode(seal(draft).get("report.json"))) as Record<string, unknown>;
      const { artifact_digests, artifact_paths } = stored;
      report({ artifact_digests, artifact_paths })(draft);
      draft.texts["backend/late.log"] = "late\n";
      return seal(draft);
    },
  },
  contradictory(
    "a test log that is shorter than its parts",
    passDraft,
    verification({ log: { path: "test.log", bytes: 23, truncated: false } }),
    "ARTIFACT_DIGEST_DIFFERS",
  ),
  contradictory(
    "a pointer to another file than its name says",
    passDraft,
    run({ pointers: { report: "review.json" } }),
    "POINTER_DIFFERS",
  ),
  contradictory(
    "a live log of another run",
    passDraft,
    text("events.ndjson", (before) => before.replaceAll(passDraft().runId, failDraft().runId)),
    "RUN_ID_DIFFERS",
  ),
  contradictory(
    "a live log that begins later",
    passDraft,
    text("events.ndjson", (before) => before.replace(/^.*\n/, "")),
    "LOG_CONTRADICTED",
  ),
  contradictory(
    "a live log with a line taken out",
    passDraft,
    text("events.ndjson", (before) => before.split("\n").toSpliced(1, 1).join("\n")),
    "LOG_CONTRADICTED",
  ),
  contradictory("an empty live log", passDraft, text("events.ndjson", () => ""), "LOG_CONTRADICTED"),
  contradictory("an empty trace", passDraft, text("trace.jsonl", () => ""), "LOG_CONTRADICTED"),
  ...["events.ndjson", "trace.jsonl"].flatMap((path) => [
    contradictory(
      `${path} of another day`,
      passDraft,
      text(path, (before) => before.replaceAll("2026-11-20", "2026-11-21")),
      "CLOCK_BACKWARDS",
    ),
    built(
      `${path} without its last LF`,
      passDraft,
      text(path, (before) => before.slice(0, -1)),
      "unverifiable",
      "EVENT_LINE_UNENDED",
    ),
    built(
      `${path} with plain text in it`,
      passDraft,
      text(path, (before) => `hello\n${before}`),
      "unverifiable",
      "JSON_SYNTAX",
    ),
    built(
      `${path} that ends in another format`,
      passDraft,
      text(path, (before) => `${before}{"schema":"cto.event.v1"}\n`),
      "unverifiable",
      "DOCUMENT_VERSION_UNKNOWN",
    ),
    built(
      `${path} that ends in a very long line`,
      passDraft,
      text(path, (before) => `${before}${"x".repeat(1024 * 1024 + 1)}\n`),
      "unverifiable",
      "EVENT_LINE_TOO_LONG",
    ),
  ]),
];

/** Consistent rewrites: what a bundle says twice differs, under digests and a chain that fit. */
export const tamperedRestatements: readonly Tampering[] = [...events, ...documents, ...outcomes, ...files];
