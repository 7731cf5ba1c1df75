import fs from "node:fs";
import path from "node:path";
import { systemCode } from "@cto/errors";
import { OUTCOME_FILES, outcomeSchema } from "@cto/evidence-interface";
import { isAtWork } from "../active-marker.ts";
import { packetNamePattern } from "../approvals/approval-folder.ts";
import { readJsonFile } from "../disk.ts";
import { readLatest } from "../ledger.ts";
import { isRunId } from "../run-index.ts";
import type { StorePlaces } from "../store-root.ts";
import { readHomeClaim } from "./spent-claim.ts";

/** A run that something beside the ledger tells of. */
export interface NamedRun {
  readonly run_id: string;
  /** What names it, below the home. */
  readonly by: string;
  /** When that was written, in milliseconds since the epoch. */
  readonly at: number;
}

/**
 * The runs that must be in the ledger because something else in `.cto` names them: latest.json, claims, outcomes. A run at work is none of them. To be called before
 * the ledger is read: then a run that ends meanwhile is in it.
 */
export function findNamedRuns(places: StorePlaces): readonly NamedRun[] {
  const latest = readLatest(places);
  return [
    ...(latest === undefined
      ? []
      : [{ run_id: latest.run_id, by: ".cto/runs/latest.json", at: Date.parse(latest.updated_at) }]),
    ...claimedRuns(places),
    ...decidedRuns(places),
  ].filter(({ run_id }) => !isAtWork(places, run_id));
}

function claimedRuns(places: StorePlaces): readonly NamedRun[] {
  return namesIn(places.folder("approvals"))
    .filter((name) => packetNamePattern.test(name))
    .flatMap((name) => {
      const claim = readHomeClaim(places, name);
      if (claim === null) return [];
      return [{ run_id: claim.run_id, by: `.cto/approvals/${name}/claim.json`, at: Date.parse(claim.claimed_at) }];
    });
}

/** A prepared record, which has a hidden name, tells of its run too. */
function decidedRuns(places: StorePlaces): readonly NamedRun[] {
  const folder = places.folder("outcomes");
  return namesIn(folder).flatMap((name) => {
    const run_id = name.replace(/^\.prepared-/, "");
    return isRunId(run_id) ? [{ run_id, by: `.cto/outcomes/${name}`, at: timeOf(path.join(folder, name)) }] : [];
  });
}

function timeOf(record: string): number {
  try {
    const outcome = outcomeSchema.safeParse(readJsonFile(path.join(record, OUTCOME_FILES.outcome))).data;
    return outcome === undefined ? fs.lstatSync(record).mtimeMs : Date.parse(outcome.recorded_at);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return Number.MAX_SAFE_INTEGER;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder).sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
