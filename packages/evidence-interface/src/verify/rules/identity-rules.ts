import type * as z from "zod";
import { reportSchema } from "../../schemas/report.ts";
import { runBundleSchema } from "../../schemas/run-bundle.ts";
import {
  type MutationMode,
  PROOF_FILES,
  RUN_FILES,
  STAGE_NAMES,
  type Stage,
  type TargetKind,
} from "../../vocabulary.ts";
import type { Rule } from "./whole-bundle.ts";

/** Every document that names a run names this one. */
export const sameRun: Rule = (bundle, findings) => {
  const documents = [
    [RUN_FILES.run, bundle.run],
    [RUN_FILES.report, bundle.report],
    [RUN_FILES.review, bundle.review],
    [PROOF_FILES.treeState, bundle.treeState],
    [PROOF_FILES.noEffect, bundle.noEffect],
    [PROOF_FILES.broughtFolders, bundle.broughtFolders],
    [PROOF_FILES.admissions, bundle.admissions],
    [PROOF_FILES.rung, bundle.rung],
    [PROOF_FILES.approvalClaim, bundle.approvalClaim],
    [PROOF_FILES.disposable, bundle.disposable],
  ] as const;
  for (const [path, document] of documents) {
    if (document !== undefined && document.run_id !== bundle.manifest.run_id)
      findings.add("RUN_ID_DIFFERS", path, `is of run ${document.run_id}`);
  }
};

/** run.json and report.json say the same of what both say. */
export const runAndReport: Rule = ({ run, report }, findings) => {
  if (run.lifecycle !== "sealed" || run.finished_at === null || run.duration_ms === null) {
    findings.add(
      "RUN_NOT_SEALED",
      RUN_FILES.run,
      "a manifest exists, but run.json does not say that the run is sealed and when it ended",
    );
  }
  const pairs: readonly (readonly [field: string, inRun: unknown, inReport: unknown])[] = [
    ["case_id", run.case_id, report.case_id],
    ["task_id", run.task_id, report.task_id],
    ["engine_id and backend", run.engine_id, report.backend],
    ["engine_id and engine.id", run.engine_id, report.engine.id],
    ["stage", run.stage, report.stage],
    ["mutation_mode and mutation_scope", run.mutation_mode, report.mutation_scope],
    ["isolation", run.isolation, report.isolation.kind],
    ["started_at and run_started_at", run.started_at, report.run_started_at],
    ["finished_at and run_finished_at", run.finished_at, report.run_finished_at],
    ["baseline_commit", run.source.baseline_commit, report.source.baseline_commit],
    ["baseline_tree", run.source.baseline_tree, report.source.baseline_tree],
  ];
  for (const [field, inRun, inReport] of pairs) {
    if (inRun !== inReport)
      findings.add("RUN_REPORT_DIFFER", RUN_FILES.report, `${field}: run.json and report.json differ`);
  }
};

/** What a stage may change and on what, derived from the stage (gates.md). A null target is left open. */
const scopes: Readonly<Record<Stage, { readonly mutation: MutationMode; readonly target: TargetKind | null }>> = {
  1: { mutation: "none", target: null },
  2: { mutation: "fixture-copy", target: "fixture" },
  3: { mutation: "repository-copy", target: "copied" },
  4: { mutation: "disposable", target: "disposable" },
  5: { mutation: "owned-clone", target: "owned" },
  6: { mutation: "none", target: null },
};

/** Name, scope, target, isolation and landing fit the stage. Without isolation nothing runs from stage 3 up. */
export const stageFits: Rule = ({ run, report }, findings) => {
  const say = (message: string) => findings.add("STAGE_CONTRADICTED", RUN_FILES.run, `stage ${run.stage}: ${message}`);
  const stage = run.stage as Stage;
  const scope = scopes[stage];
  if (run.mode !== STAGE_NAMES[stage]) say(`mode is not ${STAGE_NAMES[stage]}`);
  if (run.mutation_mode !== scope.mutation) say(`mutation_mode is ${run.mutation_mode}, not ${scope.mutation}`);
  if (scope.target !== null && run.target_kind !== scope.target)
    say(`target_kind is ${run.target_kind}, not ${scope.target}`);
  if (scope.mutation === "none" && report.process_started) say("an engine was started");
  if (stage >= 3 && run.isolation === "none" && report.process_started) say("an engine was started without isolation");
  if (report.landing === "pending" && (stage !== 5 || report.status !== "pass")) say("a landing is pending");
  if (report.landing === "none" && stage === 5 && report.status === "pass") say("a pass, and no landing is pending");
  if (report.verification.some((entry) => entry.isolation !== run.isolation))
    say("a verification ran under another isolation");
};

/** All that a sandbox with walls leaves writable, the same in every run. */
const walledWritable = ["/workspace", "/tmp", "/home/cto"];

/** Behind walls nothing else is writable, and the network is never the host's. */
export const isolationFits: Rule = ({ report: { isolation } }, findings) => {
  if (isolation.kind === "none") return;
  const { network, writable } = isolation;
  if (writable.length !== walledWritable.length || writable.some((path, index) => path !== walledWritable[index]))
    findings.add(
      "ISOLATION_CONTRADICTED",
      RUN_FILES.report,
      "isolation.writable is not what the sandbox leaves writable",
    );
  if (network === "host")
    findings.add("ISOLATION_CONTRADICTED", RUN_FILES.report, "isolation.network is the host's, behind a sandbox");
};

/** Time runs forwards: start, events, end. `run.completed` may come after the end that the report already states. */
export const clockOrder: Rule = ({ run, events }, findings) => {
  const end = run.finished_at ?? run.started_at;
  if (end < run.started_at) findings.add("CLOCK_BACKWARDS", RUN_FILES.run, "the run ended before it started");
  for (const event of events.byName.values()) {
    const late = event.at > end && event.event !== "run.completed";
    if (event.at < run.started_at || late)
      findings.add("CLOCK_BACKWARDS", RUN_FILES.events, `${event.event} lies outside the run's time`);
  }
};

/** Host paths that tell who and where: home directories and drives. `/home/cto` is the same empty home in every sandbox. */
const hostPath =
  /(?<![A-Za-z0-9._*-])(?:\/home\/(?!cto(?:\/|$))[^\s/]|\/root(?:\/|$)|\/Users\/[^\s/])|^(?!").*(?<![A-Za-z0-9])[A-Za-z]:\\/;

/** Fields that hold the words of a contract, an engine, a command or a repository, not the harness's own. */
const foreignWords: ReadonlySet<string> = new Set([
  "title",
  "claims",
  "command",
  "message",
  "reason",
  "changes",
  "changed_files",
  "by_products",
]);

/** run.json and report.json hold no path of the host. */
export const noHostPaths: Rule = ({ run, report }, findings) => {
  const check = (path: string, document: object, shape: z.ZodType) => {
    if (findHostPath(document, "") === undefined) return;
    // The first field in the order of the schema is named, whatever order the file has.
    const field = findHostPath(shape.parse(document), "");
    findings.add("HOST_PATH_FOUND", path, `${field} holds an absolute path of the host`);
  };
  check(RUN_FILES.run, run, runBundleSchema);
  check(RUN_FILES.report, report, reportSchema);
};

/** The quick half of `hostPath`: what it matches holds one of these. */
function mayHoldHostPath(text: string): boolean {
  return text.includes(":\\") || text.includes("/home/") || text.includes("/root") || text.includes("/Users/");
}

function findHostPath(value: unknown, at: string): string | undefined {
  if (typeof value === "string") return mayHoldHostPath(value) && hostPath.test(value) ? at : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(fields)) {
    const item = fields[key];
    if ((typeof item !== "string" && typeof item !== "object") || foreignWords.has(key)) continue;
    const found = findHostPath(item, Array.isArray(value) ? at : at === "" ? key : `${at}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
