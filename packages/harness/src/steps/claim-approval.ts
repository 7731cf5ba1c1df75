import { type ApprovalClaim, FAILURE_CODES, PROOF_FILES, SCHEMAS, toCanonicalJson } from "@cto/evidence-interface";
import { compilePolicy, toApprovalLayer, toEffectivePolicy } from "@cto/gates";
import { addBlocker, type RunContext, RunEnded } from "../run/run-context.ts";
import { sha256 } from "../run/run-record.ts";
import { type AskedApproval, askApproval } from "./ask-approval.ts";
import { refuseApproval } from "./refuse-approval.ts";

/**
 * Spends the approval, right before the engine starts: from here on it is gone, whatever becomes of the run. The loser of a race ends with
 * `approval_consumed`. What the approver narrowed holds from now on. Writes the three proofs, `approval.requested` and `approval.granted`.
 */
export async function claimApproval(context: RunContext): Promise<void> {
  const { clock, draft, ports, record, runId, writer } = context;
  // Setup took its time: what was granted may have ended, been revoked or been spent since the gate was asked.
  const asked = await askApproval(context);
  if (asked.fact.answer !== "pass") return refuseLate(context, asked);
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

/** Every gate is behind the run: what is refused now is refused for want of an approval, whatever spoiled it. */
async function refuseLate(context: RunContext, asked: AskedApproval): Promise<never> {
  const { code = "approval_missing", hint, reason } = asked.fact;
  const known = FAILURE_CODES[code].event.startsWith("approval.") ? code : "approval_missing";
  addBlocker(context.draft, known, reason ?? "the approval does not hold any more", hint);
  await refuseApproval(context, asked);
  throw new RunEnded("the approval does not hold any more");
}
