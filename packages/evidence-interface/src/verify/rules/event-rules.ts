import { type EventName, PROOF_FILES, RUN_FILES } from "../../vocabulary.ts";
import { digestBeforeApproval } from "./policy-digest.ts";
import { leastBudget } from "./policy-rules.ts";
import { restates } from "./restates.ts";
import type { Rule, WholeBundle } from "./whole-bundle.ts";

type Data = Readonly<Record<string, unknown>>;
/** What the documents say of the fields of one event; undefined where no document does. `data` only helps to choose. */
type Restatement = (bundle: WholeBundle, data: Data) => Data;

/**
 * A run that was ended early: its harness may have died between an event and the report that was written later, or the disk may have refused.
 * Such a report may know less than the events, never something else.
 */
export function wasCutShort({ codes }: WholeBundle): boolean {
  return codes.has("interrupted") || codes.has("artifact_write_failure");
}

const restatements: { readonly [Name in EventName]?: Restatement } = {
  "run.started": ({ run, report: { model: asked } }, { model }) => ({
    case_id: run.case_id,
    task_id: run.task_id,
    engine: run.engine_id,
    stage: run.stage,
    // Bundles of before there were models name none.
    model: model === undefined ? undefined : asked && { provider: asked.provider, model: asked.model },
  }),
  "task.contract.created": (bundle, data) => {
    const { run, report, treeState } = bundle;
    return {
      task_id: run.task_id,
      stage: run.stage,
      task_digest: report.task_digest,
      policy_digest: digestBeforeApproval(bundle),
      // Below stage 3 there is no repository; above it the baseline is its commit, once it is made.
      source_commit: run.stage < 3 ? null : (report.source.baseline_commit ?? undefined),
      source_digests: treeState?.source_before,
      // Bundles of before there were targets name none.
      target_id: report.source.target_id ?? (data.target_id === undefined || wasCutShort(bundle) ? undefined : null),
    };
  },
  "eligibility.decided": ({ eligibility }) => ({
    decision_id: eligibility?.decision_id,
    eligible: eligibility && eligibility.missing_gates.length === 0,
    passed_gates: eligibility?.passed_gates,
    missing_gates: eligibility?.missing_gates,
  }),
  "plan.updated": (bundle, { budget: said }) => ({
    checks: bundle.task?.verification.map(({ id }) => id),
    budget: bundle.task && toBudget(bundle, said),
  }),
  "backend.gate.blocked": ({ run }) => ({ backend: run.engine_id, mutation_mode: "none" }),
  "approval.requested": (bundle) => ({
    ...toPacketName(bundle),
    attempt: bundle.approvalPacket?.attempt,
    sentence: bundle.approvalPacket?.sentence,
  }),
  "approval.granted": (bundle) => {
    const stored = bundle.bytesOf(PROOF_FILES.approvalDecision);
    return {
      ...toPacketName(bundle),
      decision_sha256: bundle.approvalDecision && stored && bundle.sha256(stored),
      keyid: bundle.approvalDecision?.approver.keyid,
      decided_at: bundle.approvalDecision?.decided_at,
    };
  },
  "approval.denied": toPacketName,
  "engine.completed": (bundle) => {
    const { backend_exit, backend_exit_code, claims } = bundle.report;
    const cutShort = wasCutShort(bundle);
    const unseen = cutShort && (backend_exit === "not-started" || backend_exit === "canceled");
    const { files, tests_passed, committed, summary } = claims;
    return {
      end: unseen ? undefined : { kind: backend_exit, code: backend_exit_code ?? undefined },
      claims: cutShort && Object.keys(claims).length === 0 ? undefined : { files, tests_passed, committed, summary },
    };
  },
  "patch.applied": ({ treeState }) => ({ tree: treeState?.fresh_checkout_tree }),
  "git.diff.checked": ({ report, treeState, codes }, { result_tree }) => {
    // Where nobody could take a result the event counts nothing; a disk that refused just then may have kept the event of a result out.
    if (result_tree === null && codes.has("artifact_write_failure")) return {};
    return {
      result_tree: report.source.result_tree,
      fresh_tree: result_tree === null ? undefined : treeState?.fresh_checkout_tree,
      changed_files: report.changed_files.length,
    };
  },
  "verification.completed": (bundle) => {
    const { verification } = bundle.report;
    const unseen = verification.length === 0 && wasCutShort(bundle);
    return {
      ran: unseen ? undefined : verification.length > 0,
      checks: verification.map(({ id, exit, passed, resolved }) => ({
        id,
        exit,
        passed,
        resolved: resolved && { path: resolved.path, sha256: resolved.sha256 },
      })),
    };
  },
  "run.completed": ({ report }) => ({
    landing: report.landing,
    all_blockers: report.blockers.map(({ code }) => code),
  }),
};

/** The budget that the run was held to. Tokens and money may be left out of the event; if they are there they must be right. */
function toBudget(bundle: WholeBundle, said: unknown): Data {
  const named = typeof said === "object" && said !== null ? said : {};
  const names = (["wall_seconds", "artifact_bytes", "tokens", "usd"] as const).filter(
    (name) => name === "wall_seconds" || name === "artifact_bytes" || Object.hasOwn(named, name),
  );
  return Object.fromEntries(names.map((name) => [name, leastBudget(bundle, name)]));
}

function toPacketName({ approvalPacket, bytesOf, sha256 }: WholeBundle): Data {
  const stored = bytesOf(PROOF_FILES.approvalPacket);
  return { packet_sha256: approvalPacket && stored && sha256(stored.subarray(0, -1)) };
}

/** Events of what a report may have lost when its run was cut short. */
const mayBeUnseen: ReadonlySet<EventName> = new Set(["patch.applied", "git.diff.checked", "verification.completed"]);

/** What an event restates is what the document says. The engine's own identity is judged by `engineFits`. */
export const eventsRestate: Rule = (bundle, findings) => {
  const say = (name: EventName, field: string) =>
    findings.add("EVENT_DATA_DIFFERS", RUN_FILES.events, `${name}: ${field} is not what the documents say`);
  for (const [name, { data }] of bundle.events.byName) {
    const known = restatements[name]?.(bundle, data);
    for (const field in known) {
      const value = known[field];
      if (value === undefined || restates(data[field], value)) continue;
      if (!(mayBeUnseen.has(name) && isNothing(value) && wasCutShort(bundle))) say(name, field);
    }
  }
  const { byName } = bundle.events;
  const plan = byName.get("plan.updated");
  if (plan !== undefined && !gatesFit(plan.data.gates, bundle)) say("plan.updated", "gates");
  const refusal = byName.get("backend.gate.blocked");
  if (refusal !== undefined && hasPassed(refusal.data.gate, bundle)) say("backend.gate.blocked", "gate");
};

function isNothing(known: unknown): boolean {
  return known === null || known === 0 || (Array.isArray(known) && known.length === 0);
}

/** The plan names every gate of the decision, in its order and with its answer. */
function gatesFit(said: unknown, { eligibility }: WholeBundle): boolean {
  if (eligibility === undefined) return true;
  const { required_gates, passed_gates } = eligibility;
  if (!Array.isArray(said) || said.length !== required_gates.length) return false;
  return required_gates.every((gate, index) => {
    const entry: Data | null = said[index];
    return entry?.gate === gate && (entry.answer === "pass") === passed_gates.includes(gate);
  });
}

/** Setup and the like are no gates of the decision. */
function hasPassed(gate: unknown, { eligibility }: WholeBundle): boolean {
  return eligibility?.passed_gates.some((passed) => passed === gate) ?? false;
}

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
