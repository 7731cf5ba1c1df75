import { CtoError } from "@cto/errors";
import { type ApprovalDecision, type ApprovalPacket, toCanonicalJson } from "@cto/evidence-interface";
import { findApproval, findWidenings, type GateFact, OPEN_GATE, toApprovalLayer, toApprovalPacket } from "@cto/gates";
import type { RunContext } from "../run/run-context.ts";
import { sha256 } from "../run/run-record.ts";
import { readApprovals } from "./read-approvals.ts";

/** The answer of the gate `approval`. `packet` is what a person is, or was, asked; `decisionBytes` is a denial or the approval to be claimed. */
export interface AskedApproval {
  readonly fact: GateFact;
  readonly packet: ApprovalPacket;
  readonly packetSha256: string;
  readonly decision: ApprovalDecision | null;
  readonly decisionBytes: Uint8Array | null;
  /** True if the packet's folder is there and cannot be read. */
  readonly isBroken: boolean;
}

/** Looks for an approval of exactly this run, without spending it or writing anything. */
export async function askApproval(context: RunContext): Promise<AskedApproval> {
  const { clock, ports } = context;
  const request = toPacket(context, await readBaseTree(context));
  const known = readApprovals(ports.store, request.task_id, clock.now());
  const answer = findApproval({ request, stored: known.stored, now: clock.now() });
  const packetSha256 = sha256(toCanonicalJson(answer.packet));
  const decisionBytes = known.stored.find((one) => one.sha256 === packetSha256)?.decisionBytes ?? null;
  const asked = { packet: answer.packet, packetSha256, decision: null, decisionBytes: null, isBroken: false };
  const problem = known.broken.get(packetSha256) ?? known.problem;
  if (problem !== null) {
    // It may hold a claim: what cannot be read is never taken for unspent.
    const isBroken = problem.code.startsWith("APPROVAL_") || problem.code.startsWith("STORE_");
    return { ...asked, isBroken, fact: { answer: "fail", reason: problem.message, hint: problem.hint } };
  }
  if (answer.kind === "blocked") {
    const fact: GateFact = {
      answer: "fail",
      code: answer.code,
      reason: answer.reason,
      ...toHint(answer.code, packetSha256),
    };
    return { ...asked, fact, ...(answer.code === "approval_denied" ? { decisionBytes } : {}) };
  }
  const widened = findWidening(context, answer.decision);
  if (widened !== null) return { ...asked, fact: widened };
  return { ...asked, fact: OPEN_GATE, decision: answer.decision, decisionBytes };
}

/** The tree that the engine starts from. Of a fixture nobody knows it before it is copied. */
async function readBaseTree({ copying, repository }: RunContext): Promise<string> {
  if (repository !== null) return repository.tree;
  if (copying === null) throw new Error("a run that needs an approval has something to copy");
  return (await copying).baseline.tree;
}

function toPacket(
  { draft, policyBeforeApproval, repository, request, rules, stage, task, taskDigest }: RunContext,
  baseTree: string,
): ApprovalPacket {
  const { engineInputSha256, engineSha256, engineVersion, targetId } = draft;
  if (engineSha256 === null || engineVersion === null)
    throw new Error("the engine is known before an approval is asked for");
  return toApprovalPacket({
    task,
    taskDigest,
    stage,
    target: targetId === null ? null : { targetId, name: rules.target?.record?.id ?? null },
    baseCommit: repository?.commit ?? null,
    baseTree,
    policyDigest: policyBeforeApproval,
    engine: {
      id: request.engine.describe().id,
      version: engineVersion,
      sha256: engineSha256,
      inputSha256: engineInputSha256,
    },
    model: request.model,
    forbiddenActions: rules.layers.flatMap(({ says }) => says.forbidden_actions ?? []),
  });
}

/** An approver narrows; a decision that permits more than the layers above it is refused, as any other layer would be. */
function findWidening({ rules }: RunContext, { approver, narrowing }: ApprovalDecision): GateFact | null {
  if (narrowing === null) return null;
  try {
    const [first] = findWidenings([...rules.layers, toApprovalLayer(narrowing, `the decision of ${approver.name}`)]);
    if (first === undefined) return null;
    const reason = `${first.file} ${first.key}: ${first.message}`;
    return { answer: "fail", code: "policy_widened", reason, hint: first.hint };
  } catch (thrown) {
    // Signed, and yet no pattern: what it was to forbid is not known.
    if (CtoError.is(thrown)) return { answer: "fail", reason: thrown.message, hint: thrown.hint };
    throw thrown;
  }
}

function toHint(code: string, packetSha256: string): { readonly hint?: string } {
  if (code === "approval_denied") return {};
  return {
    hint: `Have an approver look at the packet and decide: \`cto approve ${packetSha256.slice(0, 12)}\`, then run again.`,
  };
}
