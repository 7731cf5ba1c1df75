import { removeMarker } from "./active-marker.ts";
import { syncDirectory } from "./disk.ts";
import { appendLedger, readLedger, withLedger, writeLatest } from "./ledger.ts";
import type { StorePlaces } from "./store-root.ts";

/** A run whose manifest has its name. */
export interface SealedRun {
  readonly runId: string;
  /** The stage's name, for the ledger. */
  readonly mode: string;
  readonly manifestSha256: string;
  /** True if an earlier attempt may have written the ledger line. */
  readonly mayBeListed: boolean;
  /** True if the process that ran it is dead, and somebody else found it. */
  readonly recovered: boolean;
}

/**
 * Makes a sealed run known: ledger line, latest pointer, then its marker goes. Waits first until the manifest's name is on the disk, so that no ledger
 * line can outlive its run. Returns notes, usually none. If it throws, the marker is still there and it can be done again.
 */
export async function publishRun(places: StorePlaces, run: SealedRun): Promise<readonly string[]> {
  const { runId, mode, manifestSha256, recovered } = run;
  await Promise.all([places.runDirectory(runId), places.folder("runs")].map(syncDirectory));
  return withLedger(places, async () => {
    const entries = run.mayBeListed ? readLedger(places).entries : [];
    const isListed = entries.some((entry) => entry.kind === "sealed" && entry.run_id === runId);
    const fact = { kind: "sealed", run_id: runId, mode, manifest_sha256: manifestSha256, recovered } as const;
    const notes = isListed ? [] : await appendLedger(places, fact);
    if (!isListed || entries.at(-1)?.run_id === runId) writeLatest(places, runId);
    removeMarker(places, runId);
    return notes;
  });
}
