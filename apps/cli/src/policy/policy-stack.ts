import { CtoError } from "@cto/errors";
import { SCHEMAS } from "@cto/evidence-interface";
import { judgeTargetAdmission, type PolicyLayer, toTargetLayer, toTaskLayer } from "@cto/gates";
import { readRepository } from "@cto/git-state";
import { loadTask, type PolicyLayerProblem, type RecordsOnDisk, readPolicyLayers, readRecords } from "@cto/harness";
import { orgPolicy, type Setting } from "../setting.ts";

/** Layers of a policy as they are on disk, and what could not be read. */
export interface PolicyStack {
  readonly layers: readonly PolicyLayer[];
  readonly problems: readonly PolicyLayerProblem[];
}

/** The layers that stand above every task: the organisation's and the repository's. */
export function readStandingStack({ home }: Setting): PolicyStack {
  return readPolicyLayers({ home, orgPolicy: orgPolicy() });
}

/** The layer of a task contract, with the places of its rules. Throws what `loadTask` throws. */
export async function readTaskLayer({ caseFolders, cwd }: Setting, selector: string): Promise<PolicyLayer> {
  const { file, readPlaces, task } = await loadTask({ selector, cwd, caseFolders });
  return toTaskLayer(task, { file, places: readPlaces() });
}

/**
 * The layer of an admitted target. Records that cannot be believed are problems: one of them may be this target's. `absent` says why there is no layer,
 * although everything could be read: nobody admitted the target. Throws `GIT_*` if the directory is no repository.
 */
export async function readTargetStack(
  { home }: Setting,
  directory: string,
): Promise<PolicyStack & { readonly absent: PolicyLayerProblem | null }> {
  const { topLevel } = await readRepository(directory);
  const records = readRecords(home);
  const { file, hint, problems, record, status } = judgeTargetAdmission({
    path: topLevel,
    home,
    now: new Date(),
    ...records,
  });
  if (status === "admitted" && record !== null)
    return { layers: [toTargetLayer(record, file)], problems: [], absent: null };
  const message = [status, ...problems.slice(0, 1)].join(": ");
  const problem: PolicyLayerProblem = { layer: "target", file: file ?? directory, message, hint };
  if (status === "missing_admission" || status === "not_admitted") return { layers: [], problems: [], absent: problem };
  return { layers: [], problems: records.problems.length > 0 ? toProblems(records) : [problem], absent: null };
}

/** The layers of all target admissions of a home, admitted or not yet; a record that cannot be read may be one of them. */
export function readTargetLayers({ home }: Setting): PolicyStack & { readonly admitted: readonly PolicyLayer[] } {
  const all = readRecords(home);
  const targets = all.records.flatMap(({ file, record }) =>
    record.schema === SCHEMAS.targetAdmission
      ? [{ layer: toTargetLayer(record, file), isAdmitted: record.admission_status === "admitted" }]
      : [],
  );
  return {
    layers: targets.map(({ layer }) => layer),
    admitted: targets.filter(({ isAdmitted }) => isAdmitted).map(({ layer }) => layer),
    problems: toProblems(all),
  };
}

/** What records speak of: models as `provider/model`, targets by the ids of their admissions. */
export function listAdmittedNames({ records }: RecordsOnDisk): {
  readonly models: readonly string[];
  readonly targets: readonly string[];
} {
  return {
    models: records.flatMap(({ record }) =>
      record.schema === SCHEMAS.modelAdmission ? [`${record.provider}/${record.model}`] : [],
    ),
    targets: records.flatMap(({ record }) => (record.schema === SCHEMAS.targetAdmission ? [record.id] : [])),
  };
}

/** `readTaskLayer`, for a task whose contract may be broken. */
export async function tryTaskLayer(setting: Setting, selector: string): Promise<PolicyStack> {
  try {
    return { layers: [await readTaskLayer(setting, selector)], problems: [] };
  } catch (thrown) {
    if (!CtoError.is(thrown)) throw thrown;
    const [message = thrown.message] = thrown.message.split("\n");
    return { layers: [], problems: [{ layer: "task", file: selector, message, hint: thrown.hint }] };
  }
}

function toProblems({ problems }: RecordsOnDisk): readonly PolicyLayerProblem[] {
  return problems.map(({ file, hint, message }) => ({ layer: "target", file, message, hint }));
}
