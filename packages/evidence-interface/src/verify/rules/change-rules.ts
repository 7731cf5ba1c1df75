import { pathTextToName } from "../../path-text.ts";
import { RUN_FILES } from "../../vocabulary.ts";
import { type PathMatcher, toCoveringMatcher, toFolded, toPathMatcher } from "../path-patterns.ts";
import type { Rule, WholeBundle } from "./whole-bundle.ts";

/**
 * A change that is said to be allowed is reached by the rule of the contract that is named, and by a rule of every other layer that says allowed paths;
 * no rule of any layer forbids or protects it.
 */
export const changesFit: Rule = (bundle, findings) => {
  const { report, task } = bundle;
  const say = (message: string) => findings.add("CHANGES_CONTRADICTED", RUN_FILES.report, message);
  const allowed = report.changes.filter((change) => change.allowed);
  if (report.allowed_writes_passed === true && report.status !== "pass" && allowed.length < report.changes.length)
    say("allowed_writes_passed is true and a change is not allowed");
  if (allowed.length === 0) return;
  const contract = task && toReachOfRules(task.allowed_paths);
  const layers = toPermittingLayers(bundle);
  const isKept = toCoveringMatcher(toKeptPatterns(bundle));
  for (const { path, rule } of allowed) {
    const name = pathTextToName(path) ?? "";
    if (contract !== undefined && !contract(rule, name))
      say(`${path} is allowed by ${rule ?? "no rule"}, which is no rule of the contract or does not reach it`);
    for (const [layer, reaches] of layers)
      if (!reaches(name)) say(`${path} is allowed and no rule of layer ${layer} reaches it`);
    if (isKept(name) || inGit.test(toFolded(name))) say(`${path} is allowed and a rule forbids or protects it`);
  }
};

/** Tells whether a rule is one of the contract's and reaches a path. */
function toReachOfRules(rules: readonly string[]): (rule: string | null, name: string) => boolean {
  const listed = new Set(rules);
  const matchers = new Map<string, PathMatcher>();
  return (rule, name) => {
    if (rule === null || !listed.has(rule)) return false;
    if (rule === name) return true;
    const reaches = matchers.get(rule) ?? toReach([rule]);
    matchers.set(rule, reaches);
    return reaches(name);
  };
}

/** What the rules of one layer permit. Files that change how git works are permitted by their own full path only. */
function toReach(patterns: readonly string[]): PathMatcher {
  const matches = toPathMatcher(patterns);
  return (name) => (isGitSettings(name) ? patterns.includes(name) : matches(name));
}

function isGitSettings(name: string): boolean {
  const last = toFolded(name.slice(name.lastIndexOf("/") + 1));
  return last === ".gitattributes" || last === ".gitmodules";
}

/** Every layer but the contract's that says allowed paths, with what they reach. A list that permits nothing stands as one rule `[]`. */
function toPermittingLayers({ policy }: WholeBundle): readonly (readonly [layer: string, reaches: PathMatcher])[] {
  const layers = new Map<string, string[]>();
  for (const { dimension, layer, value } of policy?.rules ?? []) {
    if (dimension !== "allowed_paths" || layer === "task") continue;
    const patterns = layers.get(layer) ?? [];
    layers.set(layer, patterns);
    if (typeof value === "string") patterns.push(value);
  }
  return [...layers].map(([layer, patterns]) => [layer, toReach(patterns)]);
}

/** What git keeps for itself, which is forbidden wherever it lies. */
const inGit = /(?:^|\/)\.git(?:\/|$)/;

/** What the layers forbid or protect, the contract among them: a policy that leaves out what it says has its own finding. */
function toKeptPatterns({ policy, task }: WholeBundle): readonly string[] {
  if (policy === undefined) return [...(task?.forbidden_paths ?? []), ...(task?.protected_paths ?? [])];
  const patterns: string[] = [];
  for (const { dimension, value } of policy.rules) {
    if ((dimension === "forbidden_paths" || dimension === "protected_paths") && typeof value === "string")
      patterns.push(value);
  }
  return patterns;
}

/** Claims that were compared with what happened: an overstated one is no match, and a mismatch is a blocker. */
export const claimsFit: Rule = ({ report, codes }, findings) => {
  const { claims, claims_match, changed_files, verification } = report;
  if (claims_match === false && report.status !== "pass" && !codes.has("claim_mismatch"))
    findings.add("CLAIMS_CONTRADICTED", RUN_FILES.report, "claims_match is false and claim_mismatch is no blocker");
  if (claims_match !== true) return;
  const changed = new Set(changed_files.map(toComparableName));
  // A name that was redacted among the claims may be any.
  const overstated = (claims.files ?? []).some(
    (file) => !changed.has(toComparableName(file)) && !file.includes("[redacted:"),
  );
  if (overstated)
    findings.add("CLAIMS_CONTRADICTED", RUN_FILES.report, "claims_match is true and a claimed file did not change");
  if (claims.tests_passed === true && verification.some(({ passed }) => !passed))
    findings.add("CLAIMS_CONTRADICTED", RUN_FILES.report, "claims_match is true and claimed tests did not pass");
};

/** As the gates compare claims with changes: by name, without a leading `./`. */
function toComparableName(path: string): string {
  return (pathTextToName(path) ?? path).replace(/^(?:\.\/)+/, "");
}
