import fs from "node:fs";
import path from "node:path";
import { RUN_FILES, reportSchema } from "@cto/evidence-interface";
import { type Evidence, type EvidenceCache, iterateEvidence, type Store, type VerifiedBundle } from "../index.ts";
import { sealSampleRun } from "./sample-run.ts";

/** What the tests keep of a bundle. */
export interface Value {
  readonly status: string;
  readonly events: number;
}

export const derive = (bundle: VerifiedBundle): Value => ({
  status: reportSchema.parse(bundle.document(RUN_FILES.report)).status,
  events: bundle.events.length,
});
export const cache: EvidenceCache<Value> = {
  name: "test",
  version: "1",
  isValue: (value): value is Value => typeof value === "object" && value !== null && "status" in value,
};
/** What every sample run gives. */
export const good: Value = { status: "pass", events: 10 };

/** All evidence of a store. */
export function walk(store: Store, cached: EvidenceCache<Value> | null = null): readonly Evidence<Value>[] {
  return [...iterateEvidence({ home: store.home, derive, cache: cached })];
}

/** `run id: state` of every entry. */
export function statesOf(store: Store, cached: EvidenceCache<Value> | null = null): readonly string[] {
  return walk(store, cached).map(({ run_id, state }) => `${run_id}: ${state}`);
}

export async function sealRuns(store: Store, ...runIds: readonly string[]): Promise<void> {
  for (const runId of runIds) await sealSampleRun(store, runId);
}

export function runDirectory(store: Store, runId: string): string {
  return path.join(store.root, "runs", runId);
}

/** The least that can be done to a file. */
export function cutLastByte(file: string): void {
  fs.truncateSync(file, fs.statSync(file).size - 1);
}

/** Rewrites the lines of the ledger. */
export function editLedger(store: Store, edit: (lines: string[]) => readonly string[]): void {
  const file = path.join(store.root, "ledger.ndjson");
  const lines = fs.readFileSync(file, "utf8").trimEnd().split("\n");
  fs.writeFileSync(
    file,
    edit(lines)
      .map((line) => `${line}\n`)
      .join(""),
  );
}
