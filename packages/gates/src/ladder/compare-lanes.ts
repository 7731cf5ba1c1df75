import { type Comparison, SCHEMAS } from "@cto/evidence-interface";
import { compareAspects } from "./compare-aspects.ts";
import type { LadderEvidence } from "./ladder-evidence.ts";
import type { VerifiedRun } from "./pass-support.ts";

/** The engines that are compared, in the order of their lanes. */
export const LANE_ENGINES = ["fake", "case", "codex", "pi"] as const;

/** An engine to compare. `unavailable` says why it cannot run here at all; null if it can. */
export interface Lane {
  readonly engine: string;
  readonly unavailable: string | null;
}

export interface CompareLanesOptions {
  readonly task_id: string;
  readonly lanes: readonly Lane[];
  /** Newest first. */
  readonly evidence: Iterable<LadderEvidence>;
  /** For stage 6: the engine that is to be a candidate, and its pass that counts now, as `findCountingPass` finds it. The others are held against that one. */
  readonly candidate?: { readonly engine: string; readonly pass: VerifiedRun | null };
}

/** Runs of one contract at one stage on one target. */
interface Group {
  readonly stage: number | null;
  readonly runs: readonly VerifiedRun[];
}

/**
 * Puts engines beside one another on one task, from verified bundles only. Compared are runs of one contract at one stage on one target: the candidate's, else the
 * one that most lanes share, then the highest stage, then the newest. Of a lane its newest pass there, else its newest run; a lane that has none there says what
 * its best is. Without a pass of the candidate nothing is compared.
 */
export function compareLanes({ candidate, evidence, lanes, task_id }: CompareLanesOptions): Comparison {
  const runs = [...evidence].filter((item) => item.state === "verified").filter((item) => isComparable(item, task_id));
  const group = candidate === undefined ? pickGroup(runs, lanes) : groupOf(runs, candidate.pass);
  const runOf = (engine: string): VerifiedRun | undefined =>
    engine === candidate?.engine
      ? (candidate.pass ?? undefined)
      : pickRun(group.runs.filter((run) => run.value.engine.id === engine));
  const chosen = lanes.map((lane) => ({ lane, run: runOf(lane.engine) }));
  const present = chosen.flatMap(({ run }) => (run === undefined ? [] : [run]));
  const aspects = compareAspects(present, group.runs);
  const missingOf = (lane: Lane): string =>
    lane.engine === candidate?.engine
      ? `no accepted pass of ${lane.engine} at stage 5 on this target for this task counts now`
      : whyMissing(lane, runs, group);
  return {
    schema: SCHEMAS.comparison,
    task_id,
    lanes: chosen.map(({ lane, run }) => toLane(lane, run, missingOf(lane))),
    aspects,
    complete: present.length > 0 && aspects.every(({ equal }) => equal),
    runtime_default_activation: false,
  };
}

/** Without isolation nothing is known of what else wrote into the workspace. */
function isComparable({ value }: VerifiedRun, taskId: string): boolean {
  return value.task_id === taskId && value.isolation !== "none" && value.stage !== 6;
}

function keyOf({ value }: VerifiedRun): string {
  return `${value.stage} ${value.task_digest} ${value.target_id}`;
}

function groupOf(runs: readonly VerifiedRun[], pass: VerifiedRun | null): Group {
  if (pass === null) return { stage: null, runs: [] };
  return { stage: pass.value.stage, runs: runs.filter((run) => keyOf(run) === keyOf(pass)) };
}

function pickGroup(runs: readonly VerifiedRun[], lanes: readonly Lane[]): Group {
  const engines = new Set(lanes.map(({ engine }) => engine));
  const groups = Map.groupBy(
    runs.filter(({ value }) => engines.has(value.engine.id)),
    keyOf,
  );
  const lanesOf = (group: readonly VerifiedRun[]): number => new Set(group.map(({ value }) => value.engine.id)).size;
  const stageOf = (group: readonly VerifiedRun[]): number => group[0]?.value.stage ?? 0;
  // The sort is stable and the groups come newest first.
  const sorted = [...groups.values()].sort((a, b) => lanesOf(b) - lanesOf(a) || stageOf(b) - stageOf(a));
  return { stage: sorted[0]?.[0]?.value.stage ?? null, runs: sorted[0] ?? [] };
}

function pickRun(runs: readonly VerifiedRun[]): VerifiedRun | undefined {
  return runs.find(({ value }) => value.status === "pass") ?? runs[0];
}

function toLane({ engine }: Lane, run: VerifiedRun | undefined, missing: string): Comparison["lanes"][number] {
  if (run === undefined)
    return { engine, run_id: null, manifest_sha256: null, stage: null, status: null, codes: [], missing };
  const { manifest_sha256, run_id } = run;
  const { codes, stage, status } = run.value;
  return { engine, run_id, manifest_sha256, stage, status, codes: [...codes], missing: null };
}

/** Why a lane has no run among those that are compared, and what the best is that it has. */
function whyMissing({ engine, unavailable }: Lane, runs: readonly VerifiedRun[], group: Group): string {
  if (unavailable !== null) return unavailable;
  const best = pickBest(runs.filter(({ value }) => value.engine.id === engine));
  if (best === undefined) return `no bundle of ${engine} for this task verifies`;
  const has = `the best of ${engine} for this task is ${best.run_id}, ${best.value.status} at stage ${best.value.stage}`;
  if (group.stage === null) return `${has}; there is nothing to compare it with`;
  if (best.value.stage !== group.stage) return `${has}; the lanes are compared at stage ${group.stage}`;
  const isSameText = group.runs.some(({ value }) => value.task_digest === best.value.task_digest);
  return `${has}, ${isSameText ? "on another target" : "for another text of this task's contract"}`;
}

/** A pass before anything else, then the highest stage, then the newest. */
function pickBest(runs: readonly VerifiedRun[]): VerifiedRun | undefined {
  const passes = runs.filter(({ value }) => value.status === "pass");
  return [...(passes.length > 0 ? passes : runs)].sort((a, b) => b.value.stage - a.value.stage)[0];
}
