import { block, documentOf, eventOf } from "./draft-edits.ts";
import { contractDocuments } from "./golden-contract.ts";
import { at, passEvents } from "./golden-events.ts";
import type { BundleDraft } from "./seal.ts";

const baselineCommit = "1f".repeat(20);
const baselineTree = "2a".repeat(20);
const resultTree = "3b".repeat(20);
const engineDigest = "4c".repeat(32);

const patch = `diff --git a/src/slugify.js b/src/slugify.js
index 1111111111111111111111111111111111111111..2222222222222222222222222222222222222222 100644
--- a/src/slugify.js
+++ b/src/slugify.js
@@ -1,3 +1,3 @@
 export function slugify(text) {
-  return text;
+  return text.toLowerCase().replaceAll(" ", "-");
 }
`;

const command = ["node", "--test"];

/** A run that passed: stage 2, the fake engine, one file changed, one verification. */
export function passDraft(): BundleDraft {
  const runId = "r1-string-slugify-20261120t060100000z-0a1b2c3d";
  const identity = { run_id: runId };
  const snapshot = { sha256: "5d".repeat(32), entries: 3 };
  return {
    runId,
    documents: {
      "run.json": {
        ...identity,
        schema: "cto.run-bundle.v1",
        cto_version: "0.1.0",
        case_id: "r1-string-slugify",
        task_id: "r1-string-slugify",
        engine_id: "fake",
        stage: 2,
        mode: "artificial-fixture",
        mutation_mode: "fixture-copy",
        target_kind: "fixture",
        isolation: "bubblewrap",
        source: {
          git_state: {
            work_tree: true,
            clean: true,
            head: "1f1f1f1f1f1f",
            attachment: "attached",
            staged: 0,
            unstaged: 0,
            untracked: 0,
          },
          baseline_commit: baselineCommit,
          baseline_tree: baselineTree,
        },
        lifecycle: "sealed",
        started_at: at(0),
        finished_at: at(9),
        duration_ms: 9000,
        pointers: {
          report: "report.json",
          events: "events.normalized.jsonl",
          live: "events.ndjson",
          manifest: "manifest.json",
          patch: "patch.diff",
        },
      },
      "report.json": {
        ...identity,
        schema: "cto.report.v1",
        case_id: "r1-string-slugify",
        task_id: "r1-string-slugify",
        title: "Make slugify work",
        status: "pass",
        backend: "fake",
        run_started_at: at(0),
        run_finished_at: at(9),
        backend_exit: "exited",
        backend_exit_code: 0,
        stage: 2,
        mutation_scope: "fixture-copy",
        diff_required: true,
        changed_files: ["src/slugify.js"],
        changes: [{ path: "src/slugify.js", change: "modified", allowed: true, rule: "src/" }],
        by_products: [],
        allowed_writes_passed: true,
        forbidden_paths_passed: true,
        approval_status: "not-required",
        landing: "none",
        verification: [
          {
            id: "unit",
            command,
            resolved: { path: "/opt/cto/node/bin/node", sha256: "6e".repeat(32) },
            exit: { kind: "exited", code: 0 },
            passed: true,
            tests: { passed: 4, failed: 0, skipped: 0 },
            duration_ms: 120,
            log: { path: "test.log", bytes: 20, truncated: false },
            ran_in: "fresh-checkout",
            isolation: "bubblewrap",
          },
        ],
        blockers: [],
        claims: { files: ["src/slugify.js"], tests_passed: true },
        claims_match: true,
        isolation: {
          kind: "bubblewrap",
          network: "none",
          writable: ["/workspace", "/tmp", "/home/cto"],
          limits: { memory: "watchdog", processes: "kernel" },
        },
        model: null,
        engine: { id: "fake", version: "0.1.0", executable_sha256: engineDigest, source_admission_status: "built-in" },
        process_started: true,
        source: {
          baseline_commit: baselineCommit,
          baseline_tree: baselineTree,
          start_tree: baselineTree,
          result_tree: resultTree,
        },
        runtime_default_activation: false,
      },
      "review.json": {
        ...identity,
        schema: "cto.review.v1",
        items: [{ weight: "note", subject: "change", path: "src/slugify.js", message: "One function changed." }],
      },
      ...contractDocuments(command),
      "proofs/eligibility.json": {
        schema: "cto.eligibility-decision.v1",
        decision_id: "decision-1",
        task_id: "r1-string-slugify",
        selected_backend: "fake",
        denied_backends: [],
        risk_class: "low",
        required_gates: ["sandbox-available", "engine-ready"],
        passed_gates: ["sandbox-available", "engine-ready"],
        missing_gates: [],
        allowed_mutation_mode: "fixture-copy",
        approval_required: false,
        reasons: ["every required gate passed"],
        escalation_path: null,
      },
      "proofs/tree-state.json": {
        ...identity,
        schema: "cto.tree-state.v1",
        workspace_before: snapshot,
        workspace_after: { sha256: "7f".repeat(32), entries: 3 },
        result_tree: resultTree,
        fresh_checkout_tree: resultTree,
        source_before: null,
        source_after: null,
        skipped_submodules: [],
      },
    },
    texts: {
      "report.md": "# Make slugify work\n\nPassed.\n",
      "review.md": "# Review\n\n- One function changed.\n",
      "patch.diff": patch,
      "test.log": "# unit\n4 tests passed\n",
      "trace.jsonl": [
        `{"schema":"cto.trace.v1","at":"${at(1)}","action":"copy fixture","duration_ms":3.5,"outcome":"ok","data":{}}`,
        `{"schema":"cto.trace.v1","at":"${at(7)}","action":"verification.unit","duration_ms":120,"outcome":"ok","data":{}}`,
        "",
      ].join("\n"),
      "events.ndjson": [
        `{"schema":"cto.live-event.v1","seq":1,"at":"${at(0)}","run_id":"${runId}","stream":"engine","kind":"stream.opened","data":{"id":"engine","kind":"terminal","transport":"ndjson","title":"fake"}}`,
        `{"schema":"cto.live-event.v1","seq":2,"at":"${at(4)}","run_id":"${runId}","stream":"engine","kind":"message","data":{"text":"done"}}`,
        `{"schema":"cto.live-event.v1","seq":3,"at":"${at(9)}","run_id":"${runId}","stream":"engine","kind":"message","data":{"text":"the end"}}`,
        "",
      ].join("\n"),
      "backend/engine.stdout.log": '{"type":"done"}\n',
      "observer/observer-data.json": '{"schema":"cto.observer-data.v1"}\n',
      "observer/index.html": "<!doctype html>\n",
    },
    events: passEvents({ engineDigest, resultTree }),
  };
}

/** The same run with a failing test. */
export function failDraft(): BundleDraft {
  const draft = renamed(passDraft(), "r1-string-slugify-20261120t060200000z-1a1b2c3d");
  const report = documentOf(draft, "report.json");
  report.verification = [
    {
      ...(report.verification as object[])[0],
      exit: { kind: "exited", code: 1 },
      passed: false,
      tests: { passed: 3, failed: 1, skipped: 0 },
    },
  ];
  report.claims = {};
  report.claims_match = null;
  eventOf(draft, "engine.completed").data.claims = {};
  const { checks } = eventOf(draft, "verification.completed").data as { checks: object[] };
  Object.assign(checks[0] ?? {}, { exit: { kind: "exited", code: 1 }, passed: false });
  return block(draft, "fail", "verification_failed");
}

/** A run at stage 1: no process is started and nothing is touched. */
export function blockedDraft(): BundleDraft {
  const draft = renamed(passDraft(), "r1-string-slugify-20261120t060300000z-2a1b2c3d");
  Object.assign(documentOf(draft, "run.json"), {
    stage: 1,
    mode: "gated-engine",
    mutation_mode: "none",
    target_kind: "none",
  });
  Object.assign(documentOf(draft, "run.json").source as object, { git_state: null });
  Object.assign(documentOf(draft, "report.json"), {
    stage: 1,
    mutation_scope: "none",
    backend_exit: "not-started",
    backend_exit_code: null,
    changed_files: [],
    changes: [],
    allowed_writes_passed: null,
    forbidden_paths_passed: null,
    verification: [],
    claims: {},
    claims_match: null,
    process_started: false,
    source: { baseline_commit: null, baseline_tree: null, start_tree: null, result_tree: null },
  });
  Object.assign(documentOf(draft, "run.json").source as object, { baseline_commit: null, baseline_tree: null });
  Object.assign(documentOf(draft, "report.json").engine as object, { version: null, executable_sha256: null });
  Object.assign(documentOf(draft, "proofs/policy.json"), { stage: 1 });
  Object.assign(documentOf(draft, "proofs/eligibility.json"), {
    selected_backend: null,
    denied_backends: [{ backend: "fake", reasons: ["stage 1 starts no engine"] }],
    passed_gates: ["sandbox-available"],
    missing_gates: ["engine-ready"],
    allowed_mutation_mode: "none",
  });
  draft.documents["proofs/no-effect.json"] = {
    schema: "cto.no-effect-proof.v1",
    run_id: draft.runId,
    subject: "none",
    before: null,
    after: null,
    equal: true,
    process_started: false,
    processes_left: 0,
  };
  Object.assign(documentOf(draft, "proofs/tree-state.json"), {
    workspace_before: null,
    workspace_after: null,
    result_tree: null,
    fresh_checkout_tree: null,
  });
  delete draft.texts["backend/engine.stdout.log"];
  draft.texts["patch.diff"] = "";
  draft.texts["test.log"] = "Not run: the engine was not started.\n";
  eventOf(draft, "run.started").data.stage = 1;
  eventOf(draft, "task.contract.created").data.stage = 1;
  Object.assign(eventOf(draft, "eligibility.decided").data, {
    eligible: false,
    passed_gates: ["sandbox-available"],
    missing_gates: ["engine-ready"],
  });
  Object.assign((eventOf(draft, "plan.updated").data.gates as object[])[1] ?? {}, { answer: "fail" });
  draft.events = [
    ...draft.events.slice(0, 4),
    {
      event: "backend.gate.blocked",
      at: at(8),
      data: { backend: "fake", gate: "engine-ready", reason: "stage 1", mutation_mode: "none", case_executed: false },
    },
    ...draft.events.slice(-1),
  ];
  return block(draft, "blocked", "gate_missing");
}

function renamed(draft: BundleDraft, runId: string): BundleDraft {
  return JSON.parse(JSON.stringify(draft).replaceAll(draft.runId, runId)) as BundleDraft;
}

/** The golden bundles by the name of their folder. */
export const goldenDrafts = { pass: passDraft, fail: failDraft, "blocked-before-start": blockedDraft } as const;
