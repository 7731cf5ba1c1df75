import { type ApprovalClaim, PROOF_FILES, SCHEMAS, toCanonicalJson } from "@cto/evidence-interface";
import { compilePolicy, toApprovalLayer, toEffectivePolicy } from "@cto/gates";
import { addBlocker, type RunContext, RunEnded } from "../run/run-context.ts";
import { sha256 } from "../run/run-record.ts";
import type { AskedApproval } from "./ask-approval.ts";

/**
 * Spends the approval, right before the engine starts: from here on it is gone, whatever becomes of the run. The loser of a race ends with
 * `approval_consumed`. What the approver narrowed holds from now on. Writes the three proofs, `approval.requested` and `approval.granted`.
 */
export async function claimApproval(context: RunContext, asked: AskedApproval): Promise<void> {
  const { clock, draft, ports, record, runId, writer } = context;
  const { decision, decisionBytes, packet, packetSha256 } = asked;
  if (decision === null || decisionBytes === null) throw new Error("only a granted approval is claimed");
  const claim: ApprovalClaim = {
    schema: SCHEMAS.approvalClaim,
    packet_sha256: packetSha256,
    decision_sha256: sha256(decisionBytes),
    run_id: runId,
    claimed_at: clock.now().toISOString(),
  };
  await writer.writeDocument(PROOF_FILES.approvalPacket, `${toCanonicalJson(packet)}\n`);
  const data = { packet_sha256: packetSha256, attempt: packet.attempt, sentence: packet.sentence };
  draft.approval = "requested";
  if ((await ports.store.approvals.claim(packetSha256, claim)) === "taken") {
    addBlocker(draft, "approval_consumed", "another run spent the approval a moment before this one");
    record.event("approval.requested", data, draft.blockers);
    throw new RunEnded("the approval was taken");
  }
  draft.approval = "consumed";
  record.event("approval.requested", data);
  await Promise.all([
    writer.writeDocument(PROOF_FILES.approvalDecision, decisionBytes),
    writer.writeDocument(PROOF_FILES.approvalClaim, `${toCanonicalJson(claim)}\n`),
  ]);
  record.event("approval.granted", {
    packet_sha256: packetSha256,
    decision_sha256: claim.decision_sha256,
    keyid: decision.approver.keyid,
    decided_at: decision.decided_at,
  });
  if (decision.narrowing === null) return;
  const layers = [
    ...context.rules.layers,
    toApprovalLayer(decision.narrowing, `the decision of ${decision.approver.name}`),
  ];
  const policyText = toCanonicalJson(toEffectivePolicy(layers, context.stage));
  await writer.writeDocument(PROOF_FILES.policy, `${policyText}\n`);
  draft.policy = compilePolicy(layers);
  draft.narrowedPolicy = sha256(policyText);
}
