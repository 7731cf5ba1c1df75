import { realpathSync } from "node:fs";
import { oneLine } from "@cto/errors";
import type { Stage } from "@cto/evidence-interface";
import {
  type AdmissionRecord,
  judgeTargetAdmission,
  type PolicyLayer,
  type RecordFacts,
  type TargetJudgement,
  toTargetLayer,
  toTaskLayer,
} from "@cto/gates";
import type { Repository } from "@cto/git-state";
import { type PolicyLayerProblem, readPolicyLayers, type StandingLayers } from "../records/read-policy-layers.ts";
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
  const policy = hidePlace(readPolicyLayers({ home: store.home, orgPolicy }), orgPolicy);
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

/** A bundle does not tell where on a machine the organisation keeps its policy. The default place is the same everywhere. */
function hidePlace({ layers, problems }: StandingLayers, orgPolicy: string | null): StandingLayers {
  if (orgPolicy === null || orgPolicy === "") return { layers, problems };
  const file = "<organisation policy>";
  return {
    layers: layers.map((one) => (one.layer === "organisation" ? { ...one, file } : one)),
    problems: problems.map((one) =>
      one.layer === "organisation" ? { ...one, file, message: one.message.replaceAll(oneLine(orgPolicy), file) } : one,
    ),
  };
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
