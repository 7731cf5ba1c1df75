import { basename, join } from "node:path";
import { CtoError } from "@cto/errors";
import { SCHEMAS } from "@cto/evidence-interface";
import { judgeTargetAdmission, type PolicyLayer, readTaskPlaces, toTargetLayer, toTaskLayer } from "@cto/gates";
import { readRepository } from "@cto/git-state";
import {
  loadTask,
  type PolicyLayerProblem,
  type RecordsOnDisk,
  readPlainFile,
  readPolicyLayers,
  readRecords,
} from "@cto/harness";
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
  const { directory, file, task } = await loadTask({ selector, cwd, caseFolders });
  const text = await readPlainFile(join(directory, basename(file)));
  return toTaskLayer(task, { file, places: readTaskPlaces({ file, text }) });
}

/** The layer of an admitted target, or why there is none. Throws `GIT_*` if the directory is no repository. */
export async function readTargetLayer(
  { home }: Setting,
  directory: string,
): Promise<{ readonly layer: PolicyLayer } | { readonly layer: null; readonly why: string }> {
  const { topLevel } = await readRepository(directory);
  const judged = judgeTargetAdmission({ path: topLevel, home, now: new Date(), ...readRecords(home) });
  if (judged.status === "admitted" && judged.record !== null)
    return { layer: toTargetLayer(judged.record, judged.file) };
  return { layer: null, why: `${judged.status}: ${judged.problems[0] ?? "no target admission"}` };
}

/** The layers of all target admissions of a home, admitted or not yet; a record that cannot be read may be one of them. */
export function readTargetLayers({ home }: Setting): PolicyStack {
  const { problems, records } = readRecords(home);
  return {
    layers: records.flatMap(({ file, record }) =>
      record.schema === SCHEMAS.targetAdmission ? [toTargetLayer(record, file)] : [],
    ),
    problems: problems.map(({ file, hint, message }) => ({ layer: "target", file, message, hint })),
  };
}

/** The models that records speak of, as `provider/model`. */
export function listRecordedModels({ records }: RecordsOnDisk): readonly string[] {
  return records.flatMap(({ record }) =>
    record.schema === SCHEMAS.modelAdmission ? [`${record.provider}/${record.model}`] : [],
  );
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
