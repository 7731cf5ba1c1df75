import fs from "node:fs";
import path from "node:path";
import { messageOf, oneLine } from "@cto/errors";
import {
  manifestSchema,
  type Outcome,
  type OutcomeFacts,
  RUN_FILES,
  reportSchema,
  type TrustedKey,
  verifyOutcome,
} from "@cto/evidence-interface";
import { readBytes, sha256 } from "../disk.ts";
import { verifyEd25519 } from "../keys/public-key.ts";
import { readTrustedKeys } from "../keys/trusted-keys.ts";
import { readPlainFile } from "../read-plain-file.ts";
import { checkRoot, type StorePlaces } from "../store-root.ts";

/** What stands in an outcome folder. */
export type OutcomeReading =
  | { readonly kind: "none" }
  | { readonly kind: "recorded"; readonly outcome: Outcome }
  /** Something is there, and it is no record of a decision about this run. One sentence for each problem. */
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

export interface ReadOutcomeOptions {
  /** Facts of the run's bundle from bytes that were verified; without it they are read from the run directory. */
  readonly run?: OutcomeFacts["run"];
  /** Without it `cto/keys/trusted.json` of the home is read. */
  readonly trustedKeys?: readonly TrustedKey[];
}

/** No file of a record is ever this large. */
const maxBytes = 1024 * 1024;

/** Reads and judges the folder `name` of `.cto/outcomes` as the record of a run. */
export function readOutcomeFolder(
  places: StorePlaces,
  { name, runId }: { readonly name: string; readonly runId: string },
  options: ReadOutcomeOptions,
): OutcomeReading {
  checkRoot(places);
  const folder = path.join(places.folder("outcomes"), name);
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return { kind: "none" };
  if (!stat.isDirectory()) return invalid("what stands in its place is no folder");
  const trustedKeys = options.trustedKeys ?? readTrustedKeys(places.home).keys;
  try {
    const run = options.run ?? readRun(places.runDirectory(runId), runId);
    const result = verifyOutcome({
      files: readFiles(folder),
      run,
      sha256,
      verifySignature: verifyEd25519,
      trustedKeys,
    });
    return result.ok ? { kind: "recorded", outcome: result.outcome } : { kind: "invalid", problems: result.problems };
  } catch (error) {
    // What keeps it from being read keeps it from counting.
    return invalid(oneLine(messageOf(error), 200));
  }
}

function readFiles(folder: string): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const name of fs.readdirSync(folder).slice(0, 16)) {
    const found = readPlainFile(path.join(folder, name), maxBytes);
    if (found.kind === "unsafe") throw new Error(`${oneLine(name, 80)} is ${found.what}`);
    if (found.kind === "file") files.set(name, found.bytes);
  }
  return files;
}

function readRun(directory: string, runId: string): OutcomeFacts["run"] {
  const manifestBytes = readBytes(path.join(directory, RUN_FILES.manifest));
  const reportBytes = readBytes(path.join(directory, RUN_FILES.report));
  if (manifestBytes === undefined || reportBytes === undefined) throw new Error("the run's bundle is not there");
  return toOutcomeRun({ runId, manifest: manifestBytes, report: reportBytes });
}

/**
 * The facts of a run that a record of its outcome must agree with, from the bytes of `manifest.json` and `report.json`. Throws an Error if they have
 * another shape: the caller has verified them.
 */
export function toOutcomeRun(bundle: {
  readonly runId: string;
  readonly manifest: Uint8Array;
  readonly report: Uint8Array;
}): OutcomeFacts["run"] {
  const manifest = manifestSchema.parse(parseJson(bundle.manifest));
  const report = reportSchema.parse(parseJson(bundle.report));
  return {
    run_id: bundle.runId,
    manifest_sha256: sha256(bundle.manifest),
    event_count: manifest.event_count,
    chain_head: manifest.chain_head,
    result_tree: report.source.result_tree,
    base_commit: report.source.baseline_commit,
    target_id: report.source.target_id ?? null,
    finished_at: report.run_finished_at,
  };
}

function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

function invalid(problem: string): OutcomeReading {
  return { kind: "invalid", problems: [problem] };
}
