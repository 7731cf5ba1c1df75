import {
  type Blocker,
  type EligibilityDecision,
  type FailureCode,
  type IsolationKind,
  type MutationMode,
  SCHEMAS,
  type Stage,
  type TargetKind,
} from "@cto/evidence-interface";
import { toBlocker, toShown } from "./blocker.ts";
import type { TaskContract } from "./task-contract.ts";

/** The answer of a gate. Only `pass` opens it. */
export type GateAnswer = "pass" | "fail" | "undetermined";

/** A condition that somebody looked at. `reason` says why it is not `pass`. */
export interface GateFact {
  readonly answer: GateAnswer;
  readonly reason: string | null;
}

/** The gates that stand before every run, in the order in which they are asked. */
export const GATE_NAMES = [
  "stage-permitted-by-contract",
  "stage-implemented",
  "stage-permits-execution",
  "isolation-permitted-at-stage",
  "sandbox-available",
  "engine-ready",
  "approval",
] as const;
export type GateName = (typeof GATE_NAMES)[number];

/** A gate with its answer and, unless it passed, the reason. */
export interface GateResult extends GateFact {
  readonly gate: GateName;
}

/** What is known before a run. */
export interface EligibilityFacts {
  /** Given by the caller, so that the decision is a function of its facts. */
  readonly decisionId: string;
  readonly task: TaskContract;
  /** The stage that was typed, null if none was. */
  readonly requestedStage: Stage | null;
  readonly engine: GateFact & { readonly id: string };
  readonly sandbox: GateFact & { readonly kind: IsolationKind };
  /** Whether an approval of this exact packet was claimed; null if there is none. */
  readonly approval: GateFact | null;
  /** The stages that this version can run; stages 1 to 3 without it. */
  readonly implementedStages?: readonly Stage[];
}

/** The decision for `proofs/eligibility.json`, and what it means for the run. */
export interface EligibilityJudgement {
  readonly stage: Stage;
  /** True only if every gate passed. */
  readonly eligible: boolean;
  readonly gates: readonly GateResult[];
  /** One for each gate that failed; for those that could not be determined only if none failed. */
  readonly blockers: readonly Blocker[];
  readonly decision: EligibilityDecision;
}

/** The stage of a run: the one that was typed, else 2, or 1 if the contract permits no more. */
export function resolveStage(
  facts: Pick<EligibilityFacts, "requestedStage"> & { readonly task: Pick<TaskContract, "stage"> },
): Stage {
  return facts.requestedStage ?? (facts.task.stage < 2 ? 1 : 2);
}

const MUTATION_MODE_OF: Readonly<Record<Stage, MutationMode>> = {
  1: "none",
  2: "fixture-copy",
  3: "repository-copy",
  4: "disposable",
  5: "owned-clone",
  6: "none",
};
const TARGET_KIND_OF: Readonly<Record<Stage, TargetKind>> = {
  1: "none",
  2: "fixture",
  3: "copied",
  4: "disposable",
  5: "owned",
  6: "none",
};

/** What a run at a stage may change. */
export function mutationModeOf(stage: Stage): MutationMode {
  return MUTATION_MODE_OF[stage];
}

/** What a run at a stage works on. */
export function targetKindOf(stage: Stage): TargetKind {
  return TARGET_KIND_OF[stage];
}

/**
 * Decides whether the engine may start. Every gate must answer `pass`; missing and undetermined answers keep it shut. At stage 1 no engine
 * ever starts: the blocked run is what that stage proves.
 */
export function decideEligibility(facts: EligibilityFacts): EligibilityJudgement {
  const stage = resolveStage(facts);
  const gates = GATE_NAMES.map((gate): GateResult => ({ gate, ...askGate(gate, facts, stage) }));
  const missing = gates.filter((gate) => gate.answer !== "pass");
  const reasons = missing.map(explainGate);
  const failed = missing.filter((gate) => gate.answer === "fail");
  const blockers = (failed.length > 0 ? failed : missing).map((gate) =>
    toBlocker(CODE_OF[gate.gate], explainGate(gate), HINT_OF[gate.gate]),
  );
  const eligible = missing.length === 0;
  return {
    stage,
    eligible,
    gates,
    blockers,
    decision: {
      schema: SCHEMAS.eligibility,
      decision_id: facts.decisionId,
      task_id: facts.task.id,
      selected_backend: eligible ? facts.engine.id : null,
      denied_backends: eligible ? [] : [{ backend: facts.engine.id, reasons }],
      risk_class: facts.task.risk_class,
      required_gates: [...GATE_NAMES],
      passed_gates: gates.filter((gate) => gate.answer === "pass").map((gate) => gate.gate),
      missing_gates: missing.map((gate) => gate.gate),
      allowed_mutation_mode: eligible ? mutationModeOf(stage) : "none",
      approval_required: needsApproval(facts.task, stage),
      reasons: eligible ? [`every gate of stage ${stage} is proven`] : reasons,
      escalation_path: blockers[0]?.hint ?? null,
    },
  };
}

/** Where the code's own hint would point elsewhere. */
const HINT_OF: Partial<Record<GateName, string>> = {
  "isolation-permitted-at-stage": "Leave --isolation none out: from stage 3 on a run needs the sandbox.",
  "stage-implemented": "Use --stage 1, 2 or 3.",
};

const CODE_OF: Readonly<Record<GateName, FailureCode>> = {
  "stage-permitted-by-contract": "gate_missing",
  "stage-implemented": "gate_missing",
  "stage-permits-execution": "gate_missing",
  "isolation-permitted-at-stage": "gate_missing",
  "sandbox-available": "sandbox_unavailable",
  "engine-ready": "provider_config_missing",
  approval: "approval_missing",
};

function askGate(gate: GateName, facts: EligibilityFacts, stage: Stage): GateFact {
  const { task, sandbox, engine } = facts;
  switch (gate) {
    case "stage-permitted-by-contract":
      return demand(stage <= task.stage, `stage ${stage} was asked for, the contract permits ${task.stage} at most`);
    case "stage-implemented":
      return demand(
        (facts.implementedStages ?? [1, 2, 3]).includes(stage),
        `stage ${stage} cannot be run by this version`,
      );
    case "stage-permits-execution":
      return demand(stage > 1 && stage < 6, `at stage ${stage} no engine is started`);
    case "isolation-permitted-at-stage":
      return demand(
        sandbox.kind !== "none" || stage <= 2,
        `isolation none is permitted at stages 1 and 2 only, not at ${stage}`,
      );
    case "sandbox-available":
      return sandbox;
    case "engine-ready":
      return engine;
    case "approval":
      if (!needsApproval(task, stage)) return OPEN;
      return (
        facts.approval ?? { answer: "fail", reason: "the contract or the stage requires an approval and there is none" }
      );
  }
}

const OPEN: GateFact = { answer: "pass", reason: null };

function demand(holds: boolean, reason: string): GateFact {
  return holds ? OPEN : { answer: "fail", reason };
}

/** From stage 4 on a person decides, whatever the contract says. */
function needsApproval(task: TaskContract, stage: Stage): boolean {
  return task.approval.required || stage === 4 || stage === 5;
}

function explainGate({ gate, answer, reason }: GateResult): string {
  return toShown(`gate ${gate}: ${answer}${reason === null ? "" : `, ${reason}`}`, 1000);
}
