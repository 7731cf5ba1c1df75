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
}

/**
 * Puts engines beside one another on one task, from verified bundles only. Compared are runs of one contract at one stage: the one that most lanes share,
 * then the highest stage, then the newest. Of a lane its newest pass there, else its newest run.
 */
export function compareLanes({ evidence, lanes, task_id }: CompareLanesOptions): Comparison {
  const runs = [...evidence].filter((item) => item.state === "verified").filter((item) => isComparable(item, task_id));
  const group = pickGroup(runs, lanes);
  const chosen = lanes.map((lane) => ({
    lane,
    run: pickRun(group.filter((run) => run.value.engine.id === lane.engine)),
  }));
  const present = chosen.flatMap(({ run }) => (run === undefined ? [] : [run]));
  const aspects = compareAspects(present, group);
  return {
    schema: SCHEMAS.comparison,
    task_id,
    lanes: chosen.map(({ lane, run }) => toLane(lane, run, runs, group[0])),
    aspects,
    complete: present.length > 0 && aspects.every(({ equal }) => equal),
    runtime_default_activation: false,
  };
}

/** Without isolation nothing is known of what else wrote into the workspace. */
function isComparable({ value }: VerifiedRun, taskId: string): boolean {
  return value.task_id === taskId && value.isolation !== "none" && value.stage !== 6;
}

function pickGroup(runs: readonly VerifiedRun[], lanes: readonly Lane[]): readonly VerifiedRun[] {
  const engines = new Set(lanes.map(({ engine }) => engine));
  const groups = new Map<string, VerifiedRun[]>();
  for (const run of runs) {
    if (!engines.has(run.value.engine.id)) continue;
    const key = `${run.value.stage} ${run.value.task_digest}`;
    const group = groups.get(key) ?? [];
    group.push(run);
    groups.set(key, group);
  }
  const lanesOf = (group: readonly VerifiedRun[]): number => new Set(group.map(({ value }) => value.engine.id)).size;
  const stageOf = (group: readonly VerifiedRun[]): number => group[0]?.value.stage ?? 0;
  // The sort is stable and the groups come newest first.
  const sorted = [...groups.values()].sort((a, b) => lanesOf(b) - lanesOf(a) || stageOf(b) - stageOf(a));
  return sorted[0] ?? [];
}

function pickRun(runs: readonly VerifiedRun[]): VerifiedRun | undefined {
  return runs.find(({ value }) => value.status === "pass") ?? runs[0];
}

function toLane(
  { engine, unavailable }: Lane,
  run: VerifiedRun | undefined,
  runs: readonly VerifiedRun[],
  compared: VerifiedRun | undefined,
): Comparison["lanes"][number] {
  if (run === undefined) {
    const other = runs.find(({ value }) => value.engine.id === engine);
    const missing = whyMissing(engine, unavailable, other, compared);
    return { engine, run_id: null, manifest_sha256: null, stage: null, status: null, codes: [], missing };
  }
  const { codes, stage, status } = run.value;
  return {
    engine,
    run_id: run.run_id,
    manifest_sha256: run.manifest_sha256,
    stage,
    status,
    codes: [...codes],
    missing: null,
  };
}

function whyMissing(
  engine: string,
  unavailable: string | null,
  other: VerifiedRun | undefined,
  compared: VerifiedRun | undefined,
): string {
  if (unavailable !== null) return unavailable;
  if (other === undefined || compared === undefined) return `no bundle of ${engine} for this task verifies`;
  if (other.value.stage !== compared.value.stage)
    return `${engine} has a bundle for this task at stage ${other.value.stage}, the other lanes are compared at stage ${compared.value.stage}`;
  return `the bundle of ${engine} is for another text of this task's contract`;
}
