import { FAILURE_CODES, failureEvents, isFailureCode } from "../../failure-codes.ts";
import { type EventName, RUN_FILES } from "../../vocabulary.ts";
import { restates } from "./restates.ts";
import { sameDigests } from "./same-digests.ts";
import type { Rule } from "./whole-bundle.ts";

const report = RUN_FILES.report;

/** The status is that of the blockers: none, or any `fail`, or only `blocked`. */
export const statusFits: Rule = ({ report: { status, blockers } }, findings) => {
  if (status === "pass") {
    for (const { code } of blockers)
      findings.add("PASS_WITH_BLOCKER", report, `status is pass and ${code} is a blocker`);
  } else if (blockers.length === 0)
    findings.add("STATUS_WITHOUT_BLOCKER", report, `status is ${status} and there is no blocker`);
  else {
    const expected = blockers.some(({ code }) => FAILURE_CODES[code].status === "fail") ? "fail" : "blocked";
    if (status !== expected)
      findings.add("STATUS_CONTRADICTED", report, `status is ${status}, the blockers make it ${expected}`);
  }
};

/** Every blocker stands in the event that carries its code, and every code in an event stands in the report. */
export const blockersInEvents: Rule = ({ report: { blockers }, codes, events }, findings) => {
  for (const { code, event } of blockers) {
    if (!failureEvents(code).includes(event))
      findings.add("BLOCKER_EVENT_WRONG", report, `${code} is not carried by ${event}`);
    else if (!(events.blockers.get(code)?.has(event) ?? false)) {
      findings.add("BLOCKER_NOT_IN_EVENTS", RUN_FILES.events, `no event ${event} lists ${code} in data.blockers`);
    }
  }
  for (const code of events.blockers.keys()) {
    if (!isFailureCode(code) || !codes.has(code))
      findings.add("BLOCKER_NOT_REPORTED", report, "an event lists a blocker that the report does not have");
  }
};

/** No blocker says what another field of the report denies. */
export const blockersFit: Rule = ({ report: facts, codes, events, treeState }, findings) => {
  const verified = facts.verification.length > 0 && facts.verification.every((entry) => entry.passed);
  const untouched = treeState?.source_before != null && sameDigests(treeState.source_before, treeState.source_after);
  const denials = [
    ["no_diff", facts.changed_files.length > 0, "files changed"],
    ["missing_required_event", events.byName.has("engine.completed"), "engine.completed is there"],
    ["verification_failed", verified, "every verification passed"],
    ["disallowed_file_change", facts.allowed_writes_passed === true, "allowed_writes_passed is true"],
    ["forbidden_path_change", facts.forbidden_paths_passed === true, "forbidden_paths_passed is true"],
    ["claim_mismatch", facts.claims_match !== false, "claims_match is not false"],
    ["source_mutated", untouched, "the source's digests are equal"],
  ] as const;
  for (const [code, denied, message] of denials) {
    if (codes.has(code) && denied) findings.add("BLOCKER_CONTRADICTED", report, `${code}, but ${message}`);
  }
};

/** Events that cannot stand without another one, at any status. */
const needs: readonly (readonly [event: EventName, needed: EventName])[] = [
  ["engine.completed", "engine.started"],
  ["patch.applied", "engine.started"],
];

/** The log begins and ends as every log does, and its last event has the report's status. */
export const eventsFit: Rule = ({ report: { status }, events }, findings) => {
  const { first, last, byName } = events;
  if (first?.event !== "run.started")
    findings.add("EVENT_REQUIRED_MISSING", RUN_FILES.events, "the first event is not run.started");
  if (last?.event !== "run.completed")
    findings.add("EVENT_REQUIRED_MISSING", RUN_FILES.events, "the last event is not run.completed");
  else if (last.data.status !== status)
    findings.add("EVENT_STATUS_DIFFERS", RUN_FILES.events, `run.completed does not say ${status}`);
  for (const [event, needed] of needs) {
    if (byName.has(event) && !byName.has(needed))
      findings.add("EVENT_REQUIRED_MISSING", RUN_FILES.events, `${event} stands without ${needed}`);
  }
};

/** The engine that the events name is the one of the report, and it did not run behind a closed gate. */
export const engineFits: Rule = ({ report: facts, events }, findings) => {
  const started = events.byName.get("engine.started");
  const { id, version, executable_sha256, input_sha256 } = facts.engine;
  const known = { engine: id, version, executable_sha256, ...(input_sha256 === undefined ? {} : { input_sha256 }) };
  if (started !== undefined && !restates(started.data, known)) {
    findings.add("EVENT_ENGINE_DIFFERS", RUN_FILES.events, "engine.started does not name the report's engine");
  }
  const closed = events.byName.get("backend.gate.blocked");
  if (closed === undefined) return;
  if (closed.data.case_executed !== false)
    findings.add("EVENT_GATE_CONTRADICTED", RUN_FILES.events, "backend.gate.blocked does not say case_executed: false");
  if (started !== undefined || facts.process_started)
    findings.add("EVENT_GATE_CONTRADICTED", RUN_FILES.events, "backend.gate.blocked, and an engine was started");
};

/**
 * How the engine's process ended: the exit code exists only for an exit, and an end only for a process that was announced. Nobody saw the end
 * where the harness died or the adapter failed.
 */
export const processEndFits: Rule = ({ report: facts, codes, events }, findings) => {
  const say = (message: string) => findings.add("PROCESS_END_CONTRADICTED", report, message);
  const { backend_exit, backend_exit_code, process_started } = facts;
  const unseen = codes.has("interrupted") || codes.has("agent_protocol_error");
  if ((backend_exit === "exited") !== (backend_exit_code !== null))
    say(`backend_exit is ${backend_exit} and backend_exit_code is ${backend_exit_code}`);
  if (process_started && backend_exit === "not-started" && !unseen)
    say("process_started is true and backend_exit is not-started");
  if (!process_started && backend_exit !== "not-started")
    say(`process_started is false and backend_exit is ${backend_exit}`);
  if (process_started && !events.byName.has("engine.started"))
    say("a process was started and no engine.started announces it");
};
