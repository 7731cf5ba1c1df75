import {
  BUILT_IN_ENGINE,
  type EngineQuestion,
  explainEngine,
  explainModel,
  explainTarget,
  type GateFact,
  judgeEngineAdmission,
  judgeEngineGate,
  judgeModelAdmission,
  judgeModelGate,
  judgeTargetGate,
} from "@cto/gates";
import type { RunContext } from "../run/run-context.ts";
import type { AdmissionItem } from "../run/run-draft.ts";

/** The gate `engine-admitted` as far as records and policy tell it: nothing that they close is ever probed. */
export function foreseeEngine(context: RunContext): GateFact {
  const foreseen = judgeEngine(context, "not-asked");
  if (foreseen.answer !== "pass" || isBuiltIn(context)) return foreseen;
  return { answer: "undetermined", reason: "the records are there, and the engine was not compared with them" };
}

/** The gate `engine-admitted`, of the engine as it was probed. */
export function askEngine(context: RunContext): GateFact {
  const { engineSha256: executable_sha256, engineVersion: version } = context.draft;
  return judgeEngine(context, version !== null && executable_sha256 !== null ? { version, executable_sha256 } : null);
}

function judgeEngine(context: RunContext, probe: EngineQuestion["probe"]): GateFact {
  const { clock, draft, ports, request, rules, stage } = context;
  const engineId = request.engine.describe().id;
  const admission = isBuiltIn(context)
    ? null
    : judgeEngineAdmission({ engineId, probe, now: clock.now(), ...rules.records });
  // A record that nothing was compared with admits nothing yet.
  if (probe !== "not-asked" || admission?.status !== "admitted") noteItems(context, admission?.items ?? []);
  const policy = explainEngine(draft.policy, engineId);
  return judgeEngineGate({ engineId, stage, policy, optedIn: ports.optedIn, admission });
}

const isBuiltIn = ({ request }: RunContext): boolean => request.engine.describe().id === BUILT_IN_ENGINE;

/** The gate `model-admitted`. */
export function askModel(context: RunContext): GateFact {
  const { clock, draft, request, rules } = context;
  const needed = request.engine.describe().needs_model;
  if (request.model === null) return judgeModelGate({ needed, model: null });
  const { model, provider } = request.model;
  const admission = judgeModelAdmission({ provider, model, now: clock.now(), ...rules.records });
  noteItems(context, admission.items);
  const name = `${provider}/${model}`;
  return judgeModelGate({ needed, model: { name, policy: explainModel(draft.policy, name), admission } });
}

/** The gate `target-admitted`. */
export function askTarget(context: RunContext): GateFact {
  const { draft, rules, stage } = context;
  const { target } = rules;
  noteItems(context, target?.items ?? []);
  if (draft.hasBranchInTheWay) {
    return {
      answer: "fail",
      reason: "the target has a branch named cto, so nothing could be landed on cto/<run id>",
      hint: "Rename that branch in the target: `git branch -m cto something-else`.",
    };
  }
  const id = target?.record?.id;
  return judgeTargetGate({
    stage,
    policy: id === undefined ? null : explainTarget(draft.policy, id),
    admission: target,
  });
}

/** What the records said goes into the bundle, and the places of this machine do not. */
function noteItems({ draft, hider }: RunContext, items: readonly AdmissionItem[]): void {
  for (const item of items)
    draft.admissions.set(item.kind, { ...item, problems: item.problems.map((problem) => hider.text(problem)) });
}
