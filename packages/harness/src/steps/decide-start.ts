import { randomUUID } from "node:crypto";
import { PROOF_FILES, SCHEMAS } from "@cto/evidence-interface";
import { decideEligibility } from "@cto/gates";
import { addBlockers, type RunContext } from "../run/run-context.ts";
import { type AskedGates, askGates, toFacts } from "./ask-gates.ts";
import { compareStages } from "./compare-stages.ts";
import type { ReadyEngine } from "./probe-engine.ts";
import { refuseApproval } from "./refuse-approval.ts";

/** What a run starts with: the engine, and whether an approval is there that it has to spend. */
export interface PermittedStart {
  readonly ready: ReadyEngine;
  readonly hasApproval: boolean;
}

type Judgement = ReturnType<typeof decideEligibility>;

/**
 * Asks every gate that stands before a run, writes the eligibility decision, the plan and, if one is not open, the refusal. Answers null unless
 * all gates passed; then the blockers are in the draft.
 */
export async function decideStart(context: RunContext): Promise<PermittedStart | null> {
  const { budget, draft, record, task, writer } = context;
  const asked = await askGates(context);
  const judgement = decideEligibility(toFacts(context, randomUUID(), asked.observed));
  draft.eligibility = judgement;
  const written = Promise.all([
    writer.writeDocument(PROOF_FILES.eligibility, judgement.decision),
    writeAdmissions(context),
    asked.rung?.proof == null ? null : writer.writeDocument(PROOF_FILES.rung, asked.rung.proof),
  ]);
  context.background.push(written);
  record.event("eligibility.decided", {
    decision_id: judgement.decision.decision_id,
    eligible: judgement.eligible,
    passed_gates: [...judgement.decision.passed_gates],
    missing_gates: [...judgement.decision.missing_gates],
  });
  record.event("plan.updated", {
    gates: judgement.gates.map(({ gate, answer }) => ({ gate, answer })),
    checks: task.verification.map(({ id }) => id),
    budget: { wall_seconds: budget.wall_seconds, artifact_bytes: budget.artifact_bytes },
  });
  if (draft.blockers.length > 0 || !judgement.eligible || asked.ready === null) {
    if (draft.blockers.length === 0) await refuse(context, asked, judgement);
    await written;
    return null;
  }
  await written;
  return { ready: asked.ready, hasApproval: asked.approval !== null };
}

async function writeAdmissions({ draft, runId, writer }: RunContext): Promise<void> {
  if (draft.admissions.size === 0) return;
  const items = [...draft.admissions.values()];
  await writer.writeDocument(PROOF_FILES.admissions, { schema: SCHEMAS.admissionsProof, run_id: runId, items });
}

async function refuse(context: RunContext, asked: AskedGates, judgement: Judgement): Promise<void> {
  const { draft, record, request, stage } = context;
  addBlockers(draft, judgement.blockers);
  const gateBlockers = draft.blockers.filter(({ event }) => event === "backend.gate.blocked");
  if (gateBlockers.length > 0) {
    const first =
      judgement.gates.find(({ answer }) => answer === "fail") ??
      judgement.gates.find(({ answer }) => answer !== "pass");
    record.event(
      "backend.gate.blocked",
      {
        backend: request.engine.describe().id,
        gate: first?.gate ?? "unknown",
        reason: first?.reason ?? gateBlockers[0]?.message ?? "not proven",
        mutation_mode: judgement.decision.allowed_mutation_mode,
        case_executed: false,
      },
      gateBlockers,
    );
  }
  if (asked.approval !== null && asked.approval.fact.answer !== "pass") await refuseApproval(context, asked.approval);
  if (stage === 6) await compareStages(context, asked);
}
