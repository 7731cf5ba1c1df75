import { COMPARISON_ASPECTS, type Comparison } from "@cto/evidence-interface";
import type { VerifiedRun } from "./pass-support.ts";
import type { RunFacts } from "./run-facts.ts";
import { findViolation } from "./rung-rules.ts";

type Aspect = Comparison["aspects"][number];
type Look = (facts: RunFacts) => readonly string[];

/** What each lane has of an aspect, as words: lanes are equal if they have the same words. */
const looks: Readonly<Record<Aspect["aspect"], Look>> = {
  // Only the lanes beside the fake are compared with it, so only they have this field.
  "report-shape": ({ report_fields }) =>
    report_fields.filter((field) => field !== "comparison").map((field) => `the report field ${field}`),
  events: ({ events }) => events.map((event) => `the event ${event}`),
  "allowed-paths": ({ allowed }) => [
    `allowed_writes_passed: ${allowed.writes}`,
    `forbidden_paths_passed: ${allowed.forbidden}`,
  ],
  "failure-closure": ({ codes, status }) => [`status ${status}`, ...codes.map((code) => `the code ${code}`)],
  artifacts: ({ artifacts }) => artifacts.map((path) => `the file ${path}`),
};

/** Compares the runs of the lanes, each with the first. `all` are all runs of the same task and stage, of which none may have ended open. */
export function compareAspects(lanes: readonly VerifiedRun[], all: readonly VerifiedRun[]): Aspect[] {
  return COMPARISON_ASPECTS.map((aspect) => {
    const [first, ...others] = lanes;
    const differences =
      first === undefined ? [] : others.flatMap((other) => compareWords(first.value, other.value, looks[aspect]));
    if (aspect === "failure-closure") differences.push(...all.flatMap(({ value }) => openEnds(value)));
    return { aspect, equal: differences.length === 0, differences };
  });
}

function compareWords(first: RunFacts, other: RunFacts, look: Look): string[] {
  const [ours, theirs] = [look(first), look(other)];
  const only = (words: readonly string[], without: readonly string[], facts: RunFacts): string[] =>
    words.filter((word) => !without.includes(word)).map((word) => `only ${facts.engine.id} has ${word}`);
  return [...only(ours, theirs, first), ...only(theirs, ours, other)];
}

/** A failure is closed if it did no harm and left nothing behind. */
function openEnds(facts: RunFacts): string[] {
  const { processes_left, run_id } = facts;
  const violation = findViolation(facts);
  return [
    ...(violation === null ? [] : [`run ${run_id} ${violation}`]),
    ...((processes_left ?? 0) === 0 ? [] : [`run ${run_id} left ${processes_left} processes`]),
  ];
}
