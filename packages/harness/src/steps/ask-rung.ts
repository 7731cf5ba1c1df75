import { iterateEvidence, readTrustedKeys, verifyEd25519 } from "@cto/bundle-store";
import { type FailureExemption, type RungProof, SCHEMAS, type Stage } from "@cto/evidence-interface";
import {
  decideRung,
  type GateFact,
  type LadderEvidence,
  type LadderSubject,
  OPEN_GATE,
  type OutcomeOf,
  requiredRung,
  toEffectivePolicy,
  toLadder,
  toRunFacts,
  toStandingPolicyDigest,
} from "@cto/gates";
import { createOutcomeReader } from "../outcome/create-outcome-reader.ts";
import { recordsOf } from "../run/read-rules.ts";
import type { RunContext } from "../run/run-context.ts";
import { sha256 } from "../run/run-record.ts";

/** The answer of the gate `stage-proven`. `proof` is null for a run that needs no rung. */
export interface AskedRung {
  readonly fact: GateFact;
  readonly proof: RungProof | null;
}

/** Asks whether the rung below is proven by bundles that verify now: every one that counts is verified anew, whatever an index says. */
export async function askRung(context: RunContext): Promise<AskedRung> {
  const { request, runId, stage } = context;
  const required = requiredRung(stage, request.engine.describe().id);
  if (required === null) return { fact: OPEN_GATE, proof: null };
  const decision = decideRung({ ...toQuestion(context), stage: required, evidence: readEvidence(context) });
  const missing = [...decision.missing, ...(stage === 6 && decision.proven ? missingTasks(context) : [])];
  const proven = missing.length === 0 && decision.proven;
  const proof: RungProof = {
    schema: SCHEMAS.rungProof,
    run_id: runId,
    required_stage: required,
    proven,
    bundles: decision.bundles.map((bundle) => ({ ...bundle })),
    missing: [...missing],
  };
  return { fact: proven ? OPEN_GATE : refuse(required, missing), proof };
}

/** Who stands on the ladder in this run, and what else counts. */
export function toQuestion(context: RunContext): {
  readonly subject: LadderSubject;
  readonly outcomeOf: OutcomeOf;
  readonly exemptions: readonly FailureExemption[];
} {
  const { draft, ports, request, rules, stage } = context;
  const subject = {
    engine: {
      id: request.engine.describe().id,
      version: draft.engineVersion ?? "",
      executable_sha256: draft.engineSha256 ?? "",
    },
    model: request.model,
    standing_policy_digest: toStandingPolicyDigest(toEffectivePolicy(rules.layers, stage), sha256),
    target_id: draft.targetId,
  };
  return {
    subject,
    outcomeOf: createOutcomeReader(ports.store),
    exemptions: recordsOf(rules.records, SCHEMAS.failureExemption),
  };
}

/** All evidence of this home, newest first, verified anew as it is read. */
export function readEvidence({ ports }: RunContext): Iterable<LadderEvidence> {
  return iterateEvidence({
    home: ports.store.home,
    derive: (bundle) => toRunFacts(bundle, sha256),
    // An approval that nobody here trusts proves nothing.
    signatures: { verify: verifyEd25519, trusted: readTrustedKeys(ports.store.home).keys },
    cache: null,
  });
}

/** Stage 6 compares what was accepted, and one task proves no habit. */
function missingTasks(context: RunContext): readonly string[] {
  const { subject, ...rest } = toQuestion(context);
  const { items } = toLadder({ ...rest, subjects: [subject], evidence: readEvidence(context) });
  const item = items.find(({ target_id }) => target_id === subject.target_id);
  const tasks = item?.rungs.find((rung) => rung.stage === 5)?.tasks ?? 0;
  return tasks >= 2 ? [] : [`stage 6 needs two different tasks accepted at stage 5, there is ${tasks}`];
}

function refuse(required: Stage, missing: readonly string[]): GateFact {
  const more = missing.length > 3 ? ` (and ${missing.length - 3} more)` : "";
  // What stands behind the colon is advice; the ladder gives it at length.
  const what = missing.slice(0, 3).map((sentence) => sentence.split(": ", 1)[0]);
  return {
    answer: "fail",
    reason: `stage ${required} is not proven: ${what.join("; ")}${more}`,
    hint: "`cto ladder --explain` lists the bundles behind every rung and what is missing.",
  };
}
