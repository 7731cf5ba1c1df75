import { fromBase64 } from "../../base64.ts";
import { toCanonicalJson } from "../../canonical-json.ts";
import { openEnvelope } from "../../dsse.ts";
import { APPROVAL_DECISION_TYPE } from "../../schemas/approvals.ts";
import { PROOF_FILES } from "../../vocabulary.ts";
import { publicKeyOfApprover, trustsApprover } from "../approver-keys.ts";
import { isCanonical } from "../is-canonical.ts";
import { digestOfProof } from "./stored-proof.ts";
import type { Rule } from "./whole-bundle.ts";

const path = PROOF_FILES.approvalDecision;

/** The decision is about this packet, of a time that was, signed with the key that it names, and that key is trusted as approver. */
export const decisionFits: Rule = (bundle, findings) => {
  const { approvalDecision: decision, approvalEnvelope, approvalPacket, bytesOf, run, signatures, sha256 } = bundle;
  if (decision === undefined || approvalEnvelope === undefined) return;
  digestOfProof(bundle, path, approvalEnvelope, findings);
  if (!isCanonical(fromBase64(approvalEnvelope.payload) ?? new Uint8Array(), decision, ""))
    findings.add("PROOF_NOT_CANONICAL", path, "the payload is no canonical JSON");
  const packet = bytesOf(PROOF_FILES.approvalPacket);
  if (approvalPacket !== undefined && packet && sha256(packet.subarray(0, -1)) !== decision.packet_sha256)
    findings.add("APPROVAL_CONTRADICTED", path, "is about another packet");
  if (decision.decided_at > (run.finished_at ?? run.started_at))
    findings.add("APPROVAL_CONTRADICTED", path, "was made after the run had ended");
  const publicKey = publicKeyOfApprover(decision.approver, sha256);
  if (publicKey === undefined)
    findings.add("APPROVAL_SIGNATURE_WRONG", path, "approver.keyid is not the digest of approver.public_key");
  else if (signatures !== undefined) {
    const opened = openEnvelope({
      envelope: approvalEnvelope,
      payloadType: APPROVAL_DECISION_TYPE,
      publicKeyOf: (keyid) => (keyid === decision.approver.keyid ? publicKey : undefined),
      verifySignature: signatures.verify,
    });
    if (!opened.ok) findings.add("APPROVAL_SIGNATURE_WRONG", path, opened.message);
  }
  const trusted = signatures?.trusted ?? null;
  if (trusted !== null && !trustsApprover(trusted, decision.approver))
    findings.add("APPROVAL_UNTRUSTED", path, `the key ${decision.approver.keyid} is not trusted as approver`);
};

/** The claim spends this decision for this run, in time: after the decision, before it expired, before the engine started. */
export const claimFits: Rule = (bundle, findings) => {
  const { approvalClaim: claim, approvalDecision: decision, approvalPacket: packet, bytesOf, run, sha256 } = bundle;
  if (claim === undefined) return;
  const say = (message: string) => findings.add("APPROVAL_CONTRADICTED", PROOF_FILES.approvalClaim, message);
  digestOfProof(bundle, PROOF_FILES.approvalClaim, claim, findings);
  const stored = bytesOf(path);
  if (stored !== undefined && sha256(stored) !== claim.decision_sha256) say("is of another decision");
  if (decision !== undefined && decision.packet_sha256 !== claim.packet_sha256) say("is of another packet");
  const asked = bundle.events.byName.get("plan.updated")?.at ?? run.started_at;
  if (claim.claimed_at < asked) say("was claimed before the run had asked its gates");
  const started = bundle.events.byName.get("engine.started");
  if (started !== undefined && claim.claimed_at > started.at) say("was claimed after the engine had started");
  if (decision === undefined || packet === undefined) return;
  if (claim.claimed_at < decision.decided_at) say("was claimed before the decision");
  const age = Date.parse(claim.claimed_at) - Date.parse(decision.decided_at);
  if (!(age <= packet.expires_minutes * 60_000)) say("was claimed after the approval had expired");
};

/** The rules of the layer `approval` are those of a granted decision: all of them once it was claimed, and no others ever. */
export const narrowingFits: Rule = ({ policy, approvalDecision, approvalClaim }, findings) => {
  const rules = policy?.rules.filter(({ layer }) => layer === "approval") ?? [];
  if (policy === undefined || (approvalDecision === undefined && rules.length === 0)) return;
  const granted = approvalDecision?.decision === "granted" ? approvalDecision.narrowing : null;
  const lists = ["allowed_paths", "forbidden_paths"] as const;
  const fits = lists.every((list) => {
    const held = rules.filter(({ dimension }) => dimension === list).map(({ value }) => value);
    const unused = held.length === 0 && approvalClaim === undefined;
    return unused || toCanonicalJson(held) === toCanonicalJson(granted?.[list] ?? []);
  });
  const strange = rules.some(({ dimension }) => lists.every((list) => list !== dimension));
  if (!fits || strange)
    findings.add("POLICY_CONTRADICTED", PROOF_FILES.policy, "the rules of the approval are not what the approver said");
};
