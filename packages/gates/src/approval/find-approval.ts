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

type Blocked = Extract<ApprovalAnswer, { kind: "blocked" }>;

/**
 * Looks for an approval of exactly this request among the stored ones of its task. A denial by a trusted approver holds, whatever else lies there.
 * Attempts are taken in order: one that is spent or expired gives way to the next, any other is the answer. If nobody was ever asked and another
 * request of the same task is granted, the answer names what differs.
 */
export function findApproval(facts: {
  readonly request: ApprovalPacket;
  readonly stored: readonly StoredApproval[];
  readonly now: Date;
}): ApprovalAnswer {
  const { now, request, stored } = facts;
  const same = stored.filter(({ packet }) => isSameRequest(packet, request));
  const denied = same.find(({ decision }) => decision?.kind === "valid" && decision.decision.decision === "denied");
  if (denied?.decision?.kind === "valid") return answerDenied(denied.packet, denied.decision.decision);
  const byAttempt = new Map(same.map((one) => [one.packet.attempt, one]));
  let over: Pick<Blocked, "code" | "reason"> | null = null;
  for (let attempt = 1; ; attempt += 1) {
    const found = byAttempt.get(attempt);
    const packet = { ...request, attempt };
    // A packet that somebody laid there under a later number is not looked at: nobody asked that far.
    if (found === undefined)
      return over === null ? answerWithout(request, stored, now) : { kind: "blocked", ...over, packet };
    const answer = judgeAttempt(found, now);
    if (answer.kind !== "over") return answer.kind === "ready" ? answer : { ...answer, packet };
    over = { code: answer.code, reason: answer.reason };
  }
}

function answerDenied(packet: ApprovalPacket, decision: ApprovalDecision): ApprovalAnswer {
  const reason = `${decision.approver.name} said no${decision.reason === null ? "" : `: ${decision.reason}`}`;
  return { kind: "blocked", code: "approval_denied", reason, packet };
}

type AttemptAnswer =
  | Extract<ApprovalAnswer, { kind: "ready" }>
  | Pick<Blocked, "kind" | "code" | "reason">
  | { readonly kind: "over"; readonly code: "approval_consumed" | "approval_expired"; readonly reason: string };

function judgeAttempt({ claim, decision, packet }: StoredApproval, now: Date): AttemptAnswer {
  const blocked = (code: Blocked["code"], reason: string): AttemptAnswer => ({ kind: "blocked", code, reason });
  if (claim !== null)
    return { kind: "over", code: "approval_consumed", reason: `run ${claim.run_id} has spent the approval` };
  if (decision === null) return blocked("approval_missing", "nobody has decided on the packet yet");
  if (decision.kind === "invalid") return blocked("approval_missing", `there is a decision, but ${decision.reason}`);
  if (decision.kind === "foreign")
    return blocked("approval_mismatch", "the decision that lies there was signed for another packet");
  const end = endOf(packet, decision.decision);
  return end < now.getTime()
    ? { kind: "over", code: "approval_expired", reason: `the approval ended at ${new Date(end).toISOString()}` }
    : { kind: "ready", packet, decision: decision.decision };
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
