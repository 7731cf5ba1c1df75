import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createEventChain } from "@cto/core-bundle";
import {
  type GovernedEvent,
  governedEventSchema,
  RUN_FILES,
  type RunBundle,
  runBundleSchema,
} from "@cto/evidence-interface";
import { openStore, type RunWriter, type SealOptions, type SealResult, type Store } from "../index.ts";

/** The golden bundle of a passed run that every sample is made from. */
export const goldenBundle = path.resolve(
  import.meta.dirname,
  "../../../evidence-interface/src/__fixtures__/valid/pass",
);
const goldenId = "r1-string-slugify-20261120t060100000z-0a1b2c3d";

export interface TemporaryStore extends AsyncDisposable {
  readonly home: string;
  readonly store: Store;
}

/** A store in a temporary home that goes away with the test. */
export function createTemporaryStore(now?: () => number): TemporaryStore {
  const home = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "cto-store-")));
  return {
    home,
    store: openStore({ home, ...(now === undefined ? {} : { now }) }),
    async [Symbol.asyncDispose]() {
      fs.rmSync(home, { recursive: true, force: true });
    },
  };
}

/** The golden text of a file, about another run. */
function goldenText(pointer: string, runId: string): string {
  return fs.readFileSync(path.join(goldenBundle, pointer), "utf8").replaceAll(goldenId, runId);
}

/** `run.json` of a sealed run. */
export function sampleRun(runId: string): RunBundle {
  return runBundleSchema.parse(JSON.parse(goldenText(RUN_FILES.run, runId)));
}

/** Starts a sample run. */
export function startSampleRun(
  store: Store,
  runId: string,
  options: Partial<Parameters<Store["createRun"]>[0]> = {},
): Promise<RunWriter> {
  const run: RunBundle = { ...sampleRun(runId), lifecycle: "running", finished_at: null, duration_ms: null };
  return store.createRun({ runId, run, artifactBytes: 1_000_000, ...options });
}

function goldenEvents(runId: string): readonly GovernedEvent[] {
  const lines = goldenText(RUN_FILES.events, runId).trimEnd().split("\n");
  return lines.map((line) => governedEventSchema.parse(JSON.parse(line)));
}

/** Appends the governed events of the golden run, or those after the ones that are there. */
export function appendSampleEvents(writer: RunWriter, previous: readonly string[] = []): SealOptions {
  const events = goldenEvents(writer.runId);
  const times = events.slice(previous.length).map((event) => Date.parse(event.at));
  const sha256 = (text: string): string => crypto.createHash("sha256").update(text).digest("hex");
  const chain = createEventChain({ runId: writer.runId, now: () => times.shift() ?? 0, sha256, previous });
  for (const { event, data } of events.slice(previous.length)) writer.appendEvent(chain.append(event, data));
  return { eventCount: chain.count, chainHead: chain.head };
}

/** Appends the first line of the golden live log and trace, unless there are any. */
export function appendSampleLogs(writer: RunWriter): void {
  const isEmpty = (pointer: string): boolean => fs.statSync(path.join(writer.directory, pointer)).size === 0;
  if (isEmpty(RUN_FILES.live)) writer.appendLive(firstLine(RUN_FILES.live, writer.runId));
  if (isEmpty(RUN_FILES.trace)) writer.appendTrace(firstLine(RUN_FILES.trace, writer.runId));
}

/** Writes logs, patch, documents and report, in the order of a real run. Files that are there already are left. */
export async function writeSampleFiles(writer: RunWriter, home: string): Promise<void> {
  appendSampleLogs(writer);
  const present = new Set(writer.files().map((file) => file.path));
  for (const pointer of ["backend/engine.stdout.log", RUN_FILES.testLog].filter((name) => !present.has(name))) {
    const log = writer.openLog(pointer);
    log.write(Buffer.from(goldenText(pointer, writer.runId)));
    log.close();
  }
  if (!present.has(RUN_FILES.patch)) {
    const patch = path.join(home, `patch-${writer.runId}`);
    fs.writeFileSync(patch, goldenText(RUN_FILES.patch, writer.runId));
    await writer.adopt(RUN_FILES.patch, patch);
  }
  const proofs = ["task", "policy", "eligibility", "tree-state"]
    .map((name) => `proofs/${name}.json`)
    .filter((name) => !present.has(name));
  const documents = [
    ...proofs,
    RUN_FILES.review,
    RUN_FILES.reviewText,
    RUN_FILES.reportText,
    RUN_FILES.observerData,
    RUN_FILES.observerPage,
    RUN_FILES.run,
  ];
  await Promise.all(documents.map((pointer) => writer.writeDocument(pointer, goldenText(pointer, writer.runId))));
  const report = JSON.parse(goldenText(RUN_FILES.report, writer.runId));
  const files = writer.files();
  // A killed process may have left the beginning of its test log.
  const written = files.find((file) => file.path === RUN_FILES.testLog)?.bytes ?? 0;
  for (const { log } of report.verification) {
    log.truncated = log.bytes > written;
    log.bytes = Math.min(log.bytes, written);
  }
  await writer.writeDocument(RUN_FILES.report, {
    ...report,
    artifact_paths: [...new Set([...report.artifact_paths, ...files.map((file) => file.path)])],
    artifact_digests: Object.fromEntries(files.map((file) => [file.path, file.sha256])),
  });
}

/** A whole sealed sample run. */
export async function sealSampleRun(store: Store, runId: string): Promise<SealResult> {
  const writer = await startSampleRun(store, runId);
  const seal = appendSampleEvents(writer);
  await writer.syncEvents();
  await writeSampleFiles(writer, store.home);
  return writer.seal(seal);
}

function firstLine(pointer: string, runId: string): string {
  return `${goldenText(pointer, runId).split("\n")[0]}\n`;
}
