import { toCanonicalJson } from "../src/index.ts";
import { redecide, targetId } from "./approval-edits.ts";
import { documentOf, eventOf } from "./draft-edits.ts";
import { passDraft } from "./golden-drafts.ts";
import { type BundleDraft, encode, sha256 } from "./seal.ts";
import { addPolicyRule, lostDraft, modelDraft, narrowedDraft, stage4Draft, stage5Draft } from "./stage-drafts.ts";
import { both, contradictory, data, document, nested, type Tampering } from "./tampering.ts";

const rule =
  (dimension: string, value: unknown, layer = "organisation") =>
  (draft: BundleDraft) =>
    addPolicyRule(draft, { dimension, value, layer });

/** Rules of layers that a run did not keep to, and what events and approvals say of them. */
export const tamperedPolicies: readonly Tampering[] = [
  ...(["organisation", "repository", "target"] as const).map((layer) =>
    contradictory(
      `a change that layer ${layer} forbids by name`,
      passDraft,
      rule("forbidden_paths", "src/slugify.js", layer),
      "CHANGES_CONTRADICTED",
    ),
  ),
  contradictory(
    "a change that the approver forbade by name",
    stage4Draft,
    (draft) => {
      redecide(draft, { narrowing: { forbidden_paths: ["src/"] } });
      rule("forbidden_paths", "src/", "approval")(draft);
    },
    "CHANGES_CONTRADICTED",
  ),
  contradictory(
    "a log that knew the rules of an approval before it was asked for",
    narrowedDraft,
    (draft) => {
      const text = toCanonicalJson(documentOf(draft, "proofs/policy.json"));
      data("task.contract.created", { policy_digest: sha256(encode(text)) })(draft);
    },
    "EVENT_DATA_DIFFERS",
  ),
  contradictory(
    "an approver's narrowing that was left out",
    narrowedDraft,
    (draft) => void (documentOf(draft, "proofs/policy.json").rules as object[]).shift(),
    "POLICY_CONTRADICTED",
  ),
  contradictory(
    "a change under a place that a layer protects",
    passDraft,
    rule("protected_paths", "src"),
    "CHANGES_CONTRADICTED",
  ),
  contradictory("an engine that a layer leaves out", passDraft, rule("engines", "codex"), "POLICY_CONTRADICTED"),
  contradictory(
    "an engine that a list of a layer leaves out",
    passDraft,
    rule("engines", ["codex"]),
    "POLICY_CONTRADICTED",
  ),
  contradictory("a model that a layer leaves out", modelDraft, rule("models", "local/m2"), "POLICY_CONTRADICTED"),
  contradictory(
    "a target that a layer leaves out",
    stage5Draft,
    rule("targets", "other", "repository"),
    "POLICY_CONTRADICTED",
    "APPROVAL_CONTRADICTED",
  ),
  contradictory("a stage above that of a layer", passDraft, rule("stage", 1), "POLICY_CONTRADICTED"),
  contradictory("a stage that is no number", passDraft, rule("stage", "9"), "POLICY_CONTRADICTED"),
  contradictory(
    "a budget above that of a layer",
    passDraft,
    rule("budget", { wall_seconds: 30 }),
    "EVENT_DATA_DIFFERS",
  ),
  contradictory(
    "tokens above those of a layer",
    passDraft,
    both(rule("budget", { tokens: 100 }), (draft) => {
      Object.assign(eventOf(draft, "plan.updated").data.budget as object, { tokens: 200 });
    }),
    "EVENT_DATA_DIFFERS",
  ),
  contradictory(
    "a narrowing that is not in the policy",
    stage4Draft,
    (draft) => redecide(draft, { narrowing: { forbidden_paths: ["docs/"] } }),
    "POLICY_CONTRADICTED",
  ),
  contradictory(
    "rules of an approval that nobody gave",
    passDraft,
    rule("forbidden_paths", "docs/", "approval"),
    "POLICY_CONTRADICTED",
  ),
  contradictory(
    "rules of an approval that was not claimed and said nothing of them",
    lostDraft,
    rule("forbidden_paths", "docs/", "approval"),
    "POLICY_CONTRADICTED",
  ),
  contradictory(
    "rules of an approval that narrowed nothing",
    stage4Draft,
    rule("forbidden_paths", "docs/", "approval"),
    "POLICY_CONTRADICTED",
  ),
  contradictory(
    "rules of an approval in a dimension that it cannot narrow",
    stage4Draft,
    rule("stage", 4, "approval"),
    "POLICY_CONTRADICTED",
  ),
  contradictory(
    "another target in the log",
    stage5Draft,
    data("task.contract.created", { target_id: "00".repeat(32) }),
    "EVENT_DATA_DIFFERS",
  ),
  contradictory(
    "a target in the log and none in the report",
    passDraft,
    data("task.contract.created", { target_id: targetId }),
    "EVENT_DATA_DIFFERS",
  ),
  contradictory(
    "another target in the report",
    stage5Draft,
    nested("report.json", "source", { target_id: "00".repeat(32) }),
    "EVENT_DATA_DIFFERS",
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "a policy of before the approval under the report's digest",
    stage4Draft,
    (draft) => {
      const { rules } = documentOf(draft, "proofs/policy.json") as { rules: unknown[] };
      document("proofs/policy.json", {
        rules: [...rules, { dimension: "network", value: "none", layer: "repository" }],
      })(draft);
    },
    "APPROVAL_CONTRADICTED",
  ),
];
