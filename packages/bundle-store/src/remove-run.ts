import fs from "node:fs";
import path from "node:path";
import { RUN_FILES } from "@cto/evidence-interface";
import { readMarker, removeMarker } from "./active-marker.ts";
import { readTextFile, sha256 } from "./disk.ts";
import { appendLedger, latestInLedger, readLedger, withLedger, writeLatest } from "./ledger.ts";
import { storeError, writeFailed } from "./store-error.ts";
import type { StorePlaces } from "./store-root.ts";

/**
 * Removes a run: tombstone in the ledger, then the directory goes out of `runs` in one step, then its files. A crash between any two steps
 * leaves a run that is whole or gone; removing it again goes on without a second tombstone. Throws `STORE_RUN_RUNNING` for a run at work.
 */
export async function removeRun(places: StorePlaces, runId: string): Promise<readonly string[]> {
  const trash = path.join(places.folder("tmp"), `removed-${runId}-${process.pid}`);
  try {
    const notes = await withLedger(places, async () => {
      if (readMarker(places, runId) === "alive") throw running(runId);
      const healed = await bury(places, runId);
      fs.renameSync(places.runDirectory(runId), trash);
      removeMarker(places, runId);
      writeLatest(places, latestInLedger(places));
      return healed;
    });
    fs.rmSync(trash, { recursive: true, force: true });
    return notes;
  } catch (error) {
    throw writeFailed(`runs/${runId}`, error);
  }
}

function bury(places: StorePlaces, runId: string): Promise<readonly string[]> | readonly string[] {
  const last = readLedger(places).entries.findLast((entry) => entry.run_id === runId);
  if (last?.kind === "removed") return [];
  const manifest = readTextFile(path.join(places.runDirectory(runId), RUN_FILES.manifest));
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
