import fs from "node:fs";
import path from "node:path";
import {
  RUN_FILES,
  RUN_STATUSES,
  type RunStatus,
  reportSchema,
  runBundleSchema,
  runIdSchema,
} from "@cto/evidence-interface";
import { readMarker } from "./active-marker.ts";
import { readCacheFile, writeCacheFile } from "./cache-file.ts";
import { readJsonFile } from "./disk.ts";
import type { StorePlaces } from "./store-root.ts";

/**
 * How a run stands in a list. `incomplete`: it has no manifest and nobody works on it, or its report cannot be read. `mismatch`: a document in it
 * is about another run than its directory's name says, so nothing that they say is shown.
 */
export type RunRowStatus = RunStatus | "running" | "interrupted" | "incomplete" | "mismatch";

const cacheName = "runs.json";
const sealedStatuses: readonly unknown[] = [...RUN_STATUSES, "incomplete", "mismatch"];

/** One line of `runs list`. Null where the run directory does not say. Durations in milliseconds. The list shows what bundles say; it verifies nothing. */
export interface RunRow {
  readonly run_id: string;
  readonly status: RunRowStatus;
  readonly case_id: string | null;
  readonly task_id: string | null;
  readonly title: string | null;
  readonly engine_id: string | null;
  readonly stage: number | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly duration_ms: number | null;
  readonly blockers: readonly string[];
}

interface IndexEntry {
  /** Inode, size, mtime and ctime of the manifest, both in nanoseconds. */
  readonly stamp: string;
  readonly row: RunRow;
}

/** The names of all run directories, sorted. */
export function runNames(places: StorePlaces): readonly string[] {
  const folder = places.folder("runs");
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^[a-z0-9][a-z0-9-]{0,127}$/.test(entry.name))
    .map((entry) => entry.name)
    .sort();
}

/** All runs, newest first. Rows of sealed runs come from `.cto/index/runs.json` while their manifest is untouched; the file may be deleted at any time. */
export function listRuns(places: StorePlaces): readonly RunRow[] {
  const cached = readIndex(places);
  const entries = new Map<string, IndexEntry>();
  const rows: RunRow[] = [];
  let isChanged = false;
  for (const name of runNames(places)) {
    const directory = places.runDirectory(name);
    const stamp = stampOf(path.join(directory, RUN_FILES.manifest));
    if (stamp === undefined) {
      rows.push(readOpenRow(places, directory, name));
      continue;
    }
    const known = cached.get(name);
    const entry = known?.stamp === stamp ? known : { stamp, row: readSealedRow(directory, name) };
    isChanged ||= entry !== known;
    entries.set(name, entry);
    rows.push(entry.row);
  }
  if (isChanged || entries.size !== cached.size) writeCacheFile(places, cacheName, [...entries]);
  return rows.sort(newestFirst);
}

function newestFirst(a: RunRow, b: RunRow): number {
  const left = a.started_at ?? "";
  const right = b.started_at ?? "";
  if (left !== right) return left < right ? 1 : -1;
  return a.run_id < b.run_id ? 1 : -1;
}

function stampOf(file: string): string | undefined {
  const stat = fs.lstatSync(file, { bigint: true, throwIfNoEntry: false });
  return stat?.isFile() === true ? `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}` : undefined;
}

function readSealedRow(directory: string, name: string): RunRow {
  const row = readRunFields(directory, name, "incomplete");
  const manifest = readJsonFile(path.join(directory, RUN_FILES.manifest));
  const report = reportSchema.safeParse(readJsonFile(path.join(directory, RUN_FILES.report))).data;
  const isOther = runIdIn(manifest) !== name || (report !== undefined && report.run_id !== name);
  if (row.status === "mismatch" || isOther) return toRow(name, "mismatch");
  if (report === undefined) return row;
  return {
    ...row,
    status: report.status,
    title: report.title,
    blockers: report.blockers.map((blocker) => blocker.code),
  };
}

function runIdIn(document: unknown): unknown {
  return typeof document === "object" && document !== null && "run_id" in document ? document.run_id : undefined;
}

function readOpenRow(places: StorePlaces, directory: string, name: string): RunRow {
  const states = { alive: "running", dead: "interrupted", none: "incomplete" } as const;
  return readRunFields(directory, name, states[readMarker(places, name)]);
}

function readRunFields(directory: string, name: string, status: RunRowStatus): RunRow {
  const run = runBundleSchema.safeParse(readJsonFile(path.join(directory, RUN_FILES.run))).data;
  if (run === undefined) return toRow(name, status);
  if (run.run_id !== name) return toRow(name, "mismatch");
  return {
    ...toRow(name, status),
    case_id: run.case_id,
    task_id: run.task_id,
    engine_id: run.engine_id,
    stage: run.stage,
    started_at: run.started_at,
    finished_at: run.finished_at,
    duration_ms: run.duration_ms,
  };
}

function toRow(name: string, status: RunRowStatus): RunRow {
  return {
    run_id: name,
    status,
    case_id: null,
    task_id: null,
    title: null,
    engine_id: null,
    stage: null,
    started_at: null,
    finished_at: null,
    duration_ms: null,
    blockers: [],
  };
}

/** Checked by hand, because 10,000 rows must be read in the blink of an eye. One odd entry, and all are built again. */
function readIndex(places: StorePlaces): ReadonlyMap<string, IndexEntry> {
  const entries = readCacheFile(places, cacheName);
  return Array.isArray(entries) && entries.every(isIndexItem) ? new Map(entries) : new Map();
}

function isIndexItem(item: unknown): item is readonly [string, IndexEntry] {
  if (!Array.isArray(item) || item.length !== 2 || !isRecord(item[1])) return false;
  const { stamp, row } = item[1];
  return typeof stamp === "string" && isRecord(row) && row.run_id === item[0] && isRow(row);
}

function isRow(row: Record<string, unknown>): boolean {
  const { blockers, duration_ms, run_id, stage, status } = row;
  return (
    typeof run_id === "string" &&
    Object.keys(row).length === 11 &&
    sealedStatuses.includes(status) &&
    [row.case_id, row.task_id, row.title, row.engine_id, row.started_at, row.finished_at].every(isTextOrNull) &&
    [stage, duration_ms].every((value) => value === null || typeof value === "number") &&
    Array.isArray(blockers) &&
    blockers.every((code) => typeof code === "string")
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Undefined is neither, so that no key can be missing. */
function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}

/** True if a text may be a run id. */
export function isRunId(text: string): boolean {
  return runIdSchema.safeParse(text).success;
}
