import { join } from "node:path";
import type { RunWriter } from "@cto/bundle-store";
import { createRunId } from "@cto/core-bundle";
import { CtoError, messageOf } from "@cto/errors";
import { type RunBundle, SCHEMAS, STAGE_NAMES, type Stage, toCanonicalJson } from "@cto/evidence-interface";
import {
  judgeClaims,
  judgeRun,
  mutationModeOf,
  resolveStage,
  targetKindOf,
  toBlocker,
  toEffectivePolicy,
} from "@cto/gates";
import { type Repository, readRepository, readSourceDigests } from "@cto/git-state";
import { removeTree, takeSnapshot } from "@cto/workspace";
import { decideStart } from "../steps/decide-start.ts";
import { inspectSource } from "../steps/inspect-source.ts";
import { type JudgedChanges, judgeChanges } from "../steps/judge-changes.ts";
import { makeWorkspace } from "../steps/make-workspace.ts";
import { runEngine } from "../steps/run-engine.ts";
import { verifyChange } from "../steps/verify-change.ts";
import { writeBundle } from "../steps/write-bundle.ts";
import { createClock } from "./clock.ts";
import { addBlocker, addBlockers, endIfStopped, isDiskRefusal, type RunContext, RunEnded } from "./run-context.ts";
import { createRunDraft } from "./run-draft.ts";
import { createRunRecord, sha256 } from "./run-record.ts";
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
  const outcome = async (sealed: boolean): Promise<RunOutcome> => {
    const { status, blockers } = judgeRun({ blockers: draft.blockers });
    const changedFiles = draft.effects?.changes.map(({ path }) => path) ?? [];
    return { runId: context.runId, directory: writer.directory, status, blockers, changedFiles, sealed, fault };
  };
  try {
    await assertSourceStill(context);
    await writer.seal(await writeBundle({ ...context, patchFile: context.folders.patch }, run, digests));
    return await outcome(true);
  } catch (thrown) {
    writer.abandon();
    if (!isDiskRefusal(thrown)) throw thrown;
    addBlocker(draft, "artifact_write_failure", `the evidence could not be written: ${messageOf(thrown)}`);
    return await outcome(false);
  } finally {
    await removeTree(context.folders.scratch).catch((thrown: unknown) =>
      ports.onProgress({
        step: "evidence",
        state: "failed",
        note: `the work folder could not be removed: ${messageOf(thrown)}`,
      }),
    );
  }
}

async function runSteps(
  context: RunContext,
  digests: { readonly task: string; readonly policy: string },
): Promise<void> {
  const { draft, ports, record } = context;
  const { onProgress } = ports;
  const { id } = context.request.engine.describe();
  record.event("run.started", {
    case_id: context.request.loaded.caseId,
    task_id: context.task.id,
    engine: id,
    stage: context.stage,
  });
  await inspectSource(context, digests);
  onProgress({ step: "contract", state: draft.blockers.length === 0 ? "passed" : "failed", note: context.task.title });
  const ready = await decideStart(context);
  onProgress({
    step: "gates",
    state: ready === null ? "failed" : "passed",
    note: `stage ${context.stage}, ${context.request.isolation}`,
  });
  if (ready === null) return;
  const trees = await makeWorkspace(context);
  onProgress({ step: "workspace", state: "passed", note: `baseline ${draft.baseline?.commit.slice(0, 10)}` });
  onProgress({ step: "engine", state: "started", note: id });
  await runEngine(context, ready, trees);
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
  await verify(context, judged, trees.brought);
  endIfStopped(context);
  await assertWorkspaceStill(context, judged);
}

async function verify(
  context: RunContext,
  judged: JudgedChanges,
  brought: Awaited<ReturnType<typeof makeWorkspace>>["brought"],
): Promise<void> {
  const { draft, ports, record, task } = context;
  const stopped = context.stop.aborted;
  if (judged.kind === "refused") draft.notVerified = judged.reason;
  else if (stopped) draft.notVerified = "the run was ended early";
  else if (draft.effects?.changes.length === 0 && task.diff_required)
    draft.notVerified = "the engine did not finish and changed nothing";
  else {
    ports.onProgress({
      step: "verification",
      state: "started",
      note: task.verification.map(({ id }) => id).join(", "),
    });
    await verifyChange(context, judged.checkout, brought);
  }
  const ran = draft.notVerified === null;
  const claims = judgeClaims({
    claims: draft.outcome?.claims ?? {},
    changedFiles: draft.effects?.changes.map(({ path }) => path) ?? [],
    verificationPassed: ran ? draft.verification.every(({ passed }) => passed) : null,
    committed: draft.committed,
  });
  draft.claimsMatch = claims.match;
  addBlockers(draft, claims.blockers);
  const blockers = draft.blockers.filter(({ event }) => event === "verification.completed");
  if (ran || blockers.length > 0) {
    record.event(
      "verification.completed",
      {
        ran,
        checks: draft.verification.map(({ id, exit, passed, resolved }) => ({
          id,
          exit: { ...exit },
          passed,
          resolved: resolved === null ? null : { path: resolved.path, sha256: resolved.sha256 },
        })),
      },
      blockers,
    );
  }
  ports.onProgress({
    step: "verification",
    state: ran && blockers.length === 0 ? "passed" : "failed",
    note: ran ? "" : (draft.notVerified ?? ""),
  });
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

/** Takes the source's digests once more where no step after the engine did: a refused run proves that it had no effect. */
async function assertSourceStill({ draft, record, repository }: RunContext): Promise<void> {
  if (repository === null || draft.sourceBefore === null || draft.sourceAfter !== null) return;
  draft.sourceAfter = await record.timed("source.digests", () => readSourceDigests(repository));
  if (JSON.stringify(draft.sourceAfter) === JSON.stringify(draft.sourceBefore)) return;
  addBlocker(
    draft,
    "source_mutated",
    "the source repository changed while the run went on, though no engine was started",
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
    addBlocker(context.draft, "artifact_write_failure", `the disk refused: ${messageOf(thrown)}`);
    return null;
  }
  if (context.ports.signal.aborted) {
    addBlocker(context.draft, "interrupted", "the run was interrupted before it was done");
    return null;
  }
  addBlocker(context.draft, "interrupted", `the harness failed: ${messageOf(thrown)}`);
  return thrown;
}

async function openRun(request: RunRequest, ports: RunPorts) {
  const { task } = request.loaded;
  const stage = resolveStage({ task, requestedStage: request.requestedStage });
  const repository = await readTarget(request, stage);
  const clock = createClock();
  const runId = createRunId({ prefix: task.id, at: clock.startedAt, entropy: ports.entropy(8) });
  const run = toRunBundle(request, ports, stage, runId, clock.startedAt);
  const overBudget = new AbortController();
  let writer: RunWriter;
  try {
    writer = await ports.store.createRun({
      runId,
      run,
      artifactBytes: task.budget.artifact_bytes,
      onBudgetExceeded: () => overBudget.abort(),
    });
  } catch (thrown) {
    if (!isDiskRefusal(thrown)) throw thrown;
    const blockers = [toBlocker("artifact_write_failure", `the run could not be recorded: ${messageOf(thrown)}`)];
    const directory = join(ports.store.root, "runs", runId);
    return {
      kind: "refused",
      outcome: { runId, directory, status: "fail", blockers, changedFiles: [], sealed: false, fault: null },
    } as const;
  }
  const scratch = join(ports.store.root, "tmp", runId);
  const context: RunContext = {
    request,
    ports,
    identity: {
      runId,
      caseId: request.loaded.caseId,
      task,
      engineId: request.engine.describe().id,
      stage,
      isolation: request.isolation,
      subject: repository !== null ? "repository" : stage === 1 ? "none" : "fixture",
      startedAt: clock.startedAt.toISOString(),
    },
    task,
    stage,
    repository,
    runId,
    clock,
    writer,
    record: createRunRecord({ writer, clock }),
    draft: createRunDraft(),
    folders: {
      scratch,
      baseline: join(scratch, "baseline.git"),
      workspace: join(scratch, "workspace"),
      freshCheckout: join(scratch, "checkout"),
      baselineCheckout: join(scratch, "baseline-checkout"),
      patch: join(scratch, "patch.diff"),
    },
    stop: AbortSignal.any([ports.signal, overBudget.signal]),
  };
  const taskText = toCanonicalJson(task);
  const policyText = toCanonicalJson(toEffectivePolicy(task, stage));
  await Promise.all([
    writer.writeDocument("proofs/task.json", `${taskText}\n`),
    writer.writeDocument("proofs/policy.json", `${policyText}\n`),
  ]);
  return { kind: "opened", context, run, digests: { task: sha256(taskText), policy: sha256(policyText) } } as const;
}

async function readTarget(request: RunRequest, stage: Stage): Promise<Repository | null> {
  const { loaded, requestedStage, target } = request;
  if (requestedStage !== null && requestedStage > loaded.task.stage) {
    throw new CtoError(
      "RUN_STAGE_TOO_HIGH",
      `--stage ${requestedStage}: the task contract permits at most stage ${loaded.task.stage}`,
      {
        hint: `Raise stage in ${loaded.file} if its author agrees, or run at a lower stage.`,
        details: { requested: requestedStage, permitted: loaded.task.stage },
      },
    );
  }
  if (stage <= 2 && target !== null) {
    throw new CtoError("RUN_TARGET_UNUSED", `--target is for stage 3 and up, and this run is at stage ${stage}`, {
      hint: "Type --stage 3 as well, or leave --target out.",
    });
  }
  if (stage === 2 && loaded.fixture === null) {
    throw new CtoError("RUN_FIXTURE_MISSING", `${loaded.file} has no fixture/ folder beside it, which stage 2 copies`, {
      hint: "Put the files to work on into fixture/ beside the task file, or run against a repository: --stage 3 --target DIR.",
    });
  }
  if (stage < 3) return null;
  if (target === null) {
    throw new CtoError("RUN_TARGET_MISSING", `stage ${stage} needs a repository`, {
      hint: "Add --target DIR: a local git repository. It is copied and never written to.",
    });
  }
  return readRepository(target.directory, target.ref === undefined ? {} : { ref: target.ref });
}

function toRunBundle(request: RunRequest, ports: RunPorts, stage: Stage, runId: string, startedAt: Date): RunBundle {
  return {
    schema: SCHEMAS.run,
    run_id: runId,
    cto_version: ports.ctoVersion,
    case_id: request.loaded.caseId,
    task_id: request.loaded.task.id,
    engine_id: request.engine.describe().id,
    stage,
    mode: STAGE_NAMES[stage],
    mutation_mode: mutationModeOf(stage),
    target_kind: targetKindOf(stage),
    isolation: request.isolation,
    source: { git_state: null, baseline_commit: null, baseline_tree: null },
    lifecycle: "running",
    started_at: startedAt.toISOString(),
    finished_at: null,
    duration_ms: null,
    pointers: {
      report: "report.json",
      events: "events.normalized.jsonl",
      live: "events.ndjson",
      manifest: "manifest.json",
    },
  };
}
