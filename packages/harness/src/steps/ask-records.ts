import {
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

/** The gate `engine-admitted`, from policy, opt-in and records; before the probe (`isProbed` false) the records are only looked for. */
export function askEngine(context: RunContext, isProbed: boolean): GateFact {
  const { clock, draft, ports, request, rules, stage } = context;
  const engineId = request.engine.describe().id;
  const { engineSha256: executable_sha256, engineVersion: version } = draft;
  const probe = isProbed && version !== null && executable_sha256 !== null ? { version, executable_sha256 } : null;
  const admission =
    engineId === "fake" ? null : judgeEngineAdmission({ engineId, probe, now: clock.now(), ...rules.records });
  for (const item of admission?.items ?? []) draft.admissions.set(item.kind, item);
  const policy = explainEngine(draft.policy, engineId);
  return judgeEngineGate({ engineId, stage, policy, optedIn: ports.optedIn, admission });
}

/** The gate `model-admitted`. */
export function askModel({ clock, draft, request, rules }: RunContext): GateFact {
  const needed = request.engine.describe().needs_model;
  if (request.model === null) return judgeModelGate({ needed, model: null });
  const { model, provider } = request.model;
  const admission = judgeModelAdmission({ provider, model, now: clock.now(), ...rules.records });
  for (const item of admission.items) draft.admissions.set(item.kind, item);
  const name = `${provider}/${model}`;
  return judgeModelGate({ needed, model: { name, policy: explainModel(draft.policy, name), admission } });
}

/** The gate `target-admitted`. */
export function askTarget({ draft, rules, stage }: RunContext): GateFact {
  const { target } = rules;
  for (const item of target?.items ?? []) draft.admissions.set(item.kind, item);
  const id = target?.record?.id;
  return judgeTargetGate({
    stage,
    policy: id === undefined ? null : explainTarget(draft.policy, id),
    admission: target,
  });
}
