import { PROOF_FILES, toCanonicalJson } from "@cto/evidence-interface";
import type { RunContext } from "../run/run-context.ts";
import type { AskedApproval } from "./ask-approval.ts";

/**
 * Ends the asking for a run that has no approval to spend: leaves the packet for a person, and packet and denial as proofs. Writes `approval.requested`
 * and, for a denial, `approval.denied`. The blockers are in the draft already.
 */
export async function refuseApproval(context: RunContext, asked: AskedApproval): Promise<void> {
  const { draft, ports, record, writer } = context;
  const { decisionBytes, packet, packetSha256 } = asked;
  await writer.writeDocument(PROOF_FILES.approvalPacket, `${toCanonicalJson(packet)}\n`);
  const carriedBy = (event: string) => draft.blockers.filter((blocker) => blocker.event === event);
  record.event(
    "approval.requested",
    { packet_sha256: packetSha256, attempt: packet.attempt, sentence: packet.sentence },
    carriedBy("approval.requested"),
  );
  draft.approval = "requested";
  // After the event: what the disk refuses now is a second reason, and does not hide the first. A folder that cannot be read is left as it is.
  if (!asked.isBroken) ports.store.approvals.writePacket(packet);
  if (decisionBytes === null) return;
  await writer.writeDocument(PROOF_FILES.approvalDecision, decisionBytes);
  record.event("approval.denied", { packet_sha256: packetSha256 }, carriedBy("approval.denied"));
  draft.approval = "denied";
}
