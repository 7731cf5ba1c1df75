import { type FailureCode, type FailureExemption, type Ladder, STAGES, type Stage } from "@cto/evidence-interface";
import { type LadderEvidence, type OutcomeOf, stagesOfMode } from "./ladder-evidence.ts";
import { type LadderSubject, toIdentity, toIdentityKey } from "./ladder-subject.ts";
import {
  isHeld,
  isPass,
  type RungProof,
  type SupportSources,
  supportOf,
  toProof,
  type VerifiedRun,
} from "./pass-support.ts";
import type { RunFacts } from "./run-facts.ts";
import { adviseOnClasses, adviseOnPass, toRunCommand } from "./rung-advice.ts";
import { FAILURE_CLASSES, findViolation } from "./rung-rules.ts";

export type Rung = Ladder["items"][number]["rungs"][number];

export interface RungTrackerOptions {
  readonly subject: LadderSubject;
  /** The rungs from 1 to this one are judged. */
  readonly highest: Stage;
  readonly outcomeOf: OutcomeOf;
  readonly exemptions: readonly FailureExemption[];
}

/** What was seen of one stage so far. */
interface Seen {
  readonly stage: Stage;
  /** Why older passes count no more. */
  closedBy: string | null;
  /** Newest first. */
  readonly passes: VerifiedRun[];
  readonly classes: Map<FailureCode, VerifiedRun>;
  /** The newest run that is no pass only because its comparison is not complete. */
  incomplete: VerifiedRun | null;
}

/**
 * Follows one subject through evidence that comes newest first, and judges its rungs at any time: nothing older makes a proven rung unproven, so that
 * a gate may stop reading.
 */
export class RungTracker {
  readonly #options: RungTrackerOptions;
  readonly #key: string;
  readonly #seen: readonly Seen[];
  /** Every verified bundle so far, because one may name another. */
  readonly #verified = new Map<string, VerifiedRun>();
  /** Decisions that a run has spent: a second run on one of them is a copy. */
  readonly #spent = new Set<string>();

  constructor(options: RungTrackerOptions) {
    this.#options = { ...options, outcomeOf: askOnce(options.outcomeOf) };
    this.#key = toIdentityKey(options.subject);
    this.#seen = STAGES.filter((stage) => stage <= options.highest).map((stage) => ({
      stage,
      closedBy: null,
      passes: [],
      classes: new Map(),
      incomplete: null,
    }));
  }

  /** Takes the next older entry. What cannot be verified may have been anything, so it ends the count for every engine. */
  take(item: LadderEvidence): void {
    if (item.state === "verified") this.#takeRun(item);
    else if (!("value" in item)) for (const stage of stagesOfMode(item.mode)) this.#close(stage, item.reason);
    else if (item.value === null) for (const { stage } of this.#seen) this.#close(stage, item.reason);
    else this.#closeIfViolated(item.value);
  }

  /** The rungs from 1 up, as far as the evidence was read. */
  rungs(): readonly Rung[] {
    const rungs: Rung[] = [];
    for (const seen of this.#seen) rungs.push(this.#judge(seen, rungs.at(-1)));
    return rungs;
  }

  /** The newest pass of a task at a stage that counts now, with all that it stands on; null if there is none. */
  passOf(stage: Stage, taskId: string): VerifiedRun | null {
    const sources = this.#sources();
    const counts = (pass: VerifiedRun): boolean =>
      pass.value.task_id === taskId && supportOf(pass, sources).kind === "whole";
    return this.#seen[stage - 1]?.passes.find(counts) ?? null;
  }

  #sources(): SupportSources {
    return { ...this.#options, verified: this.#verified, ownedPasses: this.#seen[4]?.passes ?? [] };
  }

  #takeRun(item: VerifiedRun): void {
    const facts = item.value;
    this.#verified.set(item.run_id, item);
    if (this.#closeIfViolated(facts) || facts.isolation === "none" || this.#isSpentAgain(facts)) return;
    if (!this.#isOurs(facts)) return;
    const seen = this.#seen[facts.stage - 1];
    if (seen === undefined) return;
    for (const code of facts.codes)
      if (FAILURE_CLASSES[facts.stage].includes(code) && !seen.classes.has(code)) seen.classes.set(code, item);
    if (seen.closedBy !== null || !this.#isOnTarget(facts)) return;
    if (isPass(facts)) seen.passes.push(item);
    else if (facts.stage === 6 && facts.comparison_lacks !== null && isHeld(facts)) seen.incomplete ??= item;
  }

  /** One approval, one run. */
  #isSpentAgain({ decision_sha256 }: RunFacts): boolean {
    if (decision_sha256 === null) return false;
    const isAgain = this.#spent.has(decision_sha256);
    this.#spent.add(decision_sha256);
    return isAgain;
  }

  /** A violation proves nothing else, and it is the engine's, whatever its version, model, policy or target was. */
  #closeIfViolated(facts: RunFacts): boolean {
    const violation = findViolation(facts);
    if (violation === null) return false;
    const { engine, run_id, stage } = facts;
    if (engine.id === this.#options.subject.engine.id) this.#close(stage, `run ${run_id} ${violation}`);
    return true;
  }

  #close(stage: Stage, reason: string): void {
    const seen = this.#seen[stage - 1];
    if (seen !== undefined) seen.closedBy ??= reason;
  }

  #isOurs(facts: RunFacts): boolean {
    const identity = toIdentity(facts);
    return identity !== null && toIdentityKey(identity) === this.#key;
  }

  #isOnTarget({ stage, target_id }: RunFacts): boolean {
    return stage < 3 || (target_id !== null && target_id === this.#options.subject.target_id);
  }

  #judge(seen: Seen, below: Rung | undefined): Rung {
    const { stage } = seen;
    const { byTask, lacks } = supportPasses(seen, this.#sources());
    const missing = [
      ...(below?.proven === false ? [`stage ${below.stage} is not proven`] : []),
      ...(stage === 6 ? lackOfTasks(below?.tasks ?? 0) : []),
      ...(byTask.size > 0 ? [] : [this.#lackOfPass(seen, lacks)]),
      ...this.#lackOfClasses(seen),
    ];
    return {
      stage,
      proven: missing.length === 0,
      tasks: byTask.size,
      bundles: [...[...byTask.values()].flat(), ...proofsOfClasses(seen)],
      missing,
    };
  }

  #lackOfPass({ closedBy, incomplete, stage }: Seen, lacks: string | null): string {
    const { subject } = this.#options;
    if (stage >= 3 && subject.target_id === null)
      return `stage ${stage} is proven on one target: name it with --target DIR`;
    if (lacks !== null) return lacks;
    if (incomplete === null) return adviseOnPass(subject, stage, closedBy);
    const { comparison_lacks, run_id, task_id } = incomplete.value;
    const command = toRunCommand(subject, stage, task_id);
    return `the comparison of run ${run_id} is not complete (${comparison_lacks}): mend that, then \`${command}\``;
  }

  #lackOfClasses({ classes, stage }: Seen): readonly string[] {
    const { exemptions, subject } = this.#options;
    const isExempt = (code: FailureCode): boolean =>
      exemptions.some((one) => one.engine === subject.engine.id && one.stage === stage && one.code === code);
    const lacking = FAILURE_CLASSES[stage].filter((code) => !classes.has(code) && !isExempt(code));
    return lacking.length === 0 ? [] : [adviseOnClasses(subject, stage, lacking)];
  }
}

/** The bundles behind the newest whole pass of each task, and what the newest pass lacks that is not whole. */
function supportPasses({ passes }: Seen, sources: SupportSources) {
  const byTask = new Map<string, readonly RungProof[]>();
  let lacks: string | null = null;
  for (const pass of passes) {
    if (byTask.has(pass.value.task_id)) continue;
    const support = supportOf(pass, sources);
    if (support.kind === "whole") byTask.set(pass.value.task_id, support.proofs);
    else lacks ??= support.lacks;
  }
  return { byTask, lacks };
}

function proofsOfClasses({ classes, stage }: Seen): readonly RungProof[] {
  return [...classes].map(([code, item]) => toProof(item, `failure class ${code} at stage ${stage}`));
}

/** Judging an outcome reads and verifies a record, and rungs are judged again and again. */
function askOnce(outcomeOf: OutcomeOf): OutcomeOf {
  const known = new Map<string, ReturnType<OutcomeOf>>();
  return (runId) => {
    const outcome = known.has(runId) ? (known.get(runId) ?? null) : outcomeOf(runId);
    known.set(runId, outcome);
    return outcome;
  };
}

function lackOfTasks(tasks: number): readonly string[] {
  return tasks >= 2
    ? []
    : [`two different tasks must be accepted at stage 5, and ${tasks === 1 ? "one is" : "none is"}`];
}
