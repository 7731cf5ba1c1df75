import { ALWAYS_FORBIDDEN_ACTIONS } from "../../schemas/admissions.ts";
import { PROOF_FILES, STAGES } from "../../vocabulary.ts";
import { PATTERN_LENGTH } from "../path-patterns.ts";
import { digestOfProof } from "./stored-proof.ts";
import type { Rule, WholeBundle } from "./whole-bundle.ts";

/** The effective policy in the bundle is the one that was judged, and what it holds from the contract stands in the contract. */
export const policyFits: Rule = (bundle, findings) => {
  const { policy, report, task } = bundle;
  if (policy === undefined) return;
  const digest = digestOfProof(bundle, PROOF_FILES.policy, policy, findings);
  if (digest !== undefined && digest !== report.policy_digest)
    findings.add("POLICY_DIGEST_DIFFERS", PROOF_FILES.policy, "does not have the digest that report.json names");
  if (policy.stage !== report.stage)
    findings.add(
      "POLICY_CONTRADICTED",
      PROOF_FILES.policy,
      `is for stage ${policy.stage}, the run for ${report.stage}`,
    );
  if (task === undefined) return;
  const ofTask = toRulesOfTask(task);
  const seen = { ...noneSeen };
  for (const { dimension, value, layer } of policy.rules) {
    if (layer !== "task") continue;
    const expected = ofTask[dimension][seen[dimension]];
    seen[dimension] += 1;
    // Both come out of canonical JSON, so equal objects have the same text.
    if (value !== expected && JSON.stringify(value) !== JSON.stringify(expected)) seen[dimension] = Number.NaN;
  }
  for (const dimension of dimensions) {
    if (seen[dimension] !== ofTask[dimension].length)
      findings.add("POLICY_CONTRADICTED", PROOF_FILES.policy, `${dimension} is not what the contract says`);
  }
};

type Dimension = NonNullable<WholeBundle["policy"]>["rules"][number]["dimension"];

const noneSeen: Readonly<Record<Dimension, number>> = {
  allowed_paths: 0,
  forbidden_paths: 0,
  protected_paths: 0,
  forbidden_actions: 0,
  by_products: 0,
  network: 0,
  budget: 0,
  stage: 0,
  engines: 0,
  models: 0,
  targets: 0,
};
const dimensions = Object.keys(noneSeen) as readonly Dimension[];

/** What a policy takes from a contract, by dimension and in order. */
function toRulesOfTask(task: NonNullable<WholeBundle["task"]>): Readonly<Record<Dimension, readonly unknown[]>> {
  return {
    allowed_paths: task.allowed_paths,
    forbidden_paths: task.forbidden_paths,
    protected_paths: task.protected_paths,
    forbidden_actions: task.forbidden_actions,
    by_products: task.by_products,
    network: [task.network],
    budget: [task.budget],
    stage: [task.stage],
    engines: [],
    models: [],
    targets: [],
  };
}

/**
 * No policy leaves out what no layer can lift: `.git/` is forbidden. An engine at stage 5 ran under the rules of the admitted target, which say allowed
 * paths and forbid what every target forbids.
 */
export const policyIsWhole: Rule = ({ policy, report, run }, findings) => {
  if (policy === undefined) return;
  const say = (message: string) => findings.add("POLICY_CONTRADICTED", PROOF_FILES.policy, message);
  let forbidsGit = false;
  let isTooLong = false;
  for (const { dimension, layer, value } of policy.rules) {
    if (typeof value !== "string") continue;
    if (value.length > PATTERN_LENGTH) isTooLong = true;
    if (layer === "built-in" && dimension === "forbidden_paths" && value === ".git/") forbidsGit = true;
  }
  if (isTooLong) say("a rule is longer than any layer can write");
  if (!forbidsGit) say("the built-in rule .git/ is not there");
  if (run.stage !== 5 || !report.process_started) return;
  const ofTarget = policy.rules.filter(({ layer }) => layer === "target");
  if (!ofTarget.some(({ dimension }) => dimension === "allowed_paths"))
    say("an engine ran and the target's own allowed paths are not there");
  const forbidden = ofTarget.filter(({ dimension }) => dimension === "forbidden_actions").map(({ value }) => value);
  if (!ALWAYS_FORBIDDEN_ACTIONS.every((action) => forbidden.includes(action)))
    say("an engine ran and the actions that every target forbids are not there");
};

/** What ran is what every layer permits: a layer that lists engines, models or targets lists this one, and none has a lower stage. */
export const policyObeyed: Rule = ({ policy, report, run, admissions }, findings) => {
  if (policy === undefined || !report.process_started || policy.rules.every(({ layer }) => ownLayers.has(layer)))
    return;
  const say = (message: string) => findings.add("POLICY_CONTRADICTED", PROOF_FILES.policy, message);
  const targets = admissions?.items.filter(({ kind }) => kind === "target").map(({ id }) => id) ?? [];
  const ran: readonly (readonly [Dimension, readonly (string | null)[]])[] = [
    ["engines", [report.backend]],
    ["models", report.model === null ? [] : [`${report.model.provider}/${report.model.model}`]],
    ["targets", run.stage === 5 ? targets : []],
  ];
  for (const [dimension, names] of ran) {
    for (const [layer, listed] of namesByLayer(policy.rules, dimension)) {
      if (names.some((name) => name !== null && !listed.has(name)))
        say(`what ran is not among the ${dimension} of layer ${layer}`);
    }
  }
  for (const { dimension, layer, value } of policy.rules) {
    if (dimension === "stage" && !(STAGES.some((stage) => stage === value) && Number(value) >= run.stage))
      say(`an engine ran at stage ${run.stage}, which layer ${layer} does not permit`);
  }
};

const ownLayers: ReadonlySet<string> = new Set(["built-in", "task"]);

/** The names that each layer lists in one dimension. A rule holds one name or a list of them. */
function namesByLayer(
  rules: NonNullable<WholeBundle["policy"]>["rules"],
  dimension: Dimension,
): ReadonlyMap<string, ReadonlySet<unknown>> {
  const layers = new Map<string, Set<unknown>>();
  for (const rule of rules) {
    if (rule.dimension !== dimension) continue;
    const listed = layers.get(rule.layer) ?? new Set();
    for (const name of Array.isArray(rule.value) ? rule.value : [rule.value]) listed.add(name);
    layers.set(rule.layer, listed);
  }
  return layers;
}

/** The least value of a budget among all layers, null if none sets it. The contract sets what it sets whatever the policy says. */
export function leastBudget({ policy, task }: WholeBundle, name: "wall_seconds" | "artifact_bytes" | "tokens" | "usd") {
  let least: number | null = null;
  const consider = (budget: unknown) => {
    const value =
      typeof budget === "object" && budget !== null ? (budget as Readonly<Record<string, unknown>>)[name] : null;
    if (typeof value === "number" && (least === null || value < least)) least = value;
  };
  consider(task?.budget);
  for (const { dimension, layer, value } of policy?.rules ?? []) {
    if (dimension === "budget" && layer !== "task") consider(value);
  }
  return least as number | null;
}
