import { describe, expect, test } from "vitest";
import { block, documentOf, eventOf } from "../../test/draft-edits.ts";
import { judge } from "../../test/facts.ts";
import { blockedDraft, failDraft, passDraft } from "../../test/golden-drafts.ts";
import { seal } from "../../test/seal.ts";
import type { FailureCode } from "../index.ts";

describe("verifyBundle on honest bundles", () => {
  test("accepts an honest bundle for failures that other documents bear out", () => {
    const cases: readonly (readonly [FailureCode, "fail" | "blocked", Record<string, unknown>])[] = [
      ["claim_mismatch", "fail", { claims_match: false }],
      ["disallowed_file_change", "fail", { allowed_writes_passed: false }],
      ["forbidden_path_change", "fail", { forbidden_paths_passed: false }],
      ["dirty_ending_tree", "fail", {}],
    ];
    for (const [code, status, fields] of cases) {
      const draft = block(passDraft(), status, code);
      Object.assign(documentOf(draft, "report.json"), fields);
      expect([code, ...judge(seal(draft))]).toEqual([code, "unsigned"]);
    }
  });

  test("accepts a patch that is kept out for a secret, or cut for want of room, and no other absence", () => {
    const quarantined = block(passDraft(), "blocked", "secret_leak");
    delete quarantined.texts["patch.diff"];
    Object.assign(documentOf(quarantined, "run.json"), { pointers: {} });
    quarantined.documents["proofs/no-effect.json"] = {
      ...blockedDraft().documents["proofs/no-effect.json"],
      run_id: quarantined.runId,
      process_started: true,
    };
    expect(judge(seal(quarantined))).toEqual(["unsigned"]);
    const cut = block(passDraft(), "fail", "artifact_write_failure");
    cut.texts["patch.diff"] = cut.texts["patch.diff"]?.slice(0, 50) ?? "";
    expect(judge(seal(cut))).toEqual(["unsigned"]);
    const lost = failDraft();
    delete lost.texts["patch.diff"];
    Object.assign(documentOf(lost, "run.json"), { pointers: {} });
    expect(judge(seal(lost))).toEqual(["contradictory", "PATCH_FILES_DIFFER"]);
  });

  test("accepts a provider code at the end of a run and several closed gates before one", () => {
    const met = block(passDraft(), "blocked", "provider_auth_unavailable");
    Object.assign((documentOf(met, "report.json").blockers as object[])[0] ?? {}, { event: "run.completed" });
    eventOf(met, "run.completed").data.blockers = ["provider_auth_unavailable"];
    met.documents["proofs/no-effect.json"] = {
      ...blockedDraft().documents["proofs/no-effect.json"],
      run_id: met.runId,
      process_started: true,
    };
    expect(judge(seal(met))).toEqual(["unsigned"]);
    const gates = blockedDraft();
    gates.events.splice(4, 0, { ...eventOf(gates, "backend.gate.blocked"), data: { case_executed: false } });
    expect(judge(seal(gates))).toEqual(["unsigned"]);
  });

  test("leaves the words of contracts, engines and repositories alone when it looks for host paths", () => {
    const draft = passDraft();
    const report = documentOf(draft, "report.json");
    report.title = "Fix /home/someone/x";
    documentOf(draft, "proofs/task.json").title = report.title;
    report.claims = { summary: "I looked at /Users/me" };
    report.claims_match = null;
    eventOf(draft, "engine.completed").data.claims = report.claims;
    const path = "/workspace/home/x/bin/node";
    for (const { resolved } of report.verification as { resolved: object }[]) Object.assign(resolved, { path });
    const { checks } = eventOf(draft, "verification.completed").data as { checks: { resolved: object }[] };
    for (const { resolved } of checks) Object.assign(resolved, { path });
    expect(judge(seal(draft))).toEqual(["unsigned"]);
  });

  test("accepts that nobody could compare the source of a run that was interrupted, and of no other", () => {
    const unknown = { equal: null };
    const interrupted = block(blockedDraft(), "blocked", "interrupted");
    Object.assign(documentOf(interrupted, "proofs/no-effect.json"), unknown);
    expect(judge(seal(interrupted))).toEqual(["unsigned"]);
    const blocked = blockedDraft();
    Object.assign(documentOf(blocked, "proofs/no-effect.json"), unknown);
    expect(judge(seal(blocked))).toEqual(["contradictory", "NO_EFFECT_CONTRADICTED"]);
  });

  test("accepts a run whose harness died: nobody saw the engine end, decided, or took the patch's paths", () => {
    const dead = block(passDraft(), "blocked", "interrupted");
    const unseen = {
      backend_exit: "not-started",
      backend_exit_code: null,
      changed_files: [],
      changes: [],
      verification: [],
      claims_match: null,
    };
    Object.assign(documentOf(dead, "report.json"), unseen);
    Object.assign(documentOf(dead, "report.json").source as object, { result_tree: null });
    Object.assign(documentOf(dead, "proofs/tree-state.json"), { result_tree: null, fresh_checkout_tree: null });
    dead.documents["proofs/no-effect.json"] = {
      ...blockedDraft().documents["proofs/no-effect.json"],
      run_id: dead.runId,
      equal: null,
      process_started: true,
      processes_left: null,
    };
    delete dead.documents["proofs/eligibility.json"];
    expect(judge(seal(dead))).toEqual(["unsigned"]);
  });

  test("compares the result with the tree after setup where there is one", () => {
    const draft = passDraft();
    const { source } = documentOf(draft, "report.json");
    Object.assign(source as object, { start_tree: "8c".repeat(20), baseline_tree: "2a".repeat(20) });
    expect(judge(seal(draft))).toEqual(["unsigned"]);
    Object.assign(source as object, { start_tree: "3b".repeat(20) });
    expect(judge(seal(draft))).toEqual(["contradictory", "TREE_CONTRADICTED"]);
  });

  test("reads the folders that were brought along, of this run only", () => {
    const draft = passDraft();
    const folders = [{ path: "node_modules", sha256: "0e".repeat(32), entries: 12 }];
    draft.documents["proofs/brought.json"] = { schema: "cto.brought-folders.v1", run_id: draft.runId, folders };
    expect(judge(seal(draft))).toEqual(["unsigned"]);
    Object.assign(documentOf(draft, "proofs/brought.json"), { run_id: "other" });
    expect(judge(seal(draft))).toEqual(["contradictory", "RUN_ID_DIFFERS"]);
  });

  test("accepts that a report of an interrupted run knows less than its events, and not that it knows something else", () => {
    const interrupted = (fields: Record<string, unknown>) => {
      const draft = block(passDraft(), "blocked", "interrupted");
      const report = documentOf(draft, "report.json");
      Object.assign(report, { changed_files: [], changes: [], verification: [], claims_match: null }, fields);
      Object.assign(report.source as object, { result_tree: null });
      Object.assign(documentOf(draft, "proofs/tree-state.json"), { result_tree: null, fresh_checkout_tree: null });
      const noEffect = { run_id: draft.runId, equal: null, process_started: true, processes_left: null };
      draft.documents["proofs/no-effect.json"] = {
        ...blockedDraft().documents["proofs/no-effect.json"],
        ...noEffect,
      };
      return draft;
    };
    expect(judge(seal(interrupted({})))).toEqual(["unsigned"]);
    expect(judge(seal(interrupted({ claims: {} })))).toEqual(["unsigned"]);
    expect(judge(seal(interrupted({ backend_exit: "canceled", backend_exit_code: null })))).toEqual(["unsigned"]);
    for (const fields of [{ backend_exit_code: 1 }, { claims: { tests_passed: false } }])
      expect(judge(seal(interrupted(fields)))).toEqual(["contradictory", "EVENT_DATA_DIFFERS"]);
    const other = interrupted({});
    Object.assign(documentOf(other, "proofs/tree-state.json"), { fresh_checkout_tree: "9a".repeat(20) });
    expect(judge(seal(other))).toEqual(["contradictory", "EVENT_DATA_DIFFERS"]);
    const cut = interrupted({});
    cut.texts["trace.jsonl"] = "";
    expect(judge(seal(cut))).toEqual(["unsigned"]);
  });

  test("accepts event data that were cleaned: redacted, cut or stripped of control characters", () => {
    const claimed = (claims: Record<string, unknown>, said: Record<string, unknown>) => {
      const draft = block(passDraft(), "fail", "dirty_ending_tree");
      Object.assign(documentOf(draft, "report.json"), { claims, claims_match: null });
      eventOf(draft, "engine.completed").data.claims = said;
      return judge(seal(draft));
    };
    const files = ["a", "b", "c"];
    expect(claimed({ summary: "bell\u0007!" }, { summary: "bell\ufffd!" })).toEqual(["unsigned"]);
    expect(claimed({ summary: "key sk-1" }, { summary: "key [redacted:model-key]" })).toEqual(["unsigned"]);
    expect(claimed({ summary: "long text" }, { summary: "long[cut: 5 more characters]" })).toEqual(["unsigned"]);
    expect(claimed({ files }, { files: ["a", "[cut: 2 more]"] })).toEqual(["unsigned"]);
    expect(claimed({ files, tests_passed: false }, { files, cut: true })).toEqual(["unsigned"]);
    for (const said of [
      { files: ["a", "b"] },
      { files: ["a", "[cut: 2 more]", "c"] },
      { files: ["b", "[cut: 2 more]"] },
      {},
    ])
      expect(claimed({ files }, said)).toEqual(["contradictory", "EVENT_DATA_DIFFERS"]);
    expect(claimed({ summary: "yes" }, { summary: "no [redacted:model-key]" })).toEqual([
      "contradictory",
      "EVENT_DATA_DIFFERS",
    ]);
  });

  test("accepts raw logs without a digest in the report of a run that was cut short, and a copy that was traced after its end", () => {
    const sealed = JSON.parse(new TextDecoder().decode(seal(passDraft()).get("report.json"))) as Record<
      string,
      unknown
    >;
    const { "test.log": _, ...artifact_digests } = sealed.artifact_digests as Record<string, string>;
    const fields = { artifact_digests, artifact_paths: Object.keys(artifact_digests) };
    const cut = block(passDraft(), "fail", "artifact_write_failure");
    Object.assign(documentOf(cut, "report.json"), fields);
    expect(judge(seal(cut))).toEqual(["unsigned"]);
    const whole = passDraft();
    Object.assign(documentOf(whole, "report.json"), fields);
    expect(judge(seal(whole))).toEqual(["contradictory", "ARTIFACT_DIGEST_DIFFERS"]);
    const late = passDraft();
    late.texts["trace.jsonl"] = late.texts["trace.jsonl"]?.replace("06:01:07", "06:01:59") ?? "";
    expect(judge(seal(late))).toEqual(["unsigned"]);
  });

  test("takes wildcards of the contract for the gates' matter, beyond their literal beginning", () => {
    for (const rule of ["**", "src/**", "src/*.js", "**/*.js", "src/slugify.js"]) {
      const draft = passDraft();
      Object.assign(documentOf(draft, "proofs/task.json"), { allowed_paths: [rule] });
      const [first] = documentOf(draft, "proofs/policy.json").rules as { value: unknown }[];
      Object.assign(first ?? {}, { value: rule });
      const [change] = documentOf(draft, "report.json").changes as object[];
      Object.assign(change ?? {}, { rule });
      expect([rule, ...judge(seal(draft))]).toEqual([rule, "unsigned"]);
    }
  });
});
