import { documentOf, eventOf } from "./draft-edits.ts";
import type { BundleDraft } from "./seal.ts";
import {
  addAdmissions,
  addRung,
  modelDraft,
  stage3Draft,
  stage4Draft,
  stage5Draft,
  stage6Draft,
} from "./stage-drafts.ts";
import { both, contradictory, data, document, failed, nested, report, type Tampering } from "./tampering.ts";

const rung = (fields: Record<string, unknown>) => document("proofs/rung.json", fields);
const disposable = (fields: Record<string, unknown>) => document("proofs/disposable.json", fields);
const comparison = (fields: Record<string, unknown>) => document("proofs/comparison.json", fields);
const guard = (fields: Record<string, unknown>) => document("proofs/route-guard.json", fields);
const drop = (path: string) => (draft: BundleDraft) => void delete draft.documents[path];
const admitted = (index: number, fields: Record<string, unknown>) => (draft: BundleDraft) => {
  const items = documentOf(draft, "proofs/admissions.json").items as object[];
  Object.assign(items[index] ?? {}, fields);
};
const lane = (index: number, fields: Record<string, unknown>) => (draft: BundleDraft) => {
  const lanes = documentOf(draft, "proofs/comparison.json").lanes as object[];
  Object.assign(lanes[index] ?? {}, fields);
};
const aspect = (fields: Record<string, unknown>) => (draft: BundleDraft) => {
  const [first] = documentOf(draft, "proofs/comparison.json").aspects as object[];
  Object.assign(first ?? {}, fields);
};
const guardCheck = (check: string, passed: boolean) => ({ check, passed, detail: "seen" });
const guardChecks = (passed: boolean) =>
  ["stage-5-proven", "two-tasks-accepted", "comparison-complete", "promotion-requested"].map((check) =>
    guardCheck(check, passed),
  );
const keepMissingLanes = (draft: BundleDraft) => {
  const { lanes } = documentOf(draft, "proofs/comparison.json") as { lanes: { run_id: unknown }[] };
  comparison({ lanes: lanes.filter(({ run_id }) => run_id === null) })(draft);
};
const as = (source_admission_status: string) => nested("report.json", "engine", { source_admission_status });
const failing = failed("dirty_ending_tree", "fail");

/** Admissions, rungs, throwaway repositories and comparisons that do not bear out what ran. */
export const tamperedStages: readonly Tampering[] = [
  contradictory(
    "an engine and a model without admissions",
    modelDraft,
    drop("proofs/admissions.json"),
    "ADMISSION_CONTRADICTED",
  ),
  contradictory(
    "admissions of another run",
    modelDraft,
    document("proofs/admissions.json", { run_id: "other" }),
    "RUN_ID_DIFFERS",
  ),
  contradictory(
    "an engine whose record does not fit",
    modelDraft,
    both(admitted(0, { status: "mismatch" }), as("mismatch")),
    "ADMISSION_CONTRADICTED",
  ),
  contradictory(
    "an engine whose source is not admitted",
    modelDraft,
    (draft) => {
      const { items } = documentOf(draft, "proofs/admissions.json") as { items: object[] };
      items.push({ ...items[0], kind: "source", status: "not_admitted" });
    },
    "ADMISSION_CONTRADICTED",
  ),
  contradictory(
    "an engine at stage 3 that was only opted in",
    stage3Draft,
    (draft) => {
      documentOf(draft, "run.json").engine_id = "codex";
      report({ backend: "codex" })(draft);
      nested("report.json", "engine", { id: "codex", source_admission_status: "missing_admission" })(draft);
      document("proofs/eligibility.json", { selected_backend: "codex" })(draft);
      data("run.started", { engine: "codex" })(draft);
      data("engine.started", { engine: "codex" })(draft);
      addAdmissions(draft, [{ kind: "executable", id: null, status: "missing_admission" }]);
      addRung(draft, 2);
    },
    "ADMISSION_CONTRADICTED",
  ),
  contradictory(
    "a model that is not admitted",
    modelDraft,
    both(admitted(2, { status: "not_admitted" }), nested("report.json", "model", { admission_status: "not_admitted" })),
    "ADMISSION_CONTRADICTED",
  ),
  contradictory(
    "a model while nothing is decided on providers",
    modelDraft,
    admitted(1, { status: "not_admitted" }),
    "ADMISSION_CONTRADICTED",
  ),
  contradictory("another answer for the engine in the report", modelDraft, as("admitted"), "ADMISSION_CONTRADICTED"),
  contradictory(
    "another answer for the model in the report",
    modelDraft,
    nested("report.json", "model", { admission_status: "missing_admission" }),
    "ADMISSION_CONTRADICTED",
  ),
  contradictory(
    "a target that is not admitted",
    stage5Draft,
    admitted(0, { status: "mismatch" }),
    "ADMISSION_CONTRADICTED",
  ),
  contradictory(
    "a target that nobody looked up",
    stage5Draft,
    drop("proofs/admissions.json"),
    "ADMISSION_CONTRADICTED",
  ),

  contradictory("an engine at stage 4 without a rung", stage4Draft, drop("proofs/rung.json"), "RUNG_CONTRADICTED"),
  contradictory("a rung of another run", stage4Draft, rung({ run_id: "other" }), "RUN_ID_DIFFERS"),
  contradictory(
    "an engine on a rung that is not proven",
    stage4Draft,
    rung({ proven: false, missing: ["no_diff at stage 2"] }),
    "RUNG_CONTRADICTED",
  ),
  contradictory("a rung of another stage", stage4Draft, rung({ required_stage: 2 }), "RUNG_CONTRADICTED"),
  contradictory("a rung of no stage", stage4Draft, rung({ required_stage: null }), "RUNG_CONTRADICTED"),
  contradictory("a rung that no run asked for", stage3Draft, (draft) => addRung(draft, 1), "RUNG_CONTRADICTED"),
  contradictory(
    "a proven rung that lacks something",
    stage4Draft,
    rung({ missing: ["timeout at stage 3"] }),
    "RUNG_CONTRADICTED",
  ),
  contradictory("a rung that nothing holds", stage4Draft, rung({ bundles: [] }), "RUNG_CONTRADICTED"),
  contradictory(
    "a run that stands on itself",
    stage4Draft,
    (draft) => {
      const { bundles } = documentOf(draft, "proofs/rung.json") as { bundles: object[] };
      rung({ bundles: [...bundles, { run_id: draft.runId, manifest_sha256: "e0".repeat(32), proves: "a pass" }] })(
        draft,
      );
    },
    "RUNG_CONTRADICTED",
  ),
  contradictory(
    "a proven rung in a run that was refused for want of it",
    stage6Draft,
    (draft) => {
      failed("stage_not_proven", "blocked")(draft);
      addRung(draft, 5);
    },
    "RUNG_CONTRADICTED",
  ),

  contradictory(
    "a pass at stage 4 without a throwaway repository",
    stage4Draft,
    drop("proofs/disposable.json"),
    "PASS_WITHOUT_PROOF",
  ),
  ...(
    [
      ["of another run", { run_id: "other" }, "RUN_ID_DIFFERS"],
      ["on another base", { base_commit: "00".repeat(20) }, "DISPOSABLE_CONTRADICTED"],
      ["with another branch", { branch: "refs/heads/cto/other" }, "DISPOSABLE_CONTRADICTED"],
      ["with another tree", { tree: "00".repeat(20) }, "DISPOSABLE_CONTRADICTED"],
      ["without a commit of its own", { commit: "1f".repeat(20) }, "DISPOSABLE_CONTRADICTED"],
      ["whose other refs moved", { other_refs_after: "00".repeat(32) }, "DISPOSABLE_CONTRADICTED"],
      ["whose HEAD moved", { head_unmoved: false }, "DISPOSABLE_CONTRADICTED"],
      ["with a remote", { remotes: 1 }, "DISPOSABLE_CONTRADICTED"],
    ] as const
  ).map(([name, fields, code]) =>
    contradictory(`a throwaway repository ${name}`, stage4Draft, disposable(fields), code),
  ),
  contradictory(
    "a throwaway repository at stage 3",
    stage3Draft,
    (draft) => {
      draft.documents["proofs/disposable.json"] = documentOf(stage4Draft(), "proofs/disposable.json");
    },
    "DISPOSABLE_CONTRADICTED",
  ),
  contradictory(
    "a failed run at stage 4 with another tree in the throwaway repository",
    stage4Draft,
    both(failing, disposable({ tree: "00".repeat(20) })),
    "DISPOSABLE_CONTRADICTED",
  ),

  contradictory(
    "a pass at stage 5 that waits for nobody",
    stage5Draft,
    both(report({ landing: "none" }), data("run.completed", { landing: "none" })),
    "STAGE_CONTRADICTED",
  ),
  contradictory(
    "a landing that the last event does not tell",
    stage5Draft,
    data("run.completed", { landing: "none" }),
    "EVENT_DATA_DIFFERS",
  ),

  contradictory(
    "stage 6 without a comparison",
    stage6Draft,
    drop("proofs/comparison.json"),
    "COMPARISON_CONTRADICTED",
    "ROUTE_GUARD_CONTRADICTED",
  ),
  contradictory("stage 6 without a guard", stage6Draft, drop("proofs/route-guard.json"), "ROUTE_GUARD_CONTRADICTED"),
  contradictory(
    "a comparison and a guard at another stage",
    modelDraft,
    (draft) => {
      for (const path of ["proofs/comparison.json", "proofs/route-guard.json"])
        draft.documents[path] = documentOf(stage6Draft(), path);
    },
    "COMPARISON_CONTRADICTED",
    "ROUTE_GUARD_CONTRADICTED",
  ),
  ...(
    [
      ["of another task", comparison({ task_id: "other" })],
      ["that is complete and has no bundle", comparison({ lanes: [] })],
      ["that is complete and has no lane with a bundle", keepMissingLanes],
      ["that is complete and lacks an aspect", comparison({ aspects: [] })],
      ["that is complete with a difference", aspect({ equal: false, differences: ["x"] })],
      ["with a lane of half a bundle", lane(0, { manifest_sha256: null })],
      ["with a lane that is missing without a reason", lane(1, { missing: null })],
      ["with a lane that is there and missing", lane(0, { missing: "it is not" })],
      ["with a lane that is missing and has a stage", lane(1, { stage: 5 })],
      ["with two lanes of one engine", lane(1, { engine: "fake" })],
      ["with an aspect that is equal and differs", aspect({ differences: ["x"] })],
      ["of the run with itself", (draft: BundleDraft) => lane(0, { run_id: draft.runId })(draft)],
    ] as const
  ).map(([name, edit]) => contradictory(`a comparison ${name}`, stage6Draft, edit, "COMPARISON_CONTRADICTED")),
  ...(
    [
      ["with every check passed", { checks: guardChecks(true) }],
      [
        "that is open by a check that does not exist",
        { guard_status: "candidate_default_eligible", blocked_reason: null, checks: [guardCheck("sky-is-blue", true)] },
      ],
      [
        "that leaves out the check that failed",
        {
          guard_status: "candidate_default_eligible",
          blocked_reason: null,
          checks: guardChecks(true).slice(0, 3),
        },
      ],
      [
        "that denies the comparison",
        {
          blocked_reason: "comparison-complete: x",
          checks: guardChecks(true).map((check, index) => ({ ...check, passed: index !== 2 })),
        },
      ],
      ["for another reason", { blocked_reason: "the moon is full" }],
      ["that is open though a check failed", { guard_status: "candidate_default_eligible", blocked_reason: null }],
      ["without a reason", { blocked_reason: null }],
      [
        "that is open without any check",
        { guard_status: "candidate_default_eligible", blocked_reason: null, checks: [] },
      ],
    ] as const
  ).map(([name, fields]) => contradictory(`a guard ${name}`, stage6Draft, guard(fields), "ROUTE_GUARD_CONTRADICTED")),
  contradictory(
    "a guard that is open while the comparison is not complete",
    stage6Draft,
    both(
      aspect({ equal: false, differences: ["x"] }),
      comparison({ complete: false }),
      guard({
        guard_status: "candidate_default_eligible",
        blocked_reason: null,
        checks: guardChecks(true),
      }),
    ),
    "ROUTE_GUARD_CONTRADICTED",
  ),
  contradictory(
    "an engine that ran though another gate says that it was refused",
    stage4Draft,
    (draft) => {
      const gates = eventOf(draft, "plan.updated").data.gates as object[];
      Object.assign(gates[0] ?? {}, { answer: "fail" });
    },
    "EVENT_DATA_DIFFERS",
  ),
];
