import {
  APPROVAL_DECISION_TYPE,
  type ApprovalClaim,
  type ApprovalDecision,
  type ApprovalPacket,
  type Envelope,
  SCHEMAS,
  toCanonicalJson,
  toEnvelope,
  toPreAuthentication,
} from "@cto/evidence-interface";
import type { Signer } from "../index.ts";

/** A packet of a stage 4 run; another attempt is another packet. */
export function samplePacket(attempt = 1): ApprovalPacket {
  return {
    schema: SCHEMAS.approvalPacket,
    task_id: "r1-string-slugify",
    task_digest: "1".repeat(64),
    title: "Slugify keeps digits",
    stage: 4,
    target: { target_id: "2".repeat(64), name: null },
    base_commit: "3".repeat(40),
    base_tree: "6".repeat(40),
    policy_digest: "4".repeat(64),
    engine: { id: "fake", version: "0.0.0", executable_sha256: "5".repeat(64), input_sha256: null },
    model: null,
    success_criteria: ["npm test passes"],
    allowed_paths: ["src/"],
    forbidden_paths: ["src/secret/"],
    forbidden_actions: ["push"],
    validation_commands: [["npm", "test"]],
    rollback: null,
    expires_minutes: 60,
    attempt,
    sentence: "Let fake 0.0.0 change src/ in a throwaway copy of the repository, once.",
  };
}

/** A grant of the packet, signed. */
export function signSampleDecision(
  signer: Signer,
  packetSha256: string,
  decision: ApprovalDecision["decision"] = "granted",
): Envelope {
  const document: ApprovalDecision = {
    schema: SCHEMAS.approvalDecision,
    packet_sha256: packetSha256,
    decision,
    reason: null,
    approver: signer.publicKey,
    decided_at: "2026-11-20T06:00:00.000Z",
    narrowing: null,
  };
  const payload = Buffer.from(toCanonicalJson(document));
  const signature = signer.sign(toPreAuthentication(APPROVAL_DECISION_TYPE, payload));
  return toEnvelope({
    payloadType: APPROVAL_DECISION_TYPE,
    payload,
    signatures: [{ keyid: signer.publicKey.keyid, signature }],
  });
}

/** A claim of the packet. */
export function sampleClaim(packetSha256: string, runId: string): ApprovalClaim {
  return {
    schema: SCHEMAS.approvalClaim,
    packet_sha256: packetSha256,
    decision_sha256: "6".repeat(64),
    run_id: runId,
    claimed_at: "2026-11-20T06:01:00.000Z",
  };
}
