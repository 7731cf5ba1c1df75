import { type EventName, RUN_FILES } from "../../vocabulary.ts";
import { restates } from "./restates.ts";
import type { Rule, WholeBundle } from "./whole-bundle.ts";

type Data = Readonly<Record<string, unknown>>;
/** What an event says in one field, and what a document says of the same; undefined where no document does. */
type Restated = readonly [field: string, said: unknown, known: unknown];
type Restatement = (data: Data, bundle: WholeBundle) => readonly Restated[];

/**
 * A run that was ended early: its harness may have died between an event and the report that was written later, or the disk may have refused.
 * Such a report may know less than the events, never something else.
 */
export function wasCutShort({ codes }: WholeBundle): boolean {
  return codes.has("interrupted") || codes.has("artifact_write_failure");
}

const runStarted: Restatement = (data, { run }) => [
  ["case_id", data.case_id, run.case_id],
  ["task_id", data.task_id, run.task_id],
  ["engine", data.engine, run.engine_id],
  ["stage", data.stage, run.stage],
];

const contractCreated: Restatement = (data, { run, report, treeState }) => [
  ["task_id", data.task_id, run.task_id],
  ["stage", data.stage, run.stage],
  ["task_digest", data.task_digest, report.task_digest],
  ["policy_digest", data.policy_digest, report.policy_digest],
  // Below stage 3 there is no repository; above it the baseline is its commit, once it is made.
  ["source_commit", data.source_commit, run.stage < 3 ? null : (report.source.baseline_commit ?? undefined)],
  ["source_digests", data.source_digests, treeState?.source_before],
];

const eligibilityDecided: Restatement = (data, { eligibility }) => [
  ["decision_id", data.decision_id, eligibility?.decision_id],
  ["eligible", data.eligible, eligibility === undefined ? undefined : eligibility.missing_gates.length === 0],
  ["passed_gates", data.passed_gates, eligibility?.passed_gates],
  ["missing_gates", data.missing_gates, eligibility?.missing_gates],
];

const planUpdated: Restatement = (data, { eligibility, task }) => {
  const gates = Array.isArray(data.gates) ? (data.gates as readonly (Data | null)[]) : [];
  const named = (passed: boolean) =>
    gates.filter((gate) => (gate?.answer === "pass") === passed).map((gate) => gate?.gate);
  return [
    ["gates (passed)", named(true), eligibility?.passed_gates],
    ["gates (missing)", named(false), eligibility?.missing_gates],
    ["checks", data.checks, task?.verification.map(({ id }) => id)],
    ["budget", data.budget, task === undefined ? undefined : pick(task.budget, ["wall_seconds", "artifact_bytes"])],
  ];
};

const gateBlocked: Restatement = (data, { run, eligibility }) => {
  const isAsked = eligibility?.required_gates.some((gate) => gate === data.gate) ?? false;
  return [
    ["backend", data.backend, run.engine_id],
    ["mutation_mode", data.mutation_mode, "none"],
    ["gate", isAsked && !eligibility?.missing_gates.some((gate) => gate === data.gate), false],
  ];
};

const claimFields = ["files", "tests_passed", "committed", "summary"] as const;

const engineCompleted: Restatement = (data, bundle) => {
  const { backend_exit, backend_exit_code, claims } = bundle.report;
  const unseen = wasCutShort(bundle) && (backend_exit === "not-started" || backend_exit === "canceled");
  const end = pick(data.end, ["kind", "code"]);
  const said = pick(data.claims, claimFields);
  return [
    ["end.kind", end.kind, unseen ? undefined : backend_exit],
    ["end.code", end.code ?? null, unseen ? undefined : backend_exit_code],
    ["claims", said, Object.keys(claims).length === 0 && wasCutShort(bundle) ? undefined : pick(claims, claimFields)],
  ];
};

const patchApplied: Restatement = (data, { treeState }) => [["tree", data.tree, treeState?.fresh_checkout_tree]];

const diffChecked: Restatement = (data, { report, treeState, codes }) => {
  // Where nobody could take a result the event counts nothing; a disk that refused just then may have kept the event of a result out.
  const without = data.result_tree === null;
  if (without && codes.has("artifact_write_failure")) return [];
  return [
    ["result_tree", data.result_tree, report.source.result_tree],
    ["fresh_tree", data.fresh_tree, without ? undefined : treeState?.fresh_checkout_tree],
    ["changed_files", data.changed_files, report.changed_files.length],
  ];
};

const verificationCompleted: Restatement = (data, bundle) => {
  const { verification } = bundle.report;
  const known = verification.map(({ id, exit, passed, resolved }) => ({
    id,
    exit,
    passed,
    resolved: resolved === null ? null : { path: resolved.path, sha256: resolved.sha256 },
  }));
  const unseen = verification.length === 0 && wasCutShort(bundle);
  return [
    ["ran", data.ran, unseen ? undefined : verification.length > 0],
    ["checks", data.checks, known],
  ];
};

const runCompleted: Restatement = (data, { report }) => [
  ["landing", data.landing, report.landing],
  ["all_blockers", data.all_blockers, report.blockers.map(({ code }) => code)],
];

const restatements: ReadonlyMap<EventName, Restatement> = new Map([
  ["run.started", runStarted],
  ["task.contract.created", contractCreated],
  ["eligibility.decided", eligibilityDecided],
  ["plan.updated", planUpdated],
  ["backend.gate.blocked", gateBlocked],
  ["engine.completed", engineCompleted],
  ["patch.applied", patchApplied],
  ["git.diff.checked", diffChecked],
  ["verification.completed", verificationCompleted],
  ["run.completed", runCompleted],
]);

/** What an event restates is what the document says. The engine's own identity is judged by `engineFits`. */
export const eventsRestate: Rule = (bundle, findings) => {
  const isLess = (known: unknown) => known === null || known === 0 || (Array.isArray(known) && known.length === 0);
  const cutShort = wasCutShort(bundle);
  for (const [name, { data }] of bundle.events.byName) {
    for (const [field, said, known] of restatements.get(name)?.(data, bundle) ?? []) {
      if (known === undefined || restates(said, known) || (cutShort && mayBeUnseen.has(name) && isLess(known)))
        continue;
      findings.add("EVENT_DATA_DIFFERS", RUN_FILES.events, `${name}: ${field} is not what the documents say`);
    }
  }
};

/** Events of what a report may have lost when its run was cut short. */
const mayBeUnseen: ReadonlySet<EventName> = new Set(["patch.applied", "git.diff.checked", "verification.completed"]);

/** What stands in a document was announced by its event. A pass has all events, by a rule of its own. */
export const documentsAnnounced: Rule = (bundle, findings) => {
  const { report, treeState, eligibility, events } = bundle;
  if (report.status === "pass" || wasCutShort(bundle)) return;
  const announced = [
    ["eligibility.decided", eligibility !== undefined, "a decision"],
    ["patch.applied", (treeState?.fresh_checkout_tree ?? null) !== null, "a tree of the fresh checkout"],
    ["git.diff.checked", report.source.result_tree !== null, "a result tree"],
    ["verification.completed", report.verification.length > 0, "a verification"],
  ] as const;
  for (const [event, isThere, what] of announced) {
    if (isThere && !events.byName.has(event))
      findings.add("EVENT_REQUIRED_MISSING", RUN_FILES.events, `there is ${what} and no ${event}`);
  }
};

function pick(value: unknown, fields: readonly string[]): Record<string, unknown> {
  const from = typeof value === "object" && value !== null ? (value as Data) : {};
  return Object.fromEntries(fields.map((field) => [field, from[field]]));
}
