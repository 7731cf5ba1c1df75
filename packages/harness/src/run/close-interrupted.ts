import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { InterruptedRun, Store } from "@cto/bundle-store";
import { messageOf } from "@cto/errors";
import { type GovernedEvent, RUN_FILES, type RunBundle, STAGES, sourceDigestsSchema } from "@cto/evidence-interface";
import { parseTask, type TaskContract } from "@cto/gates";
import { writeBundle } from "../steps/write-bundle.ts";
import { createClock } from "./clock.ts";
import { addBlocker } from "./run-context.ts";
import { createRunDraft, type RunDraft } from "./run-draft.ts";
import { createRunRecord, sha256 } from "./run-record.ts";

/** What became of a run whose harness died. */
export interface ClosedRun {
  readonly runId: string;
  /** False if it died before its contract was written, or if its directory cannot be read: then it stays incomplete. */
  readonly closed: boolean;
  readonly note: string;
}

/**
 * Finds runs whose harness died and seals each as `blocked`, `interrupted`. What is in their bundle stays; their workspace stays under `.cto/tmp`. Called by
 * `run`, `runs` and `doctor`; never by a reader. A run that another command closes at the same moment is left to it.
 */
export async function closeInterruptedRuns(store: Store): Promise<readonly ClosedRun[]> {
  const closed: ClosedRun[] = [];
  for (const run of store.findInterrupted()) {
    const one = await closeOne(store, run);
    if (one !== null) closed.push(one);
  }
  return closed;
}

async function closeOne(store: Store, dead: InterruptedRun): Promise<ClosedRun | null> {
  const { runId } = dead;
  try {
    const found = dead.kind === "unlisted" ? null : await readContract(dead);
    if (dead.kind === "unsealed" && found === null && dead.files.length > 0) {
      if (dead.eventLines.length > 0)
        return {
          runId,
          closed: false,
          note: `run ${runId} is unfinished and its contract cannot be read; \`cto runs rm ${runId}\` removes it`,
        };
      // The contract is written before the first event: without both, nothing had happened yet.
      await store.removeRun(runId);
      return { runId, closed: true, note: `run ${runId} died before it began; its empty directory is removed` };
    }
    const outcome = await store.closeInterrupted(dead, async (writer, { liveCount }) => {
      if (found === null) throw new Error("a sealed run needs no documents");
      const { task, run, digests } = found;
      const clock = createClock();
      const record = createRunRecord({ writer, clock, previous: { eventLines: dead.eventLines, liveCount } });
      if (dead.eventLines.length === 0)
        record.event("run.started", {
          case_id: run.case_id,
          task_id: run.task_id,
          engine: run.engine_id,
          stage: run.stage,
        });
      const draft = toDraft(dead);
      if (dead.files.includes(RUN_FILES.testLog)) draft.notVerified = null;
      const identity = {
        runId,
        caseId: run.case_id,
        task,
        engineId: run.engine_id,
        stage: STAGES.find((stage) => stage === run.stage) ?? 1,
        isolation: run.isolation,
        subject:
          run.target_kind === "none"
            ? ("none" as const)
            : run.target_kind === "fixture"
              ? ("fixture" as const)
              : ("repository" as const),
        startedAt: run.started_at,
      };
      return writeBundle(
        { identity, draft, writer, record, clock, patchFile: join(dead.directory, RUN_FILES.patch) },
        run,
        digests,
      );
    });
    if (outcome.kind === "not-ours") return null;
    if (outcome.kind === "dropped")
      return { runId, closed: true, note: `run ${runId} died before it wrote anything; its marker is removed` };
    return {
      runId,
      closed: true,
      note: `run ${runId} was interrupted; it is closed now. Its work tree is kept in .cto/tmp/${runId}`,
    };
  } catch (thrown) {
    return { runId, closed: false, note: `run ${runId} is unfinished and cannot be closed: ${messageOf(thrown)}` };
  }
}

async function readContract(
  dead: InterruptedRun,
): Promise<{ task: TaskContract; run: RunBundle; digests: { task: string; policy: string } } | null> {
  if (dead.run === null || !dead.files.includes("proofs/task.json") || !dead.files.includes("proofs/policy.json"))
    return null;
  const read = (name: string) => readFile(join(dead.directory, name), "utf8");
  const [taskText, policyText] = await Promise.all([read("proofs/task.json"), read("proofs/policy.json")]);
  const task = parseTask({ file: "proofs/task.json", text: taskText });
  return {
    task,
    run: dead.run,
    digests: { task: sha256(taskText.replace(/\n$/, "")), policy: sha256(policyText.replace(/\n$/, "")) },
  };
}

/** What can still be said of a dead run: only what its own event log says happened. */
function toDraft(dead: InterruptedRun): RunDraft {
  const draft = createRunDraft();
  const events = dead.eventLines.map((line) => JSON.parse(line) as GovernedEvent);
  const dataOf = (name: string) => events.find(({ event }) => event === name)?.data;
  const started = dataOf("engine.started");
  draft.processStarted = started !== undefined;
  draft.engineVersion = typeof started?.version === "string" ? started.version : null;
  draft.engineSha256 = typeof started?.executable_sha256 === "string" ? started.executable_sha256 : null;
  const digests = sourceDigestsSchema.safeParse(dataOf("task.contract.created")?.source_digests);
  draft.sourceBefore = digests.success ? digests.data : null;
  draft.gitState = null;
  addBlocker(draft, "interrupted", "the harness died before the run was done; the next command closed it");
  return draft;
}
