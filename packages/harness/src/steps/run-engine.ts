import type { RunLog } from "@cto/bundle-store";
import {
  ENGINE_CONTRACT,
  type EngineOutcome,
  type EngineProcessResult,
  type EngineSession,
  type EngineSpawnRequest,
  type EngineTask,
} from "@cto/engine-interface";
import { messageOf, oneLine } from "@cto/errors";
import { FAILURE_CODES, type FailureCode, type ProcessEnd } from "@cto/evidence-interface";
import { toBlocker } from "@cto/gates";
import { createHarnessError } from "../harness-error.ts";
import { createLogCleaner } from "../run/log-cleaner.ts";
import { describeEnd, toProcessEnd } from "../run/process-end.ts";
import { addBlockers, endIfStopped, isDiskRefusal, type RunContext } from "../run/run-context.ts";
import { toBudgetHint } from "../run/to-budget-hint.ts";
import { hearEngine } from "./hear-engine.ts";
import type { WorkTrees } from "./make-workspace.ts";
import type { ReadyEngine } from "./probe-engine.ts";

const graceMs = 2000;

/** Lets the engine work, once, and records how it ended. Nothing that it says decides more than the kind of its own failure. */
export async function runEngine(context: RunContext, ready: ReadyEngine, trees: WorkTrees): Promise<void> {
  const { draft, record, request } = context;
  endIfStopped(context);
  const { id } = request.engine.describe();
  record.openStream({ id: "engine", kind: "terminal", transport: "pipe", title: `Engine ${id}` });
  record.event("engine.started", {
    engine: id,
    version: ready.probe.version,
    executable_sha256: draft.engineSha256,
    input_sha256: draft.engineInputSha256,
  });
  await record.sync();
  const logs = {
    stdout: context.writer.openLog("backend/engine.stdout.log"),
    stderr: context.writer.openLog("backend/engine.stderr.log"),
  };
  const outcome = await record
    .timed("engine.run", () => runOnce(context, ready, trees, logs))
    .finally(() => {
      logs.stdout.close();
      logs.stderr.close();
    });
  draft.outcome = outcome;
  await assertSameExecutable(context, ready);
  const blockers = outcomeBlockers(context, outcome);
  addBlockers(draft, blockers);
  if (outcome.terminal_event_seen) {
    record.event(
      "engine.completed",
      { outcome: outcome.kind, end: { ...outcome.end }, claims: JSON.parse(JSON.stringify(outcome.claims)) },
      blockers.filter(({ event }) => event === "engine.completed"),
    );
  }
  await record.sync();
}

async function runOnce(
  context: RunContext,
  ready: ReadyEngine,
  trees: WorkTrees,
  logs: { stdout: RunLog; stderr: RunLog },
): Promise<EngineOutcome> {
  const { budget, ports, request, task } = context;
  const deadline = Date.now() + budget.wall_seconds * 1000;
  const signal = AbortSignal.any([toEngineStop(context), AbortSignal.timeout(budget.wall_seconds * 1000 + graceMs)]);
  const session: EngineSession = {
    contract: ENGINE_CONTRACT,
    run_id: context.runId,
    workspace: ports.sandbox.workspaceInside(context.folders.workspace),
    task: {
      id: task.id,
      title: task.title,
      brief: task.brief,
      ...toToldRules(context),
      verification: task.verification.map((step) => ({ id: step.id, run: step.run })),
    },
    input: ready.input,
    model: null,
    spawn: (spawnRequest) => spawn(context, ready, trees, logs, deadline, spawnRequest),
    emit: (event) => {
      hearEngine(context, event);
      context.record.show("engine", event.kind, hideInData(context, event.data));
    },
    signal,
    deadline,
  };
  try {
    return await request.engine.doRun(session);
  } catch (thrown) {
    if (isDiskRefusal(thrown)) throw thrown;
    const message = `the adapter failed: ${oneLine(messageOf(thrown))}`;
    const end = context.draft.lastEnd ?? { kind: "not-started", reason: "the adapter started nothing" };
    return { kind: "protocol-error", message, end, terminal_event_seen: false, claims: {} };
  }
}

async function spawn(
  context: RunContext,
  ready: ReadyEngine,
  trees: WorkTrees,
  logs: { stdout: RunLog; stderr: RunLog },
  deadline: number,
  spawnRequest: EngineSpawnRequest,
): Promise<EngineProcessResult> {
  const { draft, ports } = context;
  const mounts = ready.probe.mounts;
  // Without walls a mount lives where it lives on the host; adapters name it by its place inside.
  const places = new Map(mounts.map((mount) => [mount.inside, ports.sandbox.mountInside(mount)]));
  const [command, ...args] = spawnRequest.argv.map((word) => places.get(word) ?? word);
  const stdout = createLogCleaner({ write: (chunk) => logs.stdout.write(chunk), hide: context.hider.bytes });
  const stderr = createLogCleaner({ write: (chunk) => logs.stderr.write(chunk), hide: context.hider.bytes });
  draft.processStarted = true;
  const result = await ports.sandbox.run({
    argv: [command ?? "", ...args],
    workspace: context.folders.workspace,
    mounts: [...mounts.map((mount) => ({ ...mount, writable: false })), ...trees.brought.map(({ mount }) => mount)],
    env: spawnRequest.env ?? {},
    stdin: spawnRequest.stdin ?? null,
    onStdout: (chunk) => {
      stdout.write(chunk);
      spawnRequest.onStdout?.(chunk);
    },
    onStderr: (chunk) => {
      stderr.write(chunk);
      spawnRequest.onStderr?.(chunk);
    },
    signal: toEngineStop(context),
    timeoutMs: Math.max(1, deadline - Date.now()),
    graceMs,
  });
  stdout.end();
  stderr.end();
  if (result.end.kind === "not-started") draft.processStarted = false;
  draft.lastEnd = toProcessEnd(result.end);
  draft.leftBehind = result.leftBehind === null ? null : (draft.leftBehind ?? 0) + result.leftBehind;
  return {
    end: toProcessEnd(result.end),
    left_behind: result.leftBehind,
    truncated: logs.stdout.truncated || logs.stderr.truncated,
  };
}

function toEngineStop({ endEngine, stop }: RunContext): AbortSignal {
  return AbortSignal.any([stop, endEngine.signal]);
}

/** What all layers leave, the approver's among them: the engine is told more than its contract says. */
function toToldRules({
  draft,
}: RunContext): Pick<EngineTask, "allowed_paths" | "forbidden_paths" | "forbidden_actions"> {
  const says = draft.policy.layers.map((layer) => layer.says);
  const all = (dimension: "forbidden_paths" | "forbidden_actions") => [
    ...new Set(says.flatMap((layer) => layer[dimension] ?? [])),
  ];
  return {
    // Each layer lies within those above it, or the run would have been refused.
    allowed_paths: says.findLast((layer) => layer.allowed_paths !== undefined)?.allowed_paths ?? [],
    forbidden_paths: all("forbidden_paths"),
    forbidden_actions: all("forbidden_actions"),
  };
}

function hideInData({ hider }: RunContext, data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const hide = (_key: string, value: unknown) => (typeof value === "string" ? hider.text(value) : value);
  return JSON.parse(JSON.stringify(data, hide)) as Readonly<Record<string, unknown>>;
}

async function assertSameExecutable(context: RunContext, ready: ReadyEngine): Promise<void> {
  const after = await context.ports.store.fileDigest(ready.probe.executable);
  if (after !== context.draft.engineSha256) {
    throw createHarnessError(
      "HARNESS_ENGINE_REPLACED",
      "the engine's executable changed while it ran, so nobody knows what ran",
      {
        hint: "Run again while nothing updates the engine.",
      },
    );
  }
}

function outcomeBlockers(context: RunContext, outcome: EngineOutcome) {
  const code = outcomeCode(outcome);
  if (code === null) return [];
  const wall = context.budget.wall_seconds;
  const message =
    "message" in outcome
      ? `the engine ended with ${outcome.kind}: ${oneLine(outcome.message, 300)}`
      : code === "timeout"
        ? `the engine was still running after budget.wall_seconds (${wall} s)`
        : `the engine ended (${describeEnd(outcome.end)}) ${outcome.terminal_event_seen ? "after it had said that it was done" : "without its own terminal event"}`;
  const blocker = toBlocker(code, message, code === "timeout" ? toBudgetHint(context, "wall_seconds") : undefined);
  // Provider codes have two homes: found before the start they refuse it, found while running they end the run.
  const event = FAILURE_CODES[code].event === "backend.gate.blocked" ? "run.completed" : blocker.event;
  return [{ ...blocker, event }];
}

/** What an engine's own word means for the run; null if it says that it is done. Interruption and budget are seen elsewhere. */
function outcomeCode(outcome: EngineOutcome): FailureCode | null {
  switch (outcome.kind) {
    case "timed-out":
      return "timeout";
    case "canceled":
      return null;
    case "provider-unavailable":
      return "provider_unavailable";
    case "provider-auth":
      return "provider_auth_unavailable";
    case "provider-config":
      return "provider_config_missing";
    case "provider-response-shape":
      return "provider_response_shape";
    case "reviewer-rejected":
      return "reviewer_rejected";
    case "crashed":
      return "engine_crashed";
    case "protocol-error":
      return "agent_protocol_error";
    case "failed":
      return outcome.terminal_event_seen ? "engine_failed" : "engine_crashed";
    case "completed":
      // Done by its own word, and yet it did not end well: nobody knows what is missing.
      if (outcome.terminal_event_seen) return endedWell(outcome.end) ? null : "engine_crashed";
      return endedWell(outcome.end) ? "missing_required_event" : "engine_crashed";
  }
}

function endedWell(end: ProcessEnd): boolean {
  return end.kind === "exited" && end.code === 0;
}
