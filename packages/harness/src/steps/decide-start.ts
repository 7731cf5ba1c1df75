import { randomUUID } from "node:crypto";
import type { EngineProbe } from "@cto/engine-interface";
import { CtoError, messageOf } from "@cto/errors";
import { decideEligibility, type GateFact } from "@cto/gates";
import { readEngineInput } from "../case/load-task.ts";
import { addBlockers, type RunContext } from "../run/run-context.ts";

/** The probe of an engine that may start, with what it will be given. */
export interface ReadyEngine {
  readonly probe: Extract<EngineProbe, { kind: "ready" }>;
  readonly input: { readonly file: string; readonly text: string } | null;
}

const probeLimitMs = 10_000;

/**
 * Asks every gate that stands before a run, writes the eligibility decision, the plan and, if one is not open, the refusal. Returns the engine
 * only if all gates passed; otherwise the blockers are in the draft.
 */
export async function decideStart(context: RunContext): Promise<ReadyEngine | null> {
  const { draft, record, request, task, stage, writer } = context;
  const input = await readInput(context);
  const [sandboxFact, { fact: engineFact, probe }] = await Promise.all([
    record.timed("gate.sandbox", () => probeSandbox(context)),
    record.timed("gate.engine", () => probeEngine(context, input)),
  ]);
  const judgement = decideEligibility({
    decisionId: randomUUID(),
    task,
    requestedStage: request.requestedStage ?? stage,
    engine: { ...engineFact, id: request.engine.describe().id },
    sandbox: { ...sandboxFact, kind: request.isolation },
    approval: null,
  });
  draft.eligibility = judgement;
  const written = writer.writeDocument("proofs/eligibility.json", judgement.decision);
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
    budget: { wall_seconds: task.budget.wall_seconds, artifact_bytes: task.budget.artifact_bytes },
  });
  if (draft.blockers.length > 0) {
    await written;
    return null;
  }
  if (!judgement.eligible || probe?.kind !== "ready" || CtoError.is(input)) {
    refuse(context, judgement);
    await written;
    return null;
  }
  draft.engineVersion = probe.version;
  [draft.engineSha256] = await Promise.all([context.ports.store.fileDigest(probe.executable), written]);
  for (const { host, inside } of probe.mounts) context.hider.add(host, inside);
  return { probe, input };
}

function refuse(context: RunContext, judgement: ReturnType<typeof decideEligibility>): void {
  const { draft, record, request } = context;
  addBlockers(draft, judgement.blockers);
  const gateBlockers = draft.blockers.filter(({ event }) => event === "backend.gate.blocked");
  if (gateBlockers.length > 0) {
    const first = judgement.gates.find(({ answer }) => answer !== "pass");
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
  const approvalBlockers = draft.blockers.filter(({ event }) => event === "approval.requested");
  if (approvalBlockers.length > 0) record.event("approval.requested", { required: true }, approvalBlockers);
}

/** The engine's input, or the error of a file that is there and cannot be read. */
async function readInput({ request }: RunContext): Promise<ReadyEngine["input"] | CtoError> {
  try {
    return await readEngineInput(request.loaded, request.engine.describe().id);
  } catch (thrown) {
    if (CtoError.is(thrown)) return thrown;
    throw thrown;
  }
}

async function probeSandbox(context: RunContext): Promise<GateFact> {
  if (context.stage === 1)
    return { answer: "undetermined", reason: "stage 1 starts no process, so the sandbox was not tried" };
  const probe = await context.ports.sandbox.probe();
  if (probe.kind === "unavailable") return { answer: "fail", reason: `${probe.message} ${probe.hint}` };
  context.draft.limits = probe.limits;
  return { answer: "pass", reason: null };
}

async function probeEngine(
  context: RunContext,
  input: ReadyEngine["input"] | CtoError,
): Promise<{ fact: GateFact; probe: EngineProbe | null }> {
  if (CtoError.is(input)) return { probe: null, fact: { answer: "fail", reason: `${input.message} ${input.hint}` } };
  const timeout = AbortSignal.timeout(probeLimitMs);
  try {
    const probe = await Promise.race([
      context.request.engine.doProbe(input),
      new Promise<never>((_, reject) =>
        timeout.addEventListener("abort", () => reject(new Error("the probe did not answer in 10 s")), { once: true }),
      ),
    ]);
    return {
      probe,
      fact:
        probe.kind === "ready"
          ? { answer: "pass", reason: null }
          : { answer: "fail", reason: `${probe.message} ${probe.hint}` },
    };
  } catch (thrown) {
    return { probe: null, fact: { answer: "undetermined", reason: `the engine's probe failed: ${messageOf(thrown)}` } };
  }
}
