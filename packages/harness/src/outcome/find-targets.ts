import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { CtoError } from "@cto/errors";
import { SCHEMAS, type TargetAdmission } from "@cto/evidence-interface";
import type { AdmissionRecord } from "@cto/gates";
import { type Repository, readRepository } from "@cto/git-state";
import { readRecords } from "../records/read-records.ts";
import type { PendingRun } from "./read-pending-run.ts";
import { readTargetId } from "./read-target-id.ts";

/**
 * Paths of the admitted targets of a home that have the id and the identity of a run's, as git names their tops. Records whose path leads to no
 * repository are passed over.
 */
export async function findTargets(
  home: string,
  { targetId, targetName }: Pick<PendingRun, "targetId" | "targetName">,
  now: Date,
): Promise<readonly string[]> {
  const root = await realpath(home);
  const found = new Set<string>();
  for (const { record } of readRecords(root, now).records) {
    if (!isAdmitted(record) || record.id !== targetName) continue;
    const repository = await readOrNull(resolve(root, record.target_repository_path));
    if (repository !== null && (await readTargetId(repository)) === targetId) found.add(repository.topLevel);
  }
  return [...found];
}

function isAdmitted(record: AdmissionRecord): record is TargetAdmission {
  return record.schema === SCHEMAS.targetAdmission && record.admission_status === "admitted";
}

async function readOrNull(directory: string): Promise<Repository | null> {
  try {
    return await readRepository(directory);
  } catch (thrown) {
    if (CtoError.is(thrown) && thrown.code.startsWith("GIT_")) return null;
    throw thrown;
  }
}
