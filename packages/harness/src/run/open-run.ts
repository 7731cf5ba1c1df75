import { realpathSync } from "node:fs";
import { join } from "node:path";
import type { RunWriter } from "@cto/bundle-store";
import { createRunId } from "@cto/core-bundle";
import { CtoError, messageOf } from "@cto/errors";
import { type RunBundle, SCHEMAS, STAGE_NAMES, type Stage, toCanonicalJson } from "@cto/evidence-interface";
import {
  compilePolicy,
  effectiveStage,
  mutationModeOf,
  resolveStage,
  targetKindOf,
  toBlocker,
  toEffectiveBudget,
  toEffectivePolicy,
} from "@cto/gates";
import { type Repository, readRepository } from "@cto/git-state";
import { createHarnessError } from "../harness-error.ts";
import { startCopy } from "../steps/copy-source.ts";
import { createClock } from "./clock.ts";
import { createPlaceHider, type PlaceHider } from "./place-hider.ts";
import { readRules } from "./read-rules.ts";
import { isDiskRefusal, type RunContext } from "./run-context.ts";
import { createRunDraft } from "./run-draft.ts";
import { createRunRecord, sha256 } from "./run-record.ts";
import type { RunOutcome, RunPorts, RunRequest } from "./run-request.ts";

/** Digests of the contract and of the effective policy, as their proofs are stored. */
export interface RunDigests {
  readonly task: string;
  readonly policy: string;
}

/** A run directory with its identity and contract in it, or the outcome of a run that the disk would not even let begin. */
export type OpenedRun =
  | {
      readonly kind: "opened";
      readonly context: RunContext;
      readonly run: RunBundle;
      readonly digests: RunDigests;
    }
  | { readonly kind: "refused"; readonly outcome: RunOutcome };

/** Checks what was asked for, makes the run directory and writes contract and policy into it. Throws as `runTask` says. */
export async function openRun(request: RunRequest, ports: RunPorts): Promise<OpenedRun> {
  const { task } = request.loaded;
  const stage = resolveStage({ task, requestedStage: request.requestedStage });
  const repository = await readTarget(request, ports, stage);
  const clock = createClock();
  const rules = readRules(request, ports, stage, repository, clock.startedAt);
  const budget = toEffectiveBudget(rules.layers);
  const taskText = toCanonicalJson(task);
  const policyText = toCanonicalJson(toEffectivePolicy(rules.layers, stage));
  const digests = { task: sha256(taskText), policy: sha256(policyText) };
  const runId = createRunId({ prefix: task.id, at: clock.startedAt, entropy: ports.entropy(8) });
  const run = toRunBundle(request, ports, stage, runId, clock.startedAt);
  const overBudget = new AbortController();
  let writer: RunWriter;
  try {
    writer = await ports.store.createRun({
      runId,
      run,
      artifactBytes: budget.artifact_bytes,
      onBudgetExceeded: () => overBudget.abort(),
    });
  } catch (thrown) {
    if (!isDiskRefusal(thrown)) throw thrown;
    const blockers = [toBlocker("artifact_write_failure", `the run could not be recorded: ${messageOf(thrown)}`)];
    const directory = join(ports.store.root, "runs", runId);
    return {
      kind: "refused",
      outcome: {
        runId,
        directory,
        status: "fail",
        blockers,
        changedFiles: [],
        landing: "none",
        sealed: false,
        fault: null,
        notes: [],
      },
    };
  }
  const scratch = join(ports.store.root, "tmp", runId);
  const started: Omit<RunContext, "copying"> = {
    request,
    ports,
    identity: {
      runId,
      caseId: request.loaded.caseId,
      task,
      engineId: request.engine.describe().id,
      stage,
      isolation: request.isolation,
      model: request.model,
      subject: repository !== null ? "repository" : stage === 1 ? "none" : "fixture",
      startedAt: clock.startedAt.toISOString(),
    },
    task,
    stage,
    repository,
    rules,
    permittedStage: effectiveStage(rules.layers),
    budget,
    taskDigest: digests.task,
    policyBeforeApproval: digests.policy,
    runId,
    clock,
    writer,
    record: createRunRecord({ writer, clock }),
    draft: createRunDraft(compilePolicy(rules.layers)),
    folders: {
      scratch,
      baseline: join(scratch, "baseline.git"),
      workspace: join(scratch, "workspace"),
      freshCheckout: join(scratch, "checkout"),
      baselineCheckout: join(scratch, "baseline-checkout"),
      patch: join(scratch, "patch.diff"),
    },
    background: [],
    hider: createHider(request, ports, repository),
    stop: AbortSignal.any([ports.signal, overBudget.signal]),
    endEngine: new AbortController(),
  };
  const context: RunContext = { ...started, copying: startCopy(started) };
  await Promise.all([
    writer.writeDocument("proofs/task.json", `${taskText}\n`),
    writer.writeDocument("proofs/policy.json", `${policyText}\n`),
  ]);
  return { kind: "opened", context, run, digests };
}

function createHider(
  { loaded }: RunRequest,
  { orgPolicy, sandbox, store }: RunPorts,
  repository: Repository | null,
): PlaceHider {
  const hider = createPlaceHider();
  hider.add(store.root, ".cto");
  hider.add(store.home, "<home>");
  hider.add(loaded.directory, "<task>");
  for (const { root, inside } of sandbox.toolchains) hider.add(root, inside);
  for (const place of [repository?.topLevel, repository?.gitDir]) if (place !== undefined) hider.add(place, "<target>");
  if (orgPolicy !== null) hider.add(orgPolicy, "<organisation policy>");
  return hider;
}

async function readTarget(request: RunRequest, { store }: RunPorts, stage: Stage): Promise<Repository | null> {
  const { loaded, requestedStage, retain, target } = request;
  if (requestedStage !== null && requestedStage > loaded.task.stage) {
    throw createHarnessError(
      "RUN_STAGE_TOO_HIGH",
      `--stage ${requestedStage}: the task contract permits at most stage ${loaded.task.stage}`,
      {
        hint: `Raise stage in ${loaded.file} if its author agrees, or run at a lower stage.`,
        details: { requested: requestedStage, permitted: loaded.task.stage },
      },
    );
  }
  if (stage <= 2 && target !== null) {
    throw createHarnessError("RUN_TARGET_UNUSED", `--target is for stage 3 and up, and this run is at stage ${stage}`, {
      hint: "Type --stage 3 as well, or leave --target out.",
    });
  }
  if (stage === 2 && loaded.fixture === null) {
    throw createHarnessError(
      "RUN_FIXTURE_MISSING",
      `${loaded.file} has no fixture/ folder beside it, which stage 2 copies`,
      {
        hint: "Put the files to work on into fixture/ beside the task file, or run against a repository: --stage 3 --target DIR.",
      },
    );
  }
  if (retain && stage !== 4) {
    throw createHarnessError("RUN_RETAIN_UNUSED", `--retain is for stage 4, and this run is at stage ${stage}`, {
      hint: "Leave --retain out: only stage 4 makes a throwaway repository.",
    });
  }
  if (stage < 3) return null;
  if (target === null) {
    throw createHarnessError("RUN_TARGET_MISSING", `stage ${stage} needs a repository`, {
      hint: "Add --target DIR: a local git repository. It is copied; a run never writes to it.",
    });
  }
  if (stage >= 5 && target.ref !== undefined) {
    throw createHarnessError(
      "RUN_REF_UNUSED",
      `--ref is for stages 3 and 4: at stage ${stage} the base is the target's HEAD`,
      {
        hint: "Leave --ref out, or check out the commit in the target.",
      },
    );
  }
  const repository = await readRepository(target.directory, target.ref === undefined ? {} : { ref: target.ref }).catch(
    (thrown: unknown) => {
      throw toUnusable(thrown);
    },
  );
  // Git names its places without links; a home may have been reached through one.
  const root = join(realpathSync(store.home), ".cto");
  for (const place of [repository.topLevel, repository.gitDir]) {
    if (place !== root && !place.startsWith(`${root}/`)) continue;
    throw createHarnessError("RUN_TARGET_INSIDE_STORE", "the target lies inside .cto, where runs are kept", {
      hint: "Name a repository of yours; what lies in .cto belongs to cto and may be removed by it.",
    });
  }
  return repository;
}

/** Git itself refuses the repository: an extension that it does not know, a format of its future. That is the target's matter and no fault of ours. */
function toUnusable(thrown: unknown): unknown {
  if (!CtoError.is(thrown) || thrown.code !== "GIT_FAILED") return thrown;
  return createHarnessError("RUN_TARGET_UNUSABLE", `git cannot read the target: ${thrown.message}`, {
    hint: "Run `git status` in the target: it says the same. Use a git that knows the repository's format.",
    details: {},
    cause: thrown,
  });
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
