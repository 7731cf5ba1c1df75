import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { RunWriter, SealOptions } from "@cto/bundle-store";
import {
  type BoundedText,
  toObserverData,
  toObserverPage,
  toReportText,
  toReview,
  toReviewText,
} from "@cto/core-bundle";
import type { JsonObject } from "@cto/errors";
import {
  type GovernedEvent,
  type NoEffectProof,
  type Report,
  RUN_FILES,
  type RunBundle,
  SCHEMAS,
  type TreeState,
} from "@cto/evidence-interface";
import { judgeRun } from "@cto/gates";
import type { Clock } from "../run/clock.ts";
import type { RunDraft } from "../run/run-draft.ts";
import type { RunIdentity } from "../run/run-identity.ts";
import type { RunRecord } from "../run/run-record.ts";
import { toLanding, toReport } from "./to-report.ts";

const shownBytes = 64 * 1024;

/** What the end of a run needs to know of it; a run whose harness died has it too. */
export interface EndedRun {
  readonly identity: RunIdentity;
  readonly draft: RunDraft;
  readonly writer: RunWriter;
  readonly record: RunRecord;
  readonly clock: Clock;
  /** Where the patch was written, if `draft.patch` says so. */
  readonly patchFile: string;
}

/** Judges the run and writes everything that a bundle needs besides its logs and its manifest. Answers what the seal has to say of the events. */
export async function writeBundle(
  ended: EndedRun,
  run: RunBundle,
  digests: { readonly task: string; readonly policy: string },
): Promise<SealOptions> {
  const { clock, draft, identity, record, writer } = ended;
  const { status, blockers } = judgeRun({ blockers: draft.blockers });
  await Promise.all([
    writer.writeDocument("proofs/tree-state.json", asJson(toTreeState(ended))),
    ...(status === "blocked" ? [writer.writeDocument("proofs/no-effect.json", asJson(toNoEffectProof(ended)))] : []),
  ]);
  record.event(
    "run.completed",
    { status, landing: toLanding(identity.stage, status), all_blockers: blockers.map(({ code }) => code) },
    blockers.filter(({ event }) => event === "run.completed"),
  );
  const finishedAt = clock.now();
  const finalDigests = { ...digests, policy: draft.narrowedPolicy ?? digests.policy };
  const facts = { status, blockers, finishedAt, digests: finalDigests, files: writer.files() };
  const report = toReport(identity, draft, facts);
  const patch = await readBounded(join(writer.directory, RUN_FILES.patch));
  const review = toReview(report, patch);
  const sealedRun: RunBundle = {
    ...run,
    source: {
      git_state: draft.gitState,
      baseline_commit: draft.baseline?.commit ?? null,
      baseline_tree: draft.baseline?.tree ?? null,
    },
    lifecycle: "sealed",
    finished_at: finishedAt.toISOString(),
    duration_ms: Math.max(0, finishedAt.getTime() - Date.parse(run.started_at)),
  };
  const data = toObserverData({
    brief: identity.task.brief,
    run: sealedRun,
    report,
    review,
    eligibility: draft.eligibility?.decision ?? null,
    events: await readEvents(writer.directory),
    streams: record.live.streams,
    patch,
    testLog: await readBounded(join(writer.directory, RUN_FILES.testLog)),
  });
  await Promise.all([
    writer.writeDocument(RUN_FILES.report, asJson(report)),
    writer.writeDocument(
      RUN_FILES.reportText,
      toReportText(report, { brief: identity.task.brief, next: nextSteps(identity, status) }),
    ),
    writer.writeDocument(RUN_FILES.review, asJson(review)),
    writer.writeDocument(RUN_FILES.reviewText, toReviewText(review)),
    writer.writeDocument(RUN_FILES.observerData, asJson(data)),
    writer.writeDocument(RUN_FILES.observerPage, toObserverPage(data)),
    writer.writeDocument(RUN_FILES.run, asJson(sealedRun)),
  ]);
  return { eventCount: record.chain.count, chainHead: record.chain.head };
}

/** Puts the patch, or the word that there is none, and a reason for a missing test log into the bundle. */
export async function keepWork({ draft, patchFile, writer }: EndedRun): Promise<void> {
  if (draft.patch?.kind === "bundle") await writer.adopt(RUN_FILES.patch, patchFile);
  else if (draft.patch === null) await writer.writeDocument(RUN_FILES.patch, "");
  if (draft.notVerified !== null)
    await writer.writeDocument(RUN_FILES.testLog, `No verification ran: ${draft.notVerified}.\n`);
}

function toTreeState({ draft, identity: { runId } }: EndedRun): TreeState {
  return {
    schema: SCHEMAS.treeState,
    run_id: runId,
    workspace_before: draft.snapshotBefore,
    workspace_after: draft.snapshotAfter,
    result_tree: draft.resultTree,
    fresh_checkout_tree: draft.freshTree,
    source_before: draft.sourceBefore,
    source_after: draft.sourceAfter,
    skipped_submodules: [...(draft.baseline?.submodules ?? [])],
  };
}

function toNoEffectProof({ draft, identity: { runId, subject } }: EndedRun): NoEffectProof {
  const { sourceBefore, sourceAfter } = draft;
  const known = subject !== "repository" || (sourceBefore !== null && sourceAfter !== null);
  return {
    schema: SCHEMAS.noEffectProof,
    run_id: runId,
    subject,
    before: sourceBefore,
    after: sourceAfter,
    equal: known ? JSON.stringify(sourceBefore) === JSON.stringify(sourceAfter) : null,
    process_started: draft.processStarted,
    processes_left: draft.processStarted && draft.leftBehind === null ? null : 0,
  };
}

function nextSteps({ runId, stage, task }: RunIdentity, status: Report["status"]) {
  const verify = { command: `cto verify ${runId}`, does: "Check that this bundle is intact" };
  const look = {
    command: `git apply --stat .cto/runs/${runId}/${RUN_FILES.patch}`,
    does: "See the size of the change",
  };
  const land = { command: `cto accept ${runId}`, does: "Land the change on a branch of the target, or `cto reject`" };
  if (status === "pass") return toLanding(stage, status) === "pending" ? [verify, look, land] : [verify, look];
  return [verify, { command: `cto run ${task.id}`, does: "Run again once the cause is mended" }];
}

async function readBounded(path: string): Promise<BoundedText | null> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return null;
  const handle = await open(path, "r");
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(found.size, shownBytes)), 0);
    return { text: buffer.subarray(0, bytesRead).toString("utf8"), truncated: found.size > shownBytes };
  } finally {
    await handle.close();
  }
}

async function readEvents(directory: string): Promise<readonly GovernedEvent[]> {
  const text = await readFile(join(directory, RUN_FILES.events), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as GovernedEvent);
}

/** A document as plain JSON. The types of documents are interfaces without an index signature; their values are JSON all the same. */
function asJson(value: object): JsonObject {
  return value as JsonObject;
}
