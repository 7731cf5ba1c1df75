import { realpathSync } from "node:fs";
import type { Stage } from "@cto/evidence-interface";
import {
  type AdmissionRecord,
  findWidenings,
  type GateFact,
  judgeTargetAdmission,
  OPEN_GATE,
  type PolicyLayer,
  type RecordFacts,
  type TargetJudgement,
  toTargetLayer,
  toTaskLayer,
} from "@cto/gates";
import type { Repository } from "@cto/git-state";
import type { LoadedTask } from "../case/load-task.ts";
import { type PolicyLayerProblem, readPolicyLayers } from "../records/read-policy-layers.ts";
import { readRecords } from "../records/read-records.ts";
import type { RunPorts, RunRequest } from "./run-request.ts";

/** What people laid down before a run, read once at its start: policy layers from the organisation to the task, and admission records. */
export interface RunRules {
  readonly layers: readonly PolicyLayer[];
  /** Layers that are there and cannot be read. They close a gate; nothing stands in for them. */
  readonly layerProblems: readonly PolicyLayerProblem[];
  readonly records: RecordFacts;
  /** Asked at stage 5 only. */
  readonly target: TargetJudgement | null;
}

/** Reads the rules of a run. An admitted target of stage 5 adds its own layer. Throws nothing that a file can cause. */
export function readRules(
  { loaded }: RunRequest,
  { orgPolicy, store }: RunPorts,
  stage: Stage,
  repository: Repository | null,
  now: Date,
): RunRules {
  const policy = readPolicyLayers({ home: store.home, orgPolicy });
  const records = readRecords(store.home, now);
  const target =
    stage === 5 && repository !== null
      ? judgeTargetAdmission({ path: repository.topLevel, home: realpathSync(store.home), now, ...records })
      : null;
  const targetLayer =
    target?.status === "admitted" && target.record !== null ? [toTargetLayer(target.record, target.file)] : [];
  return {
    layers: [...policy.layers, ...targetLayer, toTaskLayer(loaded.task, { file: loaded.file })],
    layerProblems: policy.problems,
    records,
    target,
  };
}

/** The gate `policy-layers`: every layer can be read and none permits what the one above it does not. */
export function judgeLayers({ layerProblems, layers }: RunRules, { file, readPlaces, task }: LoadedTask): GateFact {
  const [broken] = layerProblems;
  if (broken !== undefined) {
    const more = layerProblems.length > 1 ? ` (and ${layerProblems.length - 1} more)` : "";
    return {
      answer: "fail",
      reason: `the ${broken.layer} policy cannot be read: ${broken.message}${more}`,
      hint: broken.hint,
    };
  }
  if (findWidenings(layers).length === 0) return OPEN_GATE;
  // Only a refusal needs to know where the rules of the task stand.
  const placed = layers.map((one) => (one.layer === "task" ? toTaskLayer(task, { file, places: readPlaces() }) : one));
  const widenings = findWidenings(placed);
  const [first] = widenings;
  if (first === undefined) return OPEN_GATE;
  const more = widenings.length > 1 ? ` (and ${widenings.length - 1} more)` : "";
  return {
    answer: "fail",
    code: "policy_widened",
    reason: `${describePlace(first)}: ${first.message}${more}`,
    hint: first.hint,
  };
}

function describePlace({
  file,
  line,
  key,
}: {
  readonly file: string;
  readonly line: number | null;
  readonly key: string;
}): string {
  return `${file}${line === null ? "" : `:${line}`} ${key}`;
}

/** The records of one kind; none at all if a record cannot be read, because that one may revoke another. */
export function recordsOf<Schema extends AdmissionRecord["schema"]>(
  { problems, records }: RecordFacts,
  schema: Schema,
): readonly Extract<AdmissionRecord, { schema: Schema }>[] {
  if (problems.length > 0) return [];
  return records.flatMap(({ record }) =>
    record.schema === schema ? [record as Extract<AdmissionRecord, { schema: Schema }>] : [],
  );
}
