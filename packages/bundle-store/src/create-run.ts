import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { systemCode } from "@cto/errors";
import { RUN_FILES, runIdSchema } from "@cto/evidence-interface";
import { ownMarkerText, removeMarker, sweepMarkerDrafts } from "./active-marker.ts";
import { DirectoryWriter } from "./directory-writer.ts";
import { openFlags, syncDirectory, syncFile } from "./disk.ts";
import type { CreateRunOptions, RunWriter } from "./run-writer.ts";
import { notWritable, storeError, writeFailed } from "./store-error.ts";
import { ensureRoot, type StorePlaces } from "./store-root.ts";

/**
 * Creates marker, run directory, line logs, reserve and `run.json`. Leaves nothing behind if any of it fails. `STORE_NOT_WRITABLE`: nothing can be
 * written there at all.
 */
export async function createRun(places: StorePlaces, options: CreateRunOptions): Promise<RunWriter> {
  try {
    return await create(places, options);
  } catch (error) {
    throw notWritable(error) ?? error;
  }
}

async function create(places: StorePlaces, options: CreateRunOptions): Promise<RunWriter> {
  const { runId, run } = options;
  if (!runIdSchema.safeParse(runId).success || run.run_id !== runId) {
    const hint = "Make the id with createRunId and use it in run.json too.";
    throw storeError("STORE_POINTER_INVALID", `${JSON.stringify(runId)} is not the id of this run.`, hint, {
      pointer: runId,
    });
  }
  ensureRoot(places);
  sweepMarkerDrafts(places);
  const marker = createMarker(places, runId);
  try {
    createDirectory(places, runId);
  } catch (error) {
    fs.closeSync(marker);
    removeMarker(places, runId);
    throw error;
  }
  try {
    const writer = new DirectoryWriter({ ...options, places, mode: run.mode, resume: false });
    await Promise.all([
      writer.writeDocument(RUN_FILES.run, run),
      syncFile(marker),
      ...[places.folder("active"), places.folder("runs")].map(syncDirectory),
    ]);
    return writer;
  } catch (error) {
    fs.rmSync(places.runDirectory(runId), { recursive: true, force: true });
    removeMarker(places, runId);
    throw writeFailed(`runs/${runId}`, error);
  } finally {
    fs.closeSync(marker);
  }
}

/** Appears whole or not at all: a marker that was cut short would count as alive for ever. */
function createMarker(places: StorePlaces, runId: string): number {
  const marker = places.markerFile(runId);
  const draft = path.join(places.folder("active"), `.${runId}-${crypto.randomBytes(6).toString("hex")}`);
  let fd: number | undefined;
  try {
    fd = fs.openSync(draft, openFlags.create, 0o600);
    fs.writeSync(fd, ownMarkerText());
    fs.linkSync(draft, marker);
    return fd;
  } catch (error) {
    if (fd !== undefined) fs.closeSync(fd);
    throw systemCode(error) === "EEXIST" ? exists(runId) : writeFailed(`active/${runId}`, error);
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

function createDirectory(places: StorePlaces, runId: string): void {
  try {
    fs.mkdirSync(places.runDirectory(runId), { mode: 0o700 });
  } catch (error) {
    throw systemCode(error) === "EEXIST" ? exists(runId) : writeFailed(`runs/${runId}`, error);
  }
}

function exists(runId: string): Error {
  return storeError(
    "STORE_RUN_EXISTS",
    `A run ${runId} is already there.`,
    "Make a new run id; runs are never written twice.",
    { run_id: runId },
  );
}
