import {
  type Blocker,
  type EligibilityDecision,
  type FailureCode,
  type IsolationKind,
  SCHEMAS,
  type Stage,
} from "@cto/evidence-interface";
import { toBlocker, toShown } from "../blocker.ts";
import type { TaskContract } from "../task-contract.ts";
import { mutationModeOf, needsApproval, resolveStage, startsEngine } from "./stage-rules.ts";

/** The answer of a gate. Only `pass` opens it. */
export type GateAnswer = "pass" | "fail" | "undetermined";

/** A condition that somebody looked at. `reason` says why it is not `pass`; `code` and `hint` where the gate's own would say too little. */
export interface GateFact {
  readonly answer: GateAnswer;
  readonly reason: string | null;
  readonly code?: FailureCode;
  readonly hint?: string;
}

/** The gates that stand before every run, in the order in which they are asked. */
export const GATE_NAMES = [
  "policy-layers",
  "stage-permitted-by-contract",
  "stage-permitted-by-policy",
  "stage-permits-execution",
  "isolation-permitted-at-stage",
  "engine-admitted",
  "model-admitted",
  "target-admitted",
  "engine-ready",
  "stage-proven",
  "sandbox-available",
  "approval",
] as const;
export type GateName = (typeof GATE_NAMES)[number];

/** Gates whose answer somebody has to find out; the others follow from contract, policy and stage. */
export type ObservedGate = Exclude<
  GateName,
  | "stage-permitted-by-contract"
  | "stage-permitted-by-policy"
  | "stage-permits-execution"
  | "isolation-permitted-at-stage"
>;

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
  readonly engineId: string;
  readonly isolation: IsolationKind;
  /** The highest stage that the policy layers permit. */
  readonly permittedStage: number;
  /** A gate that is not named was not asked: it is undetermined. */
  readonly observed: Readonly<Partial<Record<ObservedGate, GateFact>>>;
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

/** A gate that opens. */
export const OPEN_GATE: GateFact = { answer: "pass", reason: null };

const NOT_ASKED: GateFact = {
  answer: "undetermined",
  reason: "not asked, because an earlier gate is closed or the stage starts nothing",
};

/**
 * Decides whether the engine may start. Every gate must answer `pass`; missing and undetermined answers keep it shut. At stages 1 and 6 no
 * engine ever starts: the blocked run is what the stage proves.
 */
export function decideEligibility(facts: EligibilityFacts): EligibilityJudgement {
  const stage = resolveStage(facts);
  const gates = GATE_NAMES.map((gate): GateResult => ({ gate, ...askGate(gate, facts, stage) }));
  const missing = gates.filter((gate) => gate.answer !== "pass");
  const reasons = missing.map(explainGate);
  const failed = missing.filter((gate) => gate.answer === "fail");
  const blockers = (failed.length > 0 ? failed : missing).map((gate) =>
    toBlocker(gate.code ?? CODE_OF[gate.gate], explainGate(gate), gate.hint ?? HINT_OF[gate.gate]),
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
      selected_backend: eligible ? facts.engineId : null,
      denied_backends: eligible ? [] : [{ backend: facts.engineId, reasons }],
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

const END_OF_STAGE_6 =
  "This is the expected end of stage 6: its result is proofs/comparison.json and proofs/route-guard.json. `cto ladder --explain` says what they prove.";

/** Where the code's own hint would point elsewhere. */
const HINT_OF: Partial<Record<GateName, string>> = {
  "policy-layers":
    "`cto policy check` names the file and the line; the run goes on once every policy layer can be read.",
  "stage-permitted-by-policy":
    "`cto policy explain stage` names the layer, file and line that set the highest stage; only its owner can raise it.",
  "isolation-permitted-at-stage":
    "Leave --isolation none out: from stage 3 on, and where an approval is required, a run needs the sandbox.",
};

const CODE_OF: Readonly<Record<GateName, FailureCode>> = {
  "policy-layers": "gate_missing",
  "stage-permitted-by-contract": "gate_missing",
  "stage-permitted-by-policy": "gate_missing",
  "stage-permits-execution": "gate_missing",
  "isolation-permitted-at-stage": "gate_missing",
  "engine-admitted": "engine_not_admitted",
  "model-admitted": "model_not_admitted",
  "target-admitted": "target_not_admitted",
  "engine-ready": "provider_config_missing",
  "stage-proven": "stage_not_proven",
  "sandbox-available": "sandbox_unavailable",
  approval: "approval_missing",
};

function askGate(gate: GateName, facts: EligibilityFacts, stage: Stage): GateFact {
  const { isolation, permittedStage, task } = facts;
  switch (gate) {
    case "stage-permitted-by-contract":
      return demand(stage <= task.stage, `stage ${stage} was asked for, the contract permits ${task.stage} at most`);
    case "stage-permitted-by-policy":
      return demand(
        stage <= permittedStage,
        `stage ${stage} was asked for, the policy permits ${permittedStage} at most`,
      );
    case "stage-permits-execution":
      return {
        ...demand(startsEngine(stage), `at stage ${stage} no engine is started`),
        ...(stage === 6 ? { hint: END_OF_STAGE_6 } : {}),
      };
    case "isolation-permitted-at-stage":
      return demand(isolation !== "none" || (stage <= 2 && !needsApproval(task, stage)), explainIsolation(stage));
    default:
      return facts.observed[gate] ?? NOT_ASKED;
  }
}

function explainIsolation(stage: Stage): string {
  return stage <= 2
    ? "without isolation the engine could sign its own approval"
    : `isolation none is permitted at stages 1 and 2 only, not at ${stage}`;
}

function demand(holds: boolean, reason: string): GateFact {
  return holds ? OPEN_GATE : { answer: "fail", reason };
}

function explainGate({ gate, answer, reason }: GateResult): string {
  return toShown(`gate ${gate}: ${answer}${reason === null ? "" : `, ${reason}`}`, 1000);
}
