import { realpath } from "node:fs/promises";
import { oneLine } from "@cto/errors";
import { compilePolicy, explainPath, judgeTargetAdmission, toTargetLayer } from "@cto/gates";
import type { Repository } from "@cto/git-state";
import { readRecords } from "../records/read-records.ts";
import { type OutcomeRefusal, refuse } from "./outcome-decision.ts";
import type { PendingRun } from "./read-pending-run.ts";
import { readTargetId } from "./read-target-id.ts";

/** Null if the repository is the one that the run was for; every clone of it is. */
export async function checkIdentity(repository: Repository, { targetId }: PendingRun): Promise<OutcomeRefusal | null> {
  if ((await readTargetId(repository)) === targetId) return null;
  const message = "the run was made for another repository: the root commits differ";
  return refuse("target_mismatch", message, "Name the repository that the run was for: --target DIR.");
}

/** Null if the records of the home admit the repository now as the target that was approved, and with it every path that the run changed. */
export async function checkAdmission(
  repository: Repository,
  { report, targetName }: PendingRun,
  options: { readonly home: string; readonly now: Date },
): Promise<OutcomeRefusal | null> {
  const home = await realpath(options.home);
  const { now } = options;
  const judged = judgeTargetAdmission({ path: repository.topLevel, home, now, ...readRecords(home, now) });
  if (judged.status !== "admitted" || judged.record === null) {
    const why = judged.problems.map((problem) => oneLine(problem)).join("; ");
    return refuse("target_not_admitted", `the target is not admitted (${judged.status}): ${why}`, judged.hint);
  }
  if (judged.record.id !== targetName) {
    const message = `the approval was for the target ${targetName}, and this one is admitted as ${judged.record.id}`;
    return refuse(
      "target_mismatch",
      message,
      `Land it where it was approved for: the path of ${targetName} in cto admit list.`,
    );
  }
  const policy = compilePolicy([toTargetLayer(judged.record, judged.file)]);
  const outside = report.changed_files.find((path) => !explainPath(policy, path).allowed);
  if (outside === undefined) return null;
  const message = `${judged.file} does not permit a change of ${oneLine(outside)} any more`;
  return refuse("target_not_admitted", message, "Run the task again within what the admission permits now.");
}
