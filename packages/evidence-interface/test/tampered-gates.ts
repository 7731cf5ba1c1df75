import { reclaim } from "./approval-edits.ts";
import { documentOf, eventOf, setGates } from "./draft-edits.ts";
import { passDraft } from "./golden-drafts.ts";
import type { BundleDraft } from "./seal.ts";
import { askedDraft, modelDraft, stage3Draft, stage4Draft, stage5Draft, stage6Draft } from "./stage-drafts.ts";
import {
  both,
  contradictory,
  data,
  document,
  eligibility,
  failed,
  nested,
  type Tampering,
  verification,
} from "./tampering.ts";

type Lists = "required_gates" | "passed_gates" | "missing_gates";

/** Takes gates out of the decision, its event and the plan, wherever they stand. */
const without =
  (...gates: string[]) =>
  (draft: BundleDraft) => {
    const decision = documentOf(draft, "proofs/eligibility.json") as Record<Lists, string[]>;
    const keep = (list: Lists) => decision[list].filter((gate) => !gates.includes(gate));
    const lists = { passed_gates: keep("passed_gates"), missing_gates: keep("missing_gates") };
    Object.assign(decision, { required_gates: keep("required_gates"), ...lists });
    Object.assign(eventOf(draft, "eligibility.decided").data, lists);
    const { data: plan } = eventOf(draft, "plan.updated");
    plan.gates = (plan.gates as { gate: string }[]).filter(({ gate }) => !gates.includes(gate));
  };
const earlier = ["policy-layers", "stage-permitted-by-policy", "engine-admitted", "model-admitted", "target-admitted"];
const target = (fields: Record<string, unknown>) => (draft: BundleDraft) => {
  const { items } = documentOf(draft, "proofs/admissions.json") as { items: object[] };
  Object.assign(items[0] ?? {}, fields);
};
const rung = (fields: Record<string, unknown>) => document("proofs/rung.json", fields);
const proof = (run_id: string, byte: string, proves: string) => ({ run_id, manifest_sha256: byte.repeat(32), proves });
const three = [proof("r-0", "e0", "x"), proof("r-1", "e1", "y"), proof("r-2", "e2", "z")];
const lane = (index: number, fields: Record<string, unknown>) => (draft: BundleDraft) => {
  const { lanes } = documentOf(draft, "proofs/comparison.json") as { lanes: object[] };
  Object.assign(lanes[index] ?? {}, fields);
};
const model = { provider: "local", model: "m1" };
const place = (runId: string) => `kept as .cto/disposable/${runId}/repository.git`;

/** Gates that nobody asked, and answers that what they rest on does not give. */
export const tamperedGates: readonly Tampering[] = [
  contradictory(
    "a run before which no gate stood",
    passDraft,
    without("sandbox-available", "engine-ready"),
    "ELIGIBILITY_CONTRADICTED",
  ),
  contradictory("a gate fewer", stage5Draft, without("target-admitted"), "ELIGIBILITY_CONTRADICTED"),
  contradictory(
    "the gates of stage 2 before stage 4",
    stage4Draft,
    without(
      ...earlier,
      "stage-permitted-by-contract",
      "stage-permits-execution",
      "isolation-permitted-at-stage",
      "stage-proven",
      "approval",
    ),
    "ELIGIBILITY_CONTRADICTED",
  ),
  contradictory(
    "a gate that neither passed nor is missing",
    () => askedDraft("none"),
    both(eligibility({ missing_gates: [] }), data("eligibility.decided", { missing_gates: [], eligible: true })),
    "ELIGIBILITY_CONTRADICTED",
  ),
  contradictory(
    "a stage 5 that needs no approval",
    stage5Draft,
    eligibility({ approval_required: false }),
    "ELIGIBILITY_CONTRADICTED",
  ),
  contradictory(
    "an engine that is selected and denied",
    passDraft,
    eligibility({ denied_backends: [{ backend: "fake", reasons: ["not admitted"] }] }),
    "ELIGIBILITY_CONTRADICTED",
  ),

  contradictory(
    "a target that no record admits",
    stage5Draft,
    target({ record_sha256: null }),
    "ADMISSION_CONTRADICTED",
  ),
  contradictory(
    "a target that is admitted with problems",
    stage5Draft,
    target({ problems: ["risk is high"] }),
    "ADMISSION_CONTRADICTED",
  ),
  contradictory(
    "an admitted model whose record has no name",
    modelDraft,
    (draft) => {
      const { items } = documentOf(draft, "proofs/admissions.json") as { items: object[] };
      Object.assign(items[2] ?? {}, { id: null });
    },
    "ADMISSION_CONTRADICTED",
  ),
  contradictory(
    "another target than the approver was asked about",
    stage5Draft,
    both(target({ id: "other" }), (draft) => {
      const { rules } = documentOf(draft, "proofs/policy.json") as { rules: { dimension: string; value: unknown }[] };
      for (const rule of rules) if (rule.dimension === "targets") rule.value = "other";
    }),
    "APPROVAL_CONTRADICTED",
    "ADMISSION_CONTRADICTED",
  ),

  contradictory(
    "a rung of one invented bundle",
    stage4Draft,
    rung({ bundles: [proof("nobody", "00", "I say so")] }),
    "RUNG_CONTRADICTED",
  ),
  contradictory(
    "a rung of one bundle thrice",
    stage4Draft,
    rung({ bundles: [three[0], three[0], three[0]] }),
    "RUNG_CONTRADICTED",
  ),
  contradictory(
    "a rung that names one bundle twice",
    stage4Draft,
    rung({ bundles: [...three, three[1]] }),
    "RUNG_CONTRADICTED",
  ),
  contradictory(
    "a rung with two manifests of one run",
    stage4Draft,
    rung({ bundles: [...three, proof("r-1", "e9", "w")] }),
    "RUNG_CONTRADICTED",
  ),
  contradictory(
    "a rung with one manifest of two runs",
    stage4Draft,
    rung({ bundles: [...three, proof("r-9", "e1", "w")] }),
    "RUNG_CONTRADICTED",
  ),
  contradictory(
    "a stage 6 without a rung",
    stage6Draft,
    (draft) => void delete draft.documents["proofs/rung.json"],
    "RUNG_CONTRADICTED",
    "ROUTE_GUARD_CONTRADICTED",
  ),
  contradictory(
    "a stage 6 that compared on a rung that is not proven",
    stage6Draft,
    rung({ proven: false, missing: ["two tasks"] }),
    "RUNG_CONTRADICTED",
    "ROUTE_GUARD_CONTRADICTED",
  ),

  contradictory(
    "a run that was refused for want of a rung and does not show it",
    stage6Draft,
    (draft) => {
      failed("stage_not_proven", "blocked")(draft);
      setGates(draft, { "stage-permits-execution": "fail", "stage-proven": "fail", approval: "undetermined" });
      for (const name of ["rung", "comparison", "route-guard"]) delete draft.documents[`proofs/${name}.json`];
    },
    "RUNG_CONTRADICTED",
  ),

  contradictory(
    "a lane that passed with a code",
    stage6Draft,
    lane(0, { codes: ["hidden_mutation"] }),
    "COMPARISON_CONTRADICTED",
  ),
  contradictory(
    "a lane that failed without a code",
    stage6Draft,
    lane(0, { status: "fail" }),
    "COMPARISON_CONTRADICTED",
  ),
  contradictory(
    "a lane of an engine that nobody compares",
    stage6Draft,
    lane(3, { engine: "mine" }),
    "COMPARISON_CONTRADICTED",
  ),
  contradictory(
    "a comparison of one lane",
    stage6Draft,
    (draft) => {
      const comparison = documentOf(draft, "proofs/comparison.json") as { lanes: object[] };
      comparison.lanes = comparison.lanes.slice(0, 1);
    },
    "COMPARISON_CONTRADICTED",
  ),

  ...(["keyid", "decision_sha256"] as const).map((field) =>
    contradictory(
      `a grant with another ${field}`,
      stage4Draft,
      data("approval.granted", { [field]: "00".repeat(32) }),
      "EVENT_DATA_DIFFERS",
    ),
  ),
  contradictory(
    "a grant of another time",
    stage4Draft,
    data("approval.granted", { decided_at: "2020-01-01T00:00:00.000Z" }),
    "EVENT_DATA_DIFFERS",
  ),
  contradictory(
    "a grant of no packet",
    stage4Draft,
    (draft) => void delete eventOf(draft, "approval.granted").data.packet_sha256,
    "EVENT_DATA_DIFFERS",
  ),
  contradictory(
    "a request in other words",
    stage4Draft,
    data("approval.requested", { sentence: "Fix a typo." }),
    "EVENT_DATA_DIFFERS",
  ),
  contradictory(
    "a request of another attempt",
    () => askedDraft("none"),
    data("approval.requested", { attempt: 9 }),
    "EVENT_DATA_DIFFERS",
  ),
  contradictory(
    "a claim from before the gates were asked",
    stage4Draft,
    (draft) => reclaim(draft, { claimed_at: "2026-11-20T06:01:01.000Z" }),
    "APPROVAL_CONTRADICTED",
  ),

  contradictory(
    "a throwaway repository that was kept nowhere",
    stage4Draft,
    document("proofs/disposable.json", { disposal: "retained", note: "It was pushed to origin." }),
    "DISPOSABLE_CONTRADICTED",
  ),
  contradictory(
    "a throwaway repository that was kept as that of another run",
    stage4Draft,
    document("proofs/disposable.json", { disposal: "retained", note: place("other") }),
    "DISPOSABLE_CONTRADICTED",
  ),
  contradictory(
    "a throwaway repository that was removed and kept",
    stage4Draft,
    (draft) => document("proofs/disposable.json", { note: place(draft.runId) })(draft),
    "DISPOSABLE_CONTRADICTED",
  ),

  contradictory(
    "a sandbox that leaves everything writable",
    passDraft,
    nested("report.json", "isolation", { writable: ["/"] }),
    "ISOLATION_CONTRADICTED",
  ),
  contradictory(
    "a sandbox with the network of the host",
    passDraft,
    nested("report.json", "isolation", { network: "host" }),
    "ISOLATION_CONTRADICTED",
  ),
  contradictory(
    "a model in the log that nobody asked for",
    stage3Draft,
    data("run.started", { model }),
    "EVENT_DATA_DIFFERS",
  ),
  contradictory(
    "another model in the log",
    modelDraft,
    data("run.started", { model: { ...model, model: "m2" } }),
    "EVENT_DATA_DIFFERS",
  ),
  contradictory("no model in the log", modelDraft, data("run.started", { model: null }), "EVENT_DATA_DIFFERS"),
  contradictory(
    "an empty log of a verification",
    passDraft,
    both(verification({ log: { path: "test.log", bytes: 0, truncated: false } }), (draft) => {
      draft.texts["test.log"] = "";
    }),
    "ARTIFACT_DIGEST_DIFFERS",
  ),
];
