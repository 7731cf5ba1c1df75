import { resolve } from "node:path";
import { SCHEMAS } from "@cto/evidence-interface";
import { judgeModelAdmission, judgeTargetAdmission } from "@cto/gates";
import { type RecordsOnDisk, readRecords } from "@cto/harness";
import type { Setting } from "../setting.ts";

/** Whether records admit a thing that no layer names, and why. */
interface Recorded {
  readonly allowed: boolean;
  readonly why: string;
}

/** What the records say of a model, given as `provider/model`. */
export function judgeRecordedModel(records: RecordsOnDisk, name: string): Recorded {
  const cut = name.indexOf("/");
  const [provider, model] = cut < 0 ? [name, ""] : [name.slice(0, cut), name.slice(cut + 1)];
  return toRecorded(judgeModelAdmission({ provider, model, now: new Date(), ...records }));
}

/** What the records say of a target, given by the id of its admission. */
export function judgeRecordedTarget({ home }: Setting, id: string): Recorded {
  const records = readRecords(home);
  const path = records.records.flatMap(({ record }) =>
    record.schema === SCHEMAS.targetAdmission && record.id === id ? [resolve(home, record.target_repository_path)] : [],
  )[0];
  if (path === undefined && records.problems.length === 0)
    return { allowed: false, why: "no record admits it, and a run at stage 5 would be refused" };
  return toRecorded(judgeTargetAdmission({ path: path ?? "/", home, now: new Date(), ...records }));
}

function toRecorded({
  file,
  problems,
  status,
}: {
  readonly file: string | null;
  readonly problems: readonly string[];
  readonly status: string;
}): Recorded {
  if (status === "admitted") return { allowed: true, why: `its record admits it (${file})` };
  return { allowed: false, why: `no record admits it (${[status, ...problems.slice(0, 1)].join(", ")})` };
}
