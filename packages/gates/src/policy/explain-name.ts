import { oneLine } from "@cto/errors";
import { listSome } from "../blocker.ts";
import type { CompiledPolicy } from "./compile-policy.ts";
import { NO_ORIGIN, originOf, type PolicyLayer, type RuleOrigin } from "./policy-layer.ts";

/**
 * The answer about the name of an action, a model, an engine or a target. `no-rule` if no layer has a list of that kind: policy permits nothing by it, and
 * what else a run asks for decides (an opt-in, an admission record).
 */
export interface NameDecision extends RuleOrigin {
  readonly verdict: "allowed" | "forbidden" | "no-rule";
  readonly allowed: boolean;
  readonly rule: string | null;
  readonly why: string;
}

type NameList = "engines" | "models" | "targets";

/** Decides about an action, such as `push`: forbidden if any layer forbids it. No layer can permit one. */
export function explainAction(policy: CompiledPolicy, name: string): NameDecision {
  for (const layer of policy.layers) {
    const index = layer.says.forbidden_actions?.indexOf(name) ?? -1;
    if (index < 0) continue;
    const why = `forbidden_actions of the ${layer.layer} layer has ${oneLine(name)}`;
    return { verdict: "forbidden", allowed: false, rule: name, why, ...originOf(layer, `forbidden_actions[${index}]`) };
  }
  return {
    verdict: "no-rule",
    allowed: false,
    rule: null,
    why: `no layer speaks of the action ${oneLine(name)}`,
    ...NO_ORIGIN,
  };
}

/** Decides about an engine's id: every layer that says `engines` must list it. */
export function explainEngine(policy: CompiledPolicy, name: string): NameDecision {
  return explainName(policy, "engines", name);
}

/** Decides about a model, as `provider/model`: every layer that says `models` must list it. */
export function explainModel(policy: CompiledPolicy, name: string): NameDecision {
  return explainName(policy, "models", name);
}

/** Decides about the id of a target admission: every layer that says `targets` must list it. */
export function explainTarget(policy: CompiledPolicy, name: string): NameDecision {
  return explainName(policy, "targets", name);
}

function explainName(policy: CompiledPolicy, list: NameList, name: string): NameDecision {
  const shown = oneLine(name);
  let allowed: NameDecision | undefined;
  for (const layer of policy.layers) {
    const names = layer.says[list];
    if (names === undefined) continue;
    const index = names.indexOf(name);
    if (index < 0)
      return refuse(layer, list, names, `${list} of the ${layer.layer} layer (${layer.file}) does not list ${shown}`);
    const why = `${list} of the ${layer.layer} layer lists ${shown}`;
    allowed = { verdict: "allowed", allowed: true, rule: name, why, ...originOf(layer, `${list}[${index}]`) };
  }
  return allowed ?? { verdict: "no-rule", allowed: false, rule: null, why: `no layer names ${list}`, ...NO_ORIGIN };
}

function refuse(layer: PolicyLayer, list: NameList, names: readonly string[], why: string): NameDecision {
  return { verdict: "forbidden", allowed: false, rule: `${list}: [${listSome(names)}]`, why, ...originOf(layer, list) };
}
