import { oneLine } from "@cto/errors";
import type { Report } from "@cto/evidence-interface";
import type { PendingRun } from "@cto/harness";

const shownChanges = 50;

/** What a person is asked to answer for: task, target, branch, changed files, checks. */
export function toPendingRunText(
  { baseCommit, branch, report, runId }: PendingRun,
  target: string | null,
): readonly string[] {
  const more = report.changes.length - shownChanges;
  return [
    `${oneLine(report.title)}  (task ${report.task_id})`,
    `  run      ${runId}, engine ${report.backend} ${report.engine.version ?? ""}`.trimEnd(),
    `  target   ${target ?? "not known here: --target DIR names it"}`,
    `  branch   ${branch}, on ${baseCommit.slice(0, 12)}`,
    `  changes  ${report.changes.length === 0 ? "none" : ""}`.trimEnd(),
    ...report.changes.slice(0, shownChanges).map(({ change, path }) => `    ${change.padEnd(13)} ${oneLine(path)}`),
    ...(more > 0 ? [`    ... and ${more} more`] : []),
    "  checks",
    ...report.verification.map((check) => `    ${toCheckText(check)}`),
    `  the patch is patch.diff of the bundle; cto report ${runId} shows what to look at`,
  ];
}

function toCheckText({ command, id, passed, tests }: Report["verification"][number]): string {
  const counts =
    tests === undefined ? "" : ` (${tests.passed} passed, ${tests.failed} failed, ${tests.skipped} skipped)`;
  return `${passed ? "passed" : "failed"} ${id}${counts}: ${oneLine(command.join(" "), 120)}`;
}
