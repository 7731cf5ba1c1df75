import { CtoError, messageOf } from "@cto/errors";
import { judgeRun } from "@cto/gates";
import { removeTree, takeSnapshot } from "@cto/workspace";
import { checkChange } from "../steps/check-change.ts";
import { claimApproval } from "../steps/claim-approval.ts";
import { decideStart } from "../steps/decide-start.ts";
import { inspectSource } from "../steps/inspect-source.ts";
import { type JudgedChanges, judgeChanges } from "../steps/judge-changes.ts";
import { makeWorkspace } from "../steps/make-workspace.ts";
import { runEngine } from "../steps/run-engine.ts";
import { toChanges, toLanding } from "../steps/to-report.ts";
import { keepWork, writeBundle } from "../steps/write-bundle.ts";
import { lookAtSource } from "./look-at-source.ts";
import { openRun, type RunDigests } from "./open-run.ts";
import { addBlocker, endIfStopped, isDiskRefusal, noteBudget, type RunContext, RunEnded } from "./run-context.ts";
import type { RunOutcome, RunPorts, RunRequest } from "./run-request.ts";

/**
 * One governed run, end to end: contract, gates, workspace, engine, effect gate, verification in a fresh checkout, evidence. Always ends with a
 * sealed bundle, unless the disk refuses even that. Throws only before a bundle exists: `RUN_TARGET_MISSING`, `RUN_STAGE_TOO_HIGH`, `RUN_FIXTURE_MISSING`, the
 * `GIT_*` codes of an unusable target, `STORE_*`.
 */
export async function runTask(request: RunRequest, ports: RunPorts): Promise<RunOutcome> {
  const opened = await openRun(request, ports);
  if (opened.kind === "refused") return opened.outcome;
  const { context, run, digests } = opened;
  const { draft, writer } = context;
  let fault: unknown = null;
  try {
    await runSteps(context, digests);
  } catch (thrown) {
    fault = noteFailure(context, thrown);
  }
  const outcome = (sealed: boolean): RunOutcome => {
    const { status, blockers } = judgeRun({ blockers: draft.blockers });
    const changedFiles = toChanges(draft).map(({ path }) => path);
    return {
      runId: context.runId,
      directory: writer.directory,
      status,
      blockers,
      changedFiles,
      landing: toLanding(context.stage, status),
      sealed,
      fault,
      notes: [],
    };
  };
  const ended = { ...context, patchFile: context.folders.patch };
  let cleaning: Promise<void> | null = null;
  try {
    // The trace must not tell of anything after the end of the run.
    await Promise.allSettled(context.background);
    await assertSourceStill(context);
    await keepWork(ended);
    if (writer.budgetExceeded) noteBudget(context);
    cleaning = removeScratch(context);
    const { notes } = await writer.seal(await writeBundle(ended, run, digests));
    return { ...outcome(true), notes };
  } catch (thrown) {
    writer.abandon();
    if (!isDiskRefusal(thrown)) throw thrown;
    addBlocker(
      draft,
      "artifact_write_failure",
      context.hider.text(`the evidence could not be written: ${messageOf(thrown)}`),
    );
    return outcome(false);
  } finally {
    await (cleaning ?? removeScratch(context));
  }
}

/** Removes the work folder once nothing writes there any more. What cannot be removed is told, and does not change the outcome. */
async function removeScratch({ background, folders, ports }: RunContext): Promise<void> {
  await Promise.allSettled(background);
  try {
    await removeTree(folders.scratch);
  } catch (thrown) {
    const note = `the work folder could not be removed: ${messageOf(thrown)}`;
    ports.onProgress({ step: "evidence", state: "failed", note });
  }
}

async function runSteps(context: RunContext, digests: RunDigests): Promise<void> {
  const { draft, ports, record } = context;
  const { onProgress } = ports;
  const { id } = context.request.engine.describe();
  record.event("run.started", {
    case_id: context.request.loaded.caseId,
    task_id: context.task.id,
    engine: id,
    model: context.request.model === null ? null : { ...context.request.model },
    stage: context.stage,
  });
  await inspectSource(context, digests);
  onProgress({ step: "contract", state: draft.blockers.length === 0 ? "passed" : "failed", note: context.task.title });
  const start = await decideStart(context);
  onProgress({
    step: "gates",
    state: start === null ? "failed" : "passed",
    note: `stage ${context.stage}, ${context.request.isolation}`,
  });
  if (start === null) return;
  endIfStopped(context);
  const trees = await makeWorkspace(context);
  onProgress({ step: "workspace", state: "passed", note: `baseline ${draft.baseline?.commit.slice(0, 10)}` });
  if (start.hasApproval) await claimApproval(context);
  onProgress({ step: "engine", state: "started", note: id });
  await runEngine(context, start.ready, trees);
  onProgress({
    step: "engine",
    state: draft.outcome?.kind === "completed" ? "passed" : "failed",
    note: draft.outcome?.kind ?? "",
  });
  const judged = await judgeChanges(context, trees);
  onProgress({
    step: "effects",
    state: judged.kind === "applied" ? "passed" : "failed",
    note: `${draft.effects?.changes.length ?? 0} changed file(s)`,
  });
  await checkChange(context, judged, trees.brought);
  endIfStopped(context);
  await assertWorkspaceStill(context, judged);
}

/** The workspace must be as it was when the result was taken: nothing of the engine may still be at work. */
async function assertWorkspaceStill(context: RunContext, { after }: JudgedChanges): Promise<void> {
  if (after === null) return;
  const now = await context.record.timed("effects.still", () =>
    takeSnapshot(context.folders.workspace, { previous: after }),
  );
  if (now.sha256 !== after.sha256) {
    addBlocker(context.draft, "dirty_ending_tree", "the workspace changed after the result was taken");
  }
}

/** Looks at the source once more where no step after the engine did, and at the target of stage 5 always: it has to be as it was, or the run says so. */
async function assertSourceStill(context: RunContext): Promise<void> {
  const { draft, record, stage } = context;
  const isJudged = record.reached("git.diff.checked");
  if (isJudged && stage !== 5) return;
  const look = await lookAtSource(context);
  if (look === "same" || draft.blockers.some(({ code }) => code === "source_mutated")) return;
  if (look === "moved" || isJudged) {
    addBlocker(draft, "target_moved", "the target changed while the run went on, so its HEAD may be no base any more");
    return;
  }
  addBlocker(
    draft,
    "source_mutated",
    look === "unreadable"
      ? "the source repository cannot be read any more"
      : "the source repository changed while the run went on",
  );
  record.event(
    "git.diff.checked",
    { result_tree: null, changed_files: 0 },
    draft.blockers.filter(({ code }) => code === "source_mutated"),
  );
}

function noteFailure(context: RunContext, thrown: unknown): unknown {
  if (thrown instanceof RunEnded) return null;
  if (isDiskRefusal(thrown)) {
    const message = context.hider.text(`the disk refused: ${messageOf(thrown)}`);
    addBlocker(
      context.draft,
      "artifact_write_failure",
      message,
      "Free space on the disk, and check who may write in .cto; `cto doctor` looks at both.",
    );
    return null;
  }
  if (CtoError.is(thrown) && thrown.code === "WORKSPACE_TOO_LARGE") {
    addBlocker(
      context.draft,
      "artifact_write_failure",
      `a work tree grew over what a run may leave: ${thrown.message}`,
    );
    return null;
  }
  if (context.ports.signal.aborted) {
    addBlocker(context.draft, "interrupted", "the run was interrupted before it was done");
    return null;
  }
  addBlocker(context.draft, "interrupted", context.hider.text(`the harness failed: ${messageOf(thrown)}`));
  return thrown;
}
