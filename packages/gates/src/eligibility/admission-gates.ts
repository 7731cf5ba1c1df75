import type { AdmissionStatus, Stage } from "@cto/evidence-interface";
import { type GateFact, OPEN_GATE } from "./decide-eligibility.ts";

/** What a policy says of a name: of an engine, a model or a target. `no-rule` if no layer lists that kind of name. */
export interface PolicyWord {
  readonly verdict: "allowed" | "forbidden" | "no-rule";
  readonly why: string;
}

/** What admission records say of a thing. */
export interface AdmissionWord {
  readonly status: AdmissionStatus;
  readonly problems: readonly string[];
  readonly hint: string;
}

/** The facts of the gate `engine-admitted`. */
export interface EngineGateFacts {
  readonly engineId: string;
  readonly stage: Stage;
  readonly policy: PolicyWord;
  /** Engines that were opted in by `CTO_ALLOW_ENGINE`; counts only where no layer names engines. */
  readonly optedIn: readonly string[];
  /** Null for the built-in fake. `highestStage` is lowered by an unresolved licence. */
  readonly admission: (AdmissionWord & { readonly highestStage: number }) | null;
}

/**
 * The gate `engine-admitted`: the policy permits the engine, or nobody names engines and a person opted in; from stage 3 on its records admit it, below
 * only a record that is there must fit. The fake is built in.
 */
export function judgeEngineGate({ admission, engineId, optedIn, policy, stage }: EngineGateFacts): GateFact {
  if (policy.verdict === "forbidden")
    return refuse(policy.why, "Use another engine, or have the owner of that layer list this one under engines.");
  if (policy.verdict === "no-rule" && admission !== null && !optedIn.includes(engineId)) {
    return refuse(
      `no policy layer names engines, and ${engineId} was not opted in`,
      `Set CTO_ALLOW_ENGINE=${engineId} in the environment, or list it: policy: {engines: [${engineId}]} in cto/config.yaml.`,
    );
  }
  if (admission === null) return OPEN_GATE;
  const tolerated = stage <= 2 && admission.status === "missing_admission";
  if (admission.status !== "admitted" && !tolerated)
    return refuse(describe(`the engine ${engineId}`, admission), admission.hint);
  if (stage > admission.highestStage) {
    return refuse(
      `the records admit ${engineId} up to stage ${admission.highestStage}, the licence of its source is unresolved`,
      "Resolve the licence in the source admission (licence.status), then run again.",
    );
  }
  return OPEN_GATE;
}

/** The gate `model-admitted`: a model was asked for and policy and records admit exactly it, or the engine needs none. */
export function judgeModelGate(facts: {
  readonly needed: boolean;
  /** Null if no model was asked for. */
  readonly model: { readonly name: string; readonly policy: PolicyWord; readonly admission: AdmissionWord } | null;
}): GateFact {
  const { model, needed } = facts;
  if (model === null) {
    return needed
      ? refuse(
          "the engine needs a model and none was named",
          "Type --model PROVIDER/MODEL, one that `cto admit list` shows as admitted.",
        )
      : OPEN_GATE;
  }
  if (model.policy.verdict === "forbidden")
    return refuse(model.policy.why, "Use another model, or have the owner of that layer list this one under models.");
  return model.admission.status === "admitted"
    ? OPEN_GATE
    : refuse(describe(`the model ${model.name}`, model.admission), model.admission.hint);
}

/** The gate `target-admitted`, asked at stage 5: the target's own record admits it and no layer leaves it out. */
export function judgeTargetGate(facts: {
  readonly stage: Stage;
  readonly policy: PolicyWord | null;
  readonly admission: AdmissionWord | null;
}): GateFact {
  const { admission, policy, stage } = facts;
  if (stage !== 5) return OPEN_GATE;
  if (admission === null) return { answer: "undetermined", reason: "nobody looked for the target's admission" };
  if (admission.status !== "admitted") return refuse(describe("the target", admission), admission.hint);
  if (policy?.verdict === "forbidden")
    return refuse(policy.why, "Use another target, or have the owner of that layer list this one under targets.");
  return OPEN_GATE;
}

function describe(what: string, { problems, status }: AdmissionWord): string {
  return `${what}: ${status}${problems.length === 0 ? "" : `, ${problems.slice(0, 5).join("; ")}`}`;
}

function refuse(reason: string, hint: string): GateFact {
  return { answer: "fail", reason, hint };
}
