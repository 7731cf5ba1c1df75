import { reclaim, redecide } from "./approval-edits.ts";
import { approver, stranger } from "./keys.ts";
import { askedDraft, stage4Draft } from "./stage-drafts.ts";
import { built, contradictory, document, type Tampering } from "./tampering.ts";

const decision = "proofs/approval-decision.json";
const claim = "proofs/approval-claim.json";

/** Decisions and claims that are of another packet, time, run or key. */
export const tamperedDecisions: readonly Tampering[] = [
  contradictory(
    "a decision in other bytes than canonical ones",
    stage4Draft,
    (draft) => redecide(draft, {}, { space: 1 }),
    "PROOF_NOT_CANONICAL",
  ),
  contradictory(
    "a decision about another packet",
    stage4Draft,
    (draft) => {
      redecide(draft, { packet_sha256: "00".repeat(32) });
      reclaim(draft, { packet_sha256: "00".repeat(32) });
    },
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "a decision from after the run",
    () => askedDraft("denied"),
    (draft) => {
      redecide(draft, { decision: "denied", decided_at: "2026-11-20T06:01:10.000Z" });
      delete draft.documents[claim];
    },
    "APPROVAL_CONTRADICTED",
  ),
  ...(
    [
      ["of another decision", { decision_sha256: "00".repeat(32) }],
      ["of another packet", { packet_sha256: "00".repeat(32) }],
      ["before the run", { claimed_at: "2026-11-20T06:00:59.999Z" }],
      ["after the engine had started", { claimed_at: "2026-11-20T06:01:03.001Z" }],
    ] as const
  ).map(([name, fields]) =>
    contradictory(`a claim ${name}`, stage4Draft, (draft) => reclaim(draft, fields), "APPROVAL_CONTRADICTED"),
  ),
  ...(
    [
      ["before the decision", "2026-11-20T06:01:03.001Z"],
      ["after the approval had expired", "2026-11-20T05:01:02.999Z"],
    ] as const
  ).map(([name, decided_at]) =>
    contradictory(`a claim ${name}`, stage4Draft, (draft) => redecide(draft, { decided_at }), "APPROVAL_CONTRADICTED"),
  ),
  contradictory(
    "a claim of another run",
    stage4Draft,
    (draft) => reclaim(draft, { run_id: "other" }),
    "RUN_ID_DIFFERS",
  ),
  built(
    "a decision that another key signed under the approver's id",
    stage4Draft,
    (draft) => redecide(draft, { approver: approver.publicKey }, { key: stranger, keyid: approver.publicKey.keyid }),
    "tampered",
    "APPROVAL_SIGNATURE_WRONG",
  ),
  built(
    "a decision that nobody signed who is named in it",
    stage4Draft,
    (draft) => redecide(draft, { approver: approver.publicKey }, { key: stranger }),
    "tampered",
    "APPROVAL_SIGNATURE_WRONG",
  ),
  built(
    "a decision of a key under another id",
    stage4Draft,
    (draft) => redecide(draft, { approver: { ...approver.publicKey, public_key: stranger.publicKey.public_key } }),
    "tampered",
    "APPROVAL_SIGNATURE_WRONG",
    "APPROVAL_UNTRUSTED",
  ),
  built(
    "a decision of a key that nobody trusts",
    stage4Draft,
    (draft) => redecide(draft, {}, { key: stranger }),
    "untrusted",
    "APPROVAL_UNTRUSTED",
  ),
  built(
    "an envelope of another payload type",
    stage4Draft,
    (draft) => redecide(draft, {}, { type: "application/vnd.in-toto+json" }),
    "unverifiable",
    "DOCUMENT_VERSION_UNKNOWN",
  ),
  built(
    "an envelope whose payload is no base64",
    stage4Draft,
    document(decision, { payload: "QQ" }),
    "contradictory",
    "DOCUMENT_SHAPE_INVALID",
    "APPROVAL_CONTRADICTED",
  ),
  built(
    "an envelope with a field more",
    stage4Draft,
    document(decision, { note: 1 }),
    "contradictory",
    "DOCUMENT_SHAPE_INVALID",
    "APPROVAL_CONTRADICTED",
  ),
];
