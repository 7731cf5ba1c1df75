import type { Stage } from "@cto/evidence-interface";
import { decideRung, type LadderEvidence, type LadderSubject, type OutcomeOf, toLadder } from "../../index.ts";
import { codex, fullEvidence } from "./ladder-kit.ts";

/** Questions about `codex` that most tests ask: everything is accepted, and nothing is exempt. */
export const accepted: OutcomeOf = () => "accepted";
export const rules = { outcomeOf: accepted, exemptions: [] };

export const decide = (evidence: Iterable<LadderEvidence>, stage: Stage, subject: LadderSubject = codex) =>
  decideRung({ subject, stage, evidence, ...rules });
export const rungOf = (evidence: Iterable<LadderEvidence>, subject: LadderSubject = codex, more: object = {}) =>
  toLadder({ subjects: [subject], evidence, ...rules, ...more }).items[1]?.proven_stage;
export const without = (...runIds: readonly string[]) => fullEvidence().filter(({ run_id }) => !runIds.includes(run_id));
