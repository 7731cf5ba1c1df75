import { pathTextToName } from "../../path-text.ts";
import { RUN_FILES } from "../../vocabulary.ts";
import type { Rule, WholeBundle } from "./whole-bundle.ts";

/**
 * What a change was allowed by is a rule of the contract that can reach its path, and no literal rule of any layer forbids it. Patterns with wildcards are
 * the gates' to judge; only their literal beginning is looked at here.
 */
export const changesFit: Rule = (bundle, findings) => {
  const { report, task } = bundle;
  const say = (message: string) => findings.add("CHANGES_CONTRADICTED", RUN_FILES.report, message);
  if (
    report.allowed_writes_passed === true &&
    report.status !== "pass" &&
    report.changes.some(({ allowed }) => !allowed)
  )
    say("allowed_writes_passed is true and a change is not allowed");
  if (task === undefined) return;
  const allowedPaths = new Set(task.allowed_paths);
  const kept = toLiteralPaths(bundle);
  for (const { path, allowed, rule } of report.changes) {
    if (!allowed) continue;
    const name = pathTextToName(path) ?? "";
    if (rule === null || !allowedPaths.has(rule)) say(`${path} is allowed by a rule that the contract does not have`);
    else if (!canReach(rule, name)) say(`${path} is allowed by ${rule}, which does not reach it`);
    if (kept.size > 0 && isBelow(name, kept)) say(`${path} is allowed and a rule forbids or protects it by name`);
  }
};

/** The forbidden and protected paths that have no wildcard; each covers what lies below it too. */
function toLiteralPaths({ policy, task }: WholeBundle): ReadonlySet<string> {
  const ofLayers = policy?.rules.flatMap(({ dimension, value }) =>
    (dimension === "forbidden_paths" || dimension === "protected_paths") && typeof value === "string" ? [value] : [],
  );
  const all = [...(task?.forbidden_paths ?? []), ...(task?.protected_paths ?? []), ...(ofLayers ?? [])];
  return new Set(all.filter((pattern) => !pattern.includes("*")).map((pattern) => pattern.replace(/\/$/, "")));
}

/** True if the name, or a folder that it lies in, is one of the places. Takes as long as the name is deep, however many places there are. */
function isBelow(name: string, places: ReadonlySet<string>): boolean {
  for (let end = name.indexOf("/"); end !== -1; end = name.indexOf("/", end + 1)) {
    if (places.has(name.slice(0, end))) return true;
  }
  return places.has(name);
}

function canReach(rule: string, name: string): boolean {
  const star = rule.indexOf("*");
  if (star !== -1) return name.startsWith(rule.slice(0, star));
  return rule.endsWith("/") ? name.startsWith(rule) : name === rule;
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
