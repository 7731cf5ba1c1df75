import { mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { InterruptedRun, Store } from "@cto/bundle-store";
import { messageOf } from "@cto/errors";
import { RUN_FILES, type RunBundle, STAGES } from "@cto/evidence-interface";
import { parseTask, type TaskContract } from "@cto/gates";
import { keepWork, writeBundle } from "../steps/write-bundle.ts";
import { createClock } from "./clock.ts";
import { toDraftOfDead } from "./draft-of-dead.ts";
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
      const draft = toDraftOfDead(dead.eventLines);
      if (dead.files.includes(RUN_FILES.testLog)) draft.notVerified = null;
      await setAside(store, dead);
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
      const ended = { identity, draft, writer, record, clock, patchFile: join(dead.directory, RUN_FILES.patch) };
      await keepWork(ended);
      return writeBundle(ended, run, digests);
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

/** A patch that was being kept belongs to a result that nobody concluded: it goes to the work tree of the run, where it is not lost. */
async function setAside(store: Store, { directory, files, runId }: InterruptedRun): Promise<void> {
  if (!files.includes(RUN_FILES.patch)) return;
  const folder = join(store.root, "tmp", runId);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rename(join(directory, RUN_FILES.patch), join(folder, RUN_FILES.patch));
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
