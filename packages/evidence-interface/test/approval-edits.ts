import { APPROVAL_DECISION_TYPE, toCanonicalJson } from "../src/index.ts";
import { documentOf } from "./draft-edits.ts";
import { at } from "./golden-events.ts";
import { approver, signEnvelope, type TestKey } from "./keys.ts";
import { type BundleDraft, encode, sha256 } from "./seal.ts";

/** The repository of the later stages, and the commit that runs start from. */
export const targetId = "9c".repeat(32);
export const baselineCommit = "1f".repeat(20);

const digestOf = (document: unknown) => sha256(encode(toCanonicalJson(document)));

/** Asks, grants and claims: packet, decision, claim, events and status, each fitting what the draft says by now. */
export function addApproval(draft: BundleDraft): void {
  const task = documentOf(draft, "proofs/task.json");
  const report = documentOf(draft, "report.json");
  draft.documents["proofs/approval-packet.json"] = {
    schema: "cto.approval-packet.v1",
    task_id: task.id,
    task_digest: digestOf(task),
    title: task.title,
    stage: report.stage,
    target: { target_id: targetId, name: null },
    base_commit: baselineCommit,
    base_tree: (report.source as { baseline_tree: unknown }).baseline_tree ?? "2e".repeat(20),
    policy_digest: digestOf(documentOf(draft, "proofs/policy.json")),
    engine: { id: "fake", version: "0.1.0", executable_sha256: "4c".repeat(32), input_sha256: null },
    model: null,
    success_criteria: task.success_criteria,
    allowed_paths: task.allowed_paths,
    forbidden_paths: task.forbidden_paths,
    forbidden_actions: ["merge", ...(task.forbidden_actions as string[])],
    validation_commands: (task.verification as { run: string[] }[]).map(({ run }) => run),
    rollback: task.rollback,
    expires_minutes: 60,
    attempt: 1,
    sentence: "Let fake change src/ of one repository once, to make slugify work.",
  };
  report.approval_status = "consumed";
  documentOf(draft, "proofs/eligibility.json").approval_required = true;
  const asked = { event: "approval.requested", at: at(3), data: {} };
  draft.events.splice(4, 0, asked, { event: "approval.granted", at: at(3), data: {} });
  reask(draft, {});
}

/** Changes the packet; decision, claim and events follow it. */
export function reask(draft: BundleDraft, fields: Record<string, unknown>): void {
  const packet = Object.assign(documentOf(draft, "proofs/approval-packet.json"), fields);
  for (const { event, data } of draft.events)
    if (event.startsWith("approval.")) {
      const { attempt, sentence } = packet;
      const asked = event === "approval.requested" ? { attempt, sentence } : {};
      Object.assign(data, { blockers: [], ...data, ...asked, packet_sha256: digestOf(packet) });
    }
  redecide(draft, {});
}

/** Signs another decision about the packet of the draft; the claim follows it. */
export function redecide(
  draft: BundleDraft,
  fields: Record<string, unknown>,
  signer: { readonly key?: TestKey; readonly keyid?: string; readonly type?: string; readonly space?: number } = {},
): void {
  const { key = approver, keyid, space, type = APPROVAL_DECISION_TYPE } = signer;
  const packet_sha256 = digestOf(documentOf(draft, "proofs/approval-packet.json"));
  const decision = {
    schema: "cto.approval-decision.v1",
    packet_sha256,
    decision: "granted",
    reason: null,
    approver: key.publicKey,
    decided_at: "2026-11-20T05:30:00.000Z",
    narrowing: null,
    ...fields,
  };
  const text = space === undefined ? toCanonicalJson(decision) : JSON.stringify(decision, null, space);
  const envelope = signEnvelope(key, type, encode(text), keyid);
  draft.documents["proofs/approval-decision.json"] = { ...envelope };
  const decision_sha256 = sha256(encode(`${toCanonicalJson(envelope)}\n`));
  const granted = draft.events.find(({ event }) => event === "approval.granted");
  if (granted !== undefined)
    Object.assign(granted.data, {
      decision_sha256,
      keyid: decision.approver.keyid,
      decided_at: decision.decided_at,
    });
  reclaim(draft, { packet_sha256 });
}

/** Writes the claim of the decision of the draft. */
export function reclaim(draft: BundleDraft, fields: Record<string, unknown>): void {
  const stored = encode(`${toCanonicalJson(documentOf(draft, "proofs/approval-decision.json"))}\n`);
  draft.documents["proofs/approval-claim.json"] = {
    schema: "cto.approval-claim.v1",
    run_id: draft.runId,
    claimed_at: at(3),
    ...draft.documents["proofs/approval-claim.json"],
    decision_sha256: sha256(stored),
    ...fields,
  };
}
