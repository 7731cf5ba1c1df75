import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { messageOf } from "@cto/errors";
import { RUN_FILES } from "@cto/evidence-interface";
import { readMarker, removeMarker } from "./active-marker.ts";
import { readBytes, sha256 } from "./disk.ts";
import { appendLedger, latestInLedger, readLedger, withLedger, writeLatest } from "./ledger.ts";
import { giveRoomBack } from "./reserved-room.ts";
import { storeError, writeFailed } from "./store-error.ts";
import { ensureRoot, type StorePlaces } from "./store-root.ts";

/**
 * Removes a run: tombstone in the ledger, then its work tree, its quarantine, its kept throwaway repository and its directory go out of their places, one step each, then their
 * files. A crash between any two steps leaves a run directory that is whole or gone; removing it again goes on without a second tombstone.
 * Throws `STORE_RUN_RUNNING` for a run at work.
 */
export async function removeRun(places: StorePlaces, runId: string): Promise<readonly string[]> {
  const trash = path.join(places.folder("tmp"), `removed-${runId}-${crypto.randomBytes(6).toString("hex")}`);
  try {
    ensureRoot(places);
    const notes = await withLedger(places, async () => {
      if (readMarker(places, runId) === "alive") throw running(runId);
      const healed = await bury(places, runId);
      fs.mkdirSync(trash, { mode: 0o700 });
      moveAway(path.join(places.folder("tmp"), runId), path.join(trash, "work"));
      moveAway(path.join(places.folder("quarantine"), runId), path.join(trash, "quarantine"));
      moveAway(path.join(places.folder("disposable"), runId), path.join(trash, "disposable"));
      giveRoomBack(places.reserveFile(runId));
      fs.renameSync(places.runDirectory(runId), path.join(trash, "run"));
      removeMarker(places, runId);
      return [...healed, ...pointBack(places)];
    });
    return [...notes, ...empty(trash)];
  } catch (error) {
    throw writeFailed(`runs/${runId}`, error);
  }
}

function moveAway(from: string, to: string): void {
  const stat = fs.lstatSync(from, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (stat.isDirectory()) fs.chmodSync(from, 0o700);
  fs.renameSync(from, to);
}

/** The pointer is a shortcut and the ledger decides: without it the run is gone all the same. */
function pointBack(places: StorePlaces): readonly string[] {
  try {
    writeLatest(places, latestInLedger(places));
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

function empty(trash: string): readonly string[] {
  try {
    try {
      fs.rmSync(trash, { recursive: true, force: true });
    } catch {
      // An engine may have left folders without permissions.
      openFolders(trash);
      fs.rmSync(trash, { recursive: true, force: true });
    }
    return [];
  } catch (error) {
    return [`What is left of the run in .cto/tmp/${path.basename(trash)} could not be removed: ${messageOf(error)}`];
  }
}

function openFolders(folder: string): void {
  fs.chmodSync(folder, 0o700);
  for (const entry of fs.readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) openFolders(path.join(folder, entry.name));
}

function bury(places: StorePlaces, runId: string): Promise<readonly string[]> | readonly string[] {
  const last = readLedger(places).entries.findLast((entry) => entry.run_id === runId);
  if (last?.kind === "removed") return [];
  const manifest = readBytes(path.join(places.runDirectory(runId), RUN_FILES.manifest));
  return appendLedger(places, {
    kind: "removed",
    run_id: runId,
    manifest_sha256: manifest === undefined ? null : sha256(manifest),
  });
}

function running(runId: string): Error {
  return storeError(
    "STORE_RUN_RUNNING",
    `The run ${runId} is still running.`,
    "End it first (Ctrl-C in its terminal), then remove it.",
    { run_id: runId },
  );
}
