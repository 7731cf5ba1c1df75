import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { InterruptedRun, RunWriter, SealOptions, Store, UnsealedState } from "@cto/bundle-store";
import { messageOf } from "@cto/errors";
import { admissionsProofSchema, PROOF_FILES, RUN_FILES, type RunBundle, STAGES } from "@cto/evidence-interface";
import { type AdmissionItem, parseTask, type TaskContract } from "@cto/gates";
import { keepWork, writeBundle } from "../steps/write-bundle.ts";
import { createClock } from "./clock.ts";
import { readModelOfDead, toDraftOfDead } from "./draft-of-dead.ts";
import type { RunDigests } from "./open-run.ts";
import type { RunIdentity } from "./run-identity.ts";
import { createRunRecord, sha256 } from "./run-record.ts";

/** What became of a run whose harness died. */
export interface ClosedRun {
  readonly runId: string;
  /** False if its contract or its directory cannot be read: then it stays incomplete. */
  readonly closed: boolean;
  /** One or more sentences for people. */
  readonly note: string;
}

/**
 * Finds runs whose harness died and seals each, as `interrupted` unless its events already hold a fail. What it had written stays in the bundle or under
 * `.cto/tmp`. Called by `run`, `runs` and `doctor`; never by a reader. A run that another command closes at the same moment is left to it.
 */
export async function closeInterruptedRuns(store: Store): Promise<readonly ClosedRun[]> {
  const closed: ClosedRun[] = [];
  for (const run of store.findInterrupted()) {
    const one = run.kind === "unlisted" ? await listSealed(store, run) : await closeDead(store, run);
    if (one !== null) closed.push(one);
  }
  return closed;
}

async function listSealed(store: Store, dead: InterruptedRun): Promise<ClosedRun | null> {
  const { runId } = dead;
  try {
    const outcome = await store.closeInterrupted(dead, neverBuilt);
    if (outcome.kind !== "closed") return null;
    return {
      runId,
      closed: true,
      note: [`run ${runId} was sealed but not in the ledger; it is now`, ...outcome.notes].join(". "),
    };
  } catch (thrown) {
    return {
      runId,
      closed: false,
      note: `run ${runId} is sealed, but cannot be put into the ledger: ${messageOf(thrown)}`,
    };
  }
}

async function neverBuilt(): Promise<SealOptions> {
  throw new Error("a sealed run needs no documents");
}

async function closeDead(store: Store, dead: InterruptedRun): Promise<ClosedRun | null> {
  const { runId } = dead;
  try {
    const contract = await readContract(dead);
    if (contract === null && dead.files.length > 0) return await giveUp(store, dead);
    const outcome = await store.closeInterrupted(dead, (writer, state) =>
      contract === null ? neverBuilt() : conclude(writer, state, contract),
    );
    if (outcome.kind === "not-ours") return null;
    if (outcome.kind === "dropped")
      return {
        runId,
        closed: true,
        note: `run ${runId} died before it wrote anything; what was left of it is removed`,
      };
    const note = `run ${runId} was interrupted; it is closed now, and its work is kept in .cto/tmp/${runId}`;
    return { runId, closed: true, note: [note, ...outcome.notes].join(". ") };
  } catch (thrown) {
    return { runId, closed: false, note: `run ${runId} is unfinished and cannot be closed: ${messageOf(thrown)}` };
  }
}

/** A run without a readable contract. The contract is written before the first event: without both, nothing had happened yet. */
async function giveUp(store: Store, { eventLines, runId }: InterruptedRun): Promise<ClosedRun> {
  if (eventLines.length > 0) {
    const note = `run ${runId} is unfinished and its contract cannot be read; \`cto runs rm ${runId}\` removes it`;
    return { runId, closed: false, note };
  }
  await store.removeRun(runId);
  return { runId, closed: true, note: `run ${runId} died before it began; its empty directory is removed` };
}

interface DeadContract {
  readonly task: TaskContract;
  readonly run: RunBundle;
  readonly digests: RunDigests;
  readonly admissions: readonly AdmissionItem[];
}

async function readContract({ directory, files, run }: InterruptedRun): Promise<DeadContract | null> {
  if (run === null || !files.includes("proofs/task.json") || !files.includes("proofs/policy.json")) return null;
  const read = (name: string) => readFile(join(directory, name), "utf8");
  const [taskText, policyText] = await Promise.all([read("proofs/task.json"), read("proofs/policy.json")]);
  const digests = { task: sha256(taskText.replace(/\n$/, "")), policy: sha256(policyText.replace(/\n$/, "")) };
  const admissions = files.includes(PROOF_FILES.admissions) ? toAdmissions(await read(PROOF_FILES.admissions)) : [];
  return { task: parseTask({ file: "proofs/task.json", text: taskText }), run, digests, admissions };
}

function toAdmissions(text: string): readonly AdmissionItem[] {
  return admissionsProofSchema.parse(JSON.parse(text)).items;
}

/** Writes what a bundle needs from what the event log says. The store sets aside whatever the dead process had half concluded. */
async function conclude(
  writer: RunWriter,
  state: UnsealedState,
  { admissions, digests, run, task }: DeadContract,
): Promise<SealOptions> {
  const clock = createClock();
  const record = createRunRecord({ writer, clock, previous: state });
  if (state.eventLines.length === 0) {
    record.event("run.started", {
      case_id: run.case_id,
      task_id: run.task_id,
      engine: run.engine_id,
      stage: run.stage,
    });
  }
  const draft = toDraftOfDead(state.eventLines, task);
  for (const item of admissions) draft.admissions.set(item.kind, item);
  if (state.files.includes(RUN_FILES.testLog)) draft.notVerified = null;
  const identity = { ...toIdentity(run, task), model: readModelOfDead(state.eventLines) };
  const ended = { identity, draft, writer, record, clock, patchFile: "" };
  await keepWork(ended);
  return writeBundle(ended, run, digests);
}

function toIdentity(run: RunBundle, task: TaskContract): Omit<RunIdentity, "model"> {
  const subjects = {
    none: "none",
    fixture: "fixture",
    copied: "repository",
    disposable: "repository",
    owned: "repository",
  } as const;
  return {
    runId: run.run_id,
    caseId: run.case_id,
    task,
    engineId: run.engine_id,
    stage: STAGES.find((stage) => stage === run.stage) ?? 1,
    isolation: run.isolation,
    subject: subjects[run.target_kind],
    startedAt: run.started_at,
  };
}
