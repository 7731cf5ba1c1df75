import { redecide } from "./approval-edits.ts";
import { documentOf } from "./draft-edits.ts";
import { encode, seal, textOf, withManifest } from "./seal.ts";
import { approvedFixtureDraft, askedDraft, lostDraft, stage3Draft, stage4Draft } from "./stage-drafts.ts";
import {
  both,
  contradictory,
  data,
  document,
  eligibility,
  failed,
  nested,
  report,
  run,
  type Tampering,
  verification,
  without,
} from "./tampering.ts";

const packet = "proofs/approval-packet.json";
const decision = "proofs/approval-decision.json";
const claim = "proofs/approval-claim.json";
type Draft = ReturnType<typeof stage4Draft>;
const drop =
  (...paths: readonly string[]) =>
  (draft: Draft) => {
    for (const path of paths) delete draft.documents[path];
  };
const unasked = both(without("approval.requested"), without("approval.granted"), drop(packet, decision, claim));
const unisolated = both(
  run({ isolation: "none" }),
  nested("report.json", "isolation", { kind: "none" }),
  verification({ isolation: "none" }),
);
const failing = failed("dirty_ending_tree", "fail");

/** A stored proof with other bytes of the same value, in a bundle whose other digests follow. */
function reformatted(path: string): Tampering {
  return {
    name: `${path} in other bytes`,
    expected: [
      "contradictory",
      ...(path === claim ? [] : ["EVENT_DATA_DIFFERS"]),
      "PROOF_NOT_CANONICAL",
      ...(path === claim ? [] : ["APPROVAL_CONTRADICTED"]),
      "ARTIFACT_DIGEST_DIFFERS",
    ],
    make: () => {
      const content = seal(stage4Draft());
      content.set(path, encode(` ${textOf(content, path)}`));
      return withManifest(content, stage4Draft().runId);
    },
  };
}

/** Who said yes, to what, when: decisions, claims, and what report and events make of them. */
export const tamperedApprovals: readonly Tampering[] = [
  contradictory(
    "a pass at stage 4 that nobody approved",
    stage4Draft,
    both(unasked, report({ approval_status: "not-required" })),
    "APPROVAL_MISSING",
    "PASS_WITHOUT_APPROVAL",
  ),
  contradictory(
    "a failed run at stage 4 that nobody approved",
    stage4Draft,
    both(unasked, failing, report({ approval_status: "not-required" }), eligibility({ approval_required: false })),
    "ELIGIBILITY_CONTRADICTED",
    "APPROVAL_MISSING",
  ),
  contradictory(
    "an engine at stage 3 whose decision asks for an approval that is only requested",
    stage3Draft,
    both(eligibility({ approval_required: true }), failing, report({ approval_status: "requested" })),
    "APPROVAL_MISSING",
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "an approval that was granted and not claimed",
    stage4Draft,
    both(drop(claim), report({ approval_status: "granted" })),
    "APPROVAL_MISSING",
  ),
  contradictory(
    "an engine that ran on a packet alone",
    stage4Draft,
    both(drop(decision, claim), without("approval.granted"), report({ approval_status: "requested" })),
    "APPROVAL_MISSING",
    "PASS_WITHOUT_APPROVAL",
  ),
  contradictory(
    "a claim without its decision",
    stage4Draft,
    drop(decision),
    "APPROVAL_MISSING",
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "a decision without its packet",
    stage4Draft,
    drop(packet),
    "APPROVAL_MISSING",
    "APPROVAL_CONTRADICTED",
  ),
  contradictory("an approval of a run without isolation", approvedFixtureDraft, unisolated, "APPROVAL_CONTRADICTED"),
  contradictory(
    "an approval that a run without isolation did not come to claim",
    () => lostDraft(),
    both(run({ isolation: "none" }), nested("report.json", "isolation", { kind: "none" })),
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "a claim of a decision that is not there",
    () => askedDraft("none"),
    (draft) => {
      draft.documents[claim] = { ...documentOf(stage4Draft(), claim), run_id: draft.runId };
    },
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "a decision of a packet that is not there",
    () => askedDraft("denied"),
    both(drop(packet), failed("approval_missing", "blocked"), without("approval.denied")),
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "a grant in the log of a run that has no record of it",
    stage3Draft,
    (draft) => {
      failing(draft);
      const granted = { event: "approval.granted", at: "2026-11-20T06:01:03.000Z", data: { blockers: [] } };
      draft.events.splice(4, 0, granted);
    },
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "an engine that ran though its approval had expired",
    stage4Draft,
    (draft) => {
      failed("approval_expired", "blocked")(draft);
      draft.documents["proofs/no-effect.json"] = { ...documentOf(askedDraft("none"), "proofs/no-effect.json") };
      document("proofs/no-effect.json", { run_id: draft.runId, process_started: true })(draft);
    },
    "APPROVAL_CONTRADICTED",
  ),
  ...(["requested", "granted", "denied", "not-required"] as const).map((approval_status) =>
    contradictory(
      `a consumed approval that the report calls ${approval_status}`,
      stage4Draft,
      both(failing, report({ approval_status })),
      "APPROVAL_CONTRADICTED",
    ),
  ),
  contradictory(
    "a denial that the report calls consumed",
    () => askedDraft("denied"),
    report({ approval_status: "consumed" }),
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "a denial that is no blocker",
    () => askedDraft("denied"),
    (draft) => {
      failed("approval_missing", "blocked")(draft);
    },
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "a grant in the log and a denial in the record",
    stage4Draft,
    (draft) => {
      redecide(draft, { decision: "denied" });
      drop(claim)(draft);
      failing(draft);
      report({ approval_status: "denied" })(draft);
    },
    "APPROVAL_MISSING",
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "a denied decision that was claimed",
    stage4Draft,
    (draft) => redecide(draft, { decision: "denied" }),
    "APPROVAL_MISSING",
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "a grant that no event tells",
    stage4Draft,
    both(failing, without("approval.granted")),
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "a packet that no event asked for",
    () => askedDraft("none"),
    (draft) => {
      failed("gate_missing", "blocked")(draft);
      without("approval.requested")(draft);
      const blocked = { case_executed: false, backend: "fake", mutation_mode: "none", blockers: ["gate_missing"] };
      draft.events.splice(4, 0, { event: "backend.gate.blocked", at: "2026-11-20T06:01:03.000Z", data: blocked });
    },
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "an event that asks for a packet that is not there",
    () => askedDraft("none"),
    drop(packet),
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "an event that asks for another packet",
    () => askedDraft("none"),
    data("approval.requested", { packet_sha256: "00".repeat(32) }),
    "EVENT_DATA_DIFFERS",
  ),
  ...[packet, decision, claim].map(reformatted),
];
