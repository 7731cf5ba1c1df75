import type { Ladder } from "@cto/evidence-interface";
import type { LadderEvidence, OutcomeOf } from "./ladder-evidence.ts";
import type { LadderSubject } from "./ladder-subject.ts";
import type { RunFacts } from "./run-facts.ts";
import { toRunCommand } from "./rung-advice.ts";

export type VerifiedRun = Extract<LadderEvidence, { state: "verified" }>;
export type RungProof = Ladder["items"][number]["rungs"][number]["bundles"][number];

/** Where a pass looks for what it stands on. */
export interface SupportSources {
  readonly subject: LadderSubject;
  /** Verified bundles by run id. */
  readonly verified: ReadonlyMap<string, VerifiedRun>;
  readonly outcomeOf: OutcomeOf;
}

/** The bundles that a pass stands on, or a sentence on what it lacks. */
export type Support =
  | { readonly kind: "whole"; readonly proofs: readonly RungProof[] }
  | { readonly kind: "lacking"; readonly lacks: string };

/** True if a run ended as its stage demands: blocked by design at 1 and 6 (there with a comparison that the engine itself is in), with a pass between. */
export function isPass({ codes, compared_lanes, engine, landing, process_started, stage, status }: RunFacts): boolean {
  const isHeld = status === "blocked" && codes.length === 1 && codes[0] === "gate_missing" && !process_started;
  if (stage === 1) return isHeld;
  if (stage === 6) return isHeld && (compared_lanes ?? []).some((lane) => lane.engine === engine.id);
  return status === "pass" && (stage !== 5 || landing === "pending");
}

/** What a pass stands on besides itself: the fake's run at stage 2, a person's acceptance at 5, the compared bundles at 6. */
export function supportOf(pass: VerifiedRun, sources: SupportSources): Support {
  const { stage, engine } = pass.value;
  if (stage === 2 && engine.id !== "fake") return supportByFake(pass, sources);
  if (stage === 5) return supportByOutcome(pass, sources);
  if (stage === 6) return supportByLanes(pass, sources);
  return whole(toProof(pass, stage === 1 ? "held by a gate at stage 1" : describePass(pass.value)));
}

/** One bundle and the sentence that it proves. */
export function toProof({ manifest_sha256, run_id }: VerifiedRun, proves: string): RungProof {
  return { run_id, manifest_sha256, proves };
}

function describePass({ stage, task_id }: RunFacts): string {
  return `pass of ${task_id} at stage ${stage}`;
}

function supportByFake(pass: VerifiedRun, { subject, verified }: SupportSources): Support {
  const { compared_with, task_digest, task_id } = pass.value;
  const other = compared_with === null ? undefined : verified.get(compared_with);
  // A fake that did not pass shows nothing that another engine could be held against.
  const fits =
    other !== undefined &&
    other.value.engine.id === "fake" &&
    other.value.stage === 2 &&
    isPass(other.value) &&
    other.value.isolation !== "none" &&
    other.value.task_digest === task_digest;
  if (fits)
    return whole(toProof(pass, describePass(pass.value)), toProof(other, `the fake on ${task_id}, compared with`));
  const command = toRunCommand(subject, 2, task_id);
  return lacking(
    compared_with === null
      ? `run ${pass.run_id} was not compared with the fake: \`${command}\` without --no-compare`
      : `run ${pass.run_id} was compared with ${compared_with}, which is no pass of the fake on this task that verifies now: \`${command}\` again`,
  );
}

function supportByOutcome(pass: VerifiedRun, { outcomeOf }: SupportSources): Support {
  const outcome = outcomeOf(pass.run_id);
  if (outcome === "accepted") return whole(toProof(pass, `accepted ${describePass(pass.value)}`));
  if (outcome === "rejected") return lacking(`run ${pass.run_id} was rejected: have another run at stage 5 accepted`);
  if (outcome === null)
    return lacking(
      `operator_outcome_missing: run ${pass.run_id} waits for \`cto accept ${pass.run_id}\` or \`cto reject ${pass.run_id}\``,
    );
  return lacking(
    `the outcome record of run ${pass.run_id} does not verify (${outcome.invalid}): have another run at stage 5 accepted`,
  );
}

function supportByLanes(pass: VerifiedRun, { subject, verified }: SupportSources): Support {
  const lost = pass.value.compared_lanes?.find(
    ({ manifest_sha256, run_id }) => verified.get(run_id)?.manifest_sha256 !== manifest_sha256,
  );
  if (lost === undefined) return whole(toProof(pass, "complete comparison at stage 6"));
  const command = toRunCommand(subject, 6, pass.value.task_id);
  return lacking(
    `run ${pass.run_id} compared the bundle ${lost.run_id}, which does not verify now: \`${command}\` again`,
  );
}

function whole(...proofs: readonly RungProof[]): Support {
  return { kind: "whole", proofs };
}

function lacking(lacks: string): Support {
  return { kind: "lacking", lacks };
}
