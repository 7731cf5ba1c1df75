import type { ApprovalClaim, ApprovalDecision, ApprovalPacket, FailureCode } from "@cto/evidence-interface";
import type { OpenedDecision } from "./open-decision.ts";
import { comparePackets, isSameRequest } from "./to-approval-packet.ts";

/** A packet of the store with what people and runs did to it. */
export interface StoredApproval {
  readonly packet: ApprovalPacket;
  /** Null if nobody decided yet. */
  readonly decision: OpenedDecision | null;
  readonly claim: ApprovalClaim | null;
}

/** What a run may do: claim an approval, or why not and which packet to leave for a person. `decision` is the denial, where that is the reason. */
export type ApprovalAnswer =
  | { readonly kind: "ready"; readonly packet: ApprovalPacket; readonly decision: ApprovalDecision }
  | {
      readonly kind: "blocked";
      readonly code: Extract<
        FailureCode,
        "approval_missing" | "approval_expired" | "approval_consumed" | "approval_mismatch" | "approval_denied"
      >;
      readonly reason: string;
      /** To be written to the store, unless it is there already. */
      readonly packet: ApprovalPacket;
    };

/**
 * Looks for an approval of exactly this request among the stored ones of its task. The newest attempt decides: a granted one in time is ready; a
 * spent or expired one asks for a new decision under the next attempt; a denied one stays denied. If only another request of the same task is granted,
 * the answer names what differs.
 */
export function findApproval(facts: {
  readonly request: ApprovalPacket;
  readonly stored: readonly StoredApproval[];
  readonly now: Date;
}): ApprovalAnswer {
  const { now, request, stored } = facts;
  const same = stored.filter(({ packet }) => isSameRequest(packet, request));
  const [latest] = [...same].sort((a, b) => b.packet.attempt - a.packet.attempt);
  if (latest === undefined) return answerWithout(request, stored, now);
  const blocked = (
    code: Extract<ApprovalAnswer, { kind: "blocked" }>["code"],
    reason: string,
    isOver: boolean,
  ): ApprovalAnswer => ({
    kind: "blocked",
    code,
    reason,
    packet: isOver ? { ...latest.packet, attempt: latest.packet.attempt + 1 } : latest.packet,
  });
  const { claim, decision } = latest;
  if (claim !== null) return blocked("approval_consumed", `run ${claim.run_id} has spent the approval`, true);
  if (decision === null) return blocked("approval_missing", "nobody has decided on the packet yet", false);
  if (decision.kind === "invalid")
    return blocked("approval_missing", `there is a decision, but ${decision.reason}`, false);
  if (decision.kind === "foreign")
    return blocked("approval_mismatch", "the decision that lies there was signed for another packet", false);
  if (decision.decision.decision === "denied")
    return blocked(
      "approval_denied",
      `${decision.decision.approver.name} said no${toReason(decision.decision)}`,
      false,
    );
  const end = endOf(latest.packet, decision.decision);
  if (end < now.getTime())
    return blocked("approval_expired", `the approval ended at ${new Date(end).toISOString()}`, true);
  return { kind: "ready", packet: latest.packet, decision: decision.decision };
}

function answerWithout(request: ApprovalPacket, stored: readonly StoredApproval[], now: Date): ApprovalAnswer {
  const others = stored.filter((one) => one.packet.task_id === request.task_id && isUsable(one, now));
  const [nearest] = others
    .map(({ packet }) => comparePackets(packet, request))
    .filter((differences) => differences.length > 0)
    .sort((a, b) => a.length - b.length);
  return nearest === undefined
    ? { kind: "blocked", code: "approval_missing", reason: "nobody was asked before", packet: request }
    : {
        kind: "blocked",
        code: "approval_mismatch",
        reason: `the approval at hand is for something else: ${nearest.join("; ")}`,
        packet: request,
      };
}

function isUsable({ claim, decision, packet }: StoredApproval, now: Date): boolean {
  return (
    claim === null &&
    decision?.kind === "valid" &&
    decision.decision.decision === "granted" &&
    endOf(packet, decision.decision) >= now.getTime()
  );
}

/** Milliseconds since the epoch. */
function endOf({ expires_minutes }: ApprovalPacket, { decided_at }: ApprovalDecision): number {
  return Date.parse(decided_at) + expires_minutes * 60_000;
}

function toReason({ reason }: ApprovalDecision): string {
  return reason === null ? "" : `: ${reason}`;
}
