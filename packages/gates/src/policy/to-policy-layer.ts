import type { ApprovalNarrowing, TargetAdmission } from "@cto/evidence-interface";
import type { TaskContract } from "../task-contract.ts";
import { checkPatterns } from "./path-rules.ts";
import type { PolicyLayer, PolicyPlaces } from "./policy-layer.ts";

const NO_PLACES: PolicyPlaces = new Map();

/** The layer of a task contract. It always says allowed paths, network, budget and stage; `places` come from `readTaskPlaces`. */
export function toTaskLayer(
  task: TaskContract,
  { file, places = NO_PLACES }: { readonly file: string; readonly places?: PolicyPlaces },
): PolicyLayer {
  const { allowed_paths, budget, by_products, forbidden_actions, forbidden_paths, network, protected_paths, stage } =
    task;
  const says = { allowed_paths, forbidden_paths, protected_paths, forbidden_actions, stage, network, budget };
  // A contract's empty list is its default, and leaves to the layers above what tools may leave behind.
  return { layer: "task", file, says: by_products.length === 0 ? says : { ...says, by_products }, places };
}

/** The layer of an admitted target: its own paths and actions. Throws `PATH_RULE_INVALID` if one of its patterns is malformed. */
export function toTargetLayer(admission: TargetAdmission, file: string): PolicyLayer {
  const { allowed_paths, forbidden_actions, forbidden_paths } = admission;
  checkPatterns([...allowed_paths, ...forbidden_paths]);
  return { layer: "target", file, says: { allowed_paths, forbidden_paths, forbidden_actions }, places: NO_PLACES };
}

/** The layer of what an approver narrowed. Throws `PATH_RULE_INVALID` if one of its patterns is malformed. */
export function toApprovalLayer(narrowing: ApprovalNarrowing, file: string): PolicyLayer {
  const { allowed_paths, forbidden_paths } = narrowing;
  checkPatterns([...(allowed_paths ?? []), ...(forbidden_paths ?? [])]);
  return { layer: "approval", file, says: { allowed_paths, forbidden_paths }, places: NO_PLACES };
}
