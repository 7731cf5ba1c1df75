import { CtoError } from "@cto/errors";
import {
  decideEligibility,
  type EligibilityFacts,
  type GateFact,
  needsApproval,
  OPEN_GATE,
  startsEngine,
} from "@cto/gates";
import { judgeLayers } from "../run/judge-layers.ts";
import type { PlaceHider } from "../run/place-hider.ts";
import type { RunContext } from "../run/run-context.ts";
import { type AskedApproval, askApproval } from "./ask-approval.ts";
import { askEngine, askModel, askTarget, foreseeEngine } from "./ask-records.ts";
import { type AskedRung, askRung } from "./ask-rung.ts";
import { probeEngine, probeSandbox, type ReadyEngine } from "./probe-engine.ts";

type Observed = { -readonly [Gate in keyof EligibilityFacts["observed"]]: EligibilityFacts["observed"][Gate] };

/** The answers of all gates that were asked, and what came to light while asking. */
export interface AskedGates {
  readonly observed: EligibilityFacts["observed"];
  readonly ready: ReadyEngine | null;
  readonly rung: AskedRung | null;
  readonly approval: AskedApproval | null;
}

/**
 * Asks the gates one group after the other: what stands in files, then the engine's identity, its rung, the sandbox, a person. A closed gate ends the
 * asking: nothing is started, and nobody is bothered, for a run that cannot begin.
 */
export async function askGates(context: RunContext): Promise<AskedGates> {
  const { record, request, rules, stage, task } = context;
  const observed: Observed = { "policy-layers": judgeLayers(rules, request.loaded) };
  const answer = { observed, ready: null, rung: null, approval: null };
  if (stage !== 1) {
    observed["engine-admitted"] = foreseeEngine(context);
    observed["model-admitted"] = askModel(context);
    observed["target-admitted"] = askTarget(context);
  }
  if (!isOpen(context, observed)) return answer;
  // It takes a moment, so it goes on beside the others.
  const sandbox = startsEngine(stage) ? record.timed("gate.sandbox", () => probeSandbox(context)) : null;
  sandbox?.catch(() => undefined);
  const { fact, ready } = await record.timed("gate.engine", () => probeEngine(context));
  observed["engine-ready"] = fact;
  if (ready === null || stage === 1) return { ...answer, ready };
  observed["engine-admitted"] = askEngine(context);
  if (!isOpen(context, observed)) return { ...answer, ready };
  const rung = await record.timed("gate.rung", () => askRung(context));
  observed["stage-proven"] = rung.fact;
  if (sandbox !== null) observed["sandbox-available"] = await sandbox;
  if (sandbox === null || !isOpen(context, observed)) return { ...answer, ready, rung };
  const fixture = needsApproval(task, stage) ? await findBrokenFixture(context) : null;
  if (fixture !== null) return { observed: { ...observed, approval: fixture }, ready, rung, approval: null };
  const approval = needsApproval(task, stage) ? await record.timed("gate.approval", () => askApproval(context)) : null;
  observed.approval = approval?.fact ?? OPEN_GATE;
  return { observed, ready, rung, approval };
}

/** Why a packet cannot say what is to be changed: the fixture cannot be copied. */
async function findBrokenFixture({ copying, repository }: RunContext): Promise<GateFact | null> {
  if (repository !== null) return null;
  try {
    await copying;
    return null;
  } catch (thrown) {
    if (!CtoError.is(thrown) || !thrown.code.startsWith("WORKSPACE_FIXTURE_")) throw thrown;
    return { answer: "fail", code: "gate_missing", reason: thrown.message, hint: thrown.hint };
  }
}

/** True as long as no gate is closed but the one that stages 1 and 6 never open, and the contract itself was not refused. */
function isOpen(context: RunContext, observed: EligibilityFacts["observed"]): boolean {
  return decideEligibility(toFacts(context, "", observed)).gates.every(
    ({ answer, gate }) => answer !== "fail" || gate === "stage-permits-execution",
  );
}

/** The facts that the decision is made of. */
export function toFacts(
  { hider, permittedStage, request, stage, task }: RunContext,
  decisionId: string,
  observed: EligibilityFacts["observed"],
): EligibilityFacts {
  return {
    decisionId,
    task,
    requestedStage: request.requestedStage ?? stage,
    engineId: request.engine.describe().id,
    isolation: request.isolation,
    permittedStage,
    observed: hidePlaces(observed, hider),
  };
}

/** Answers name files and programs for people; a bundle must not tell where they lie. */
function hidePlaces(observed: EligibilityFacts["observed"], hider: PlaceHider): EligibilityFacts["observed"] {
  const hidden = Object.entries(observed).map(([gate, fact]): [string, GateFact] => [
    gate,
    {
      ...fact,
      reason: fact.reason === null ? null : hider.text(fact.reason),
      ...(fact.hint === undefined ? {} : { hint: hider.text(fact.hint) }),
    },
  ]);
  return Object.fromEntries(hidden);
}
