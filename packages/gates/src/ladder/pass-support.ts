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
  /** The subject's passes at stage 5 on its target, none older than the last violation; accepted or not. */
  readonly ownedPasses: readonly VerifiedRun[];
}

/** The bundles that a pass stands on, or a sentence on what it lacks. */
export type Support =
  | { readonly kind: "whole"; readonly proofs: readonly RungProof[] }
  | { readonly kind: "lacking"; readonly lacks: string };

/** True if a run ended blocked by design and in no other way. */
export function isHeld({ codes, process_started, status }: RunFacts): boolean {
  return status === "blocked" && codes.length === 1 && codes[0] === "gate_missing" && !process_started;
}

/** True if a run ended as its stage demands: held at 1 and 6 (there with a complete comparison that the engine itself is in), with a pass between. */
export function isPass(facts: RunFacts): boolean {
  const { compared_lanes, engine, landing, stage, status } = facts;
  if (stage === 1) return isHeld(facts);
  if (stage === 6) return isHeld(facts) && (compared_lanes ?? []).some((lane) => lane.engine === engine.id);
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
      ? `run ${pass.run_id} was not compared with the fake: \`${command}\` again, so that it is`
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

/** Every lane is looked at again as on the day of the comparison: that it was fit then is only what the bundle says. */
function supportByLanes(pass: VerifiedRun, sources: SupportSources): Support {
  for (const lane of pass.value.compared_lanes ?? []) {
    const unfit = whyUnfit(lane, pass, sources);
    if (unfit === null) continue;
    const command = toRunCommand(sources.subject, 6, pass.value.task_id);
    return lacking(`run ${pass.run_id} compared the bundle ${lane.run_id}, which ${unfit}: \`${command}\` again`);
  }
  return whole(toProof(pass, "complete comparison at stage 6"));
}

function whyUnfit(
  { engine, manifest_sha256, run_id }: NonNullable<RunFacts["compared_lanes"]>[number],
  pass: VerifiedRun,
  { outcomeOf, ownedPasses, subject, verified }: SupportSources,
): string | null {
  const run = verified.get(run_id);
  if (run?.manifest_sha256 !== manifest_sha256) return "does not verify now";
  const { isolation, task_id } = run.value;
  if (run.value.engine.id !== engine || task_id !== pass.value.task_id || isolation === "none")
    return `is no run of ${engine} for the task ${pass.value.task_id} that counts`;
  if (engine !== subject.engine.id) return null;
  const counts = ownedPasses.includes(run) && outcomeOf(run_id) === "accepted";
  return counts ? null : `is no accepted pass of ${engine} at stage 5 on this target that counts now`;
}

function whole(...proofs: readonly RungProof[]): Support {
  return { kind: "whole", proofs };
}

function lacking(lacks: string): Support {
  return { kind: "lacking", lacks };
}
