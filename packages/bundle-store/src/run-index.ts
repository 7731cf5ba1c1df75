import fs from "node:fs";
import path from "node:path";
import { RUN_FILES, type RunStatus, reportSchema, runBundleSchema, runIdSchema } from "@cto/evidence-interface";
import { readMarker } from "./active-marker.ts";
import { readJsonFile, readTextFile, replaceFile, sha256 } from "./disk.ts";
import type { StorePlaces } from "./store-root.ts";

/** How a run stands in a list. `incomplete`: it has no manifest and nobody works on it, or its report cannot be read. */
export type RunRowStatus = RunStatus | "running" | "interrupted" | "incomplete";

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
  const cached = readIndex(indexFile(places));
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
  if (isChanged || entries.size !== cached.size) writeIndex(indexFile(places), entries);
  return rows.sort(newestFirst);
}

function newestFirst(a: RunRow, b: RunRow): number {
  const left = a.started_at ?? "";
  const right = b.started_at ?? "";
  if (left !== right) return left < right ? 1 : -1;
  return a.run_id < b.run_id ? 1 : -1;
}

function indexFile(places: StorePlaces): string {
  return path.join(places.folder("index"), "runs.json");
}

function stampOf(file: string): string | undefined {
  const stat = fs.lstatSync(file, { bigint: true, throwIfNoEntry: false });
  return stat?.isFile() === true ? `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}` : undefined;
}

function readSealedRow(directory: string, name: string): RunRow {
  const row = readRunFields(directory, name, "incomplete");
  const report = reportSchema.safeParse(readJsonFile(path.join(directory, RUN_FILES.report))).data;
  if (report === undefined) return row;
  return {
    ...row,
    status: report.status,
    title: report.title,
    blockers: report.blockers.map((blocker) => blocker.code),
  };
}

function readOpenRow(places: StorePlaces, directory: string, name: string): RunRow {
  const states = { alive: "running", dead: "interrupted", none: "incomplete" } as const;
  return readRunFields(directory, name, states[readMarker(places, name)]);
}

function readRunFields(directory: string, name: string, status: RunRowStatus): RunRow {
  const run = runBundleSchema.safeParse(readJsonFile(path.join(directory, RUN_FILES.run))).data;
  return {
    run_id: name,
    status,
    case_id: run?.case_id ?? null,
    task_id: run?.task_id ?? null,
    title: null,
    engine_id: run?.engine_id ?? null,
    stage: run?.stage ?? null,
    started_at: run?.started_at ?? null,
    finished_at: run?.finished_at ?? null,
    duration_ms: run?.duration_ms ?? null,
    blockers: [],
  };
}

/** The digest in the first line tells a torn or edited cache from a whole one; then it is built again. */
function readIndex(file: string): ReadonlyMap<string, IndexEntry> {
  const text = readTextFile(file) ?? "";
  const border = text.indexOf("\n");
  const body = text.slice(border + 1);
  if (border !== 64 || text.slice(0, 64) !== sha256(body)) return new Map();
  return new Map(JSON.parse(body) as readonly (readonly [string, IndexEntry])[]);
}

function writeIndex(file: string, entries: ReadonlyMap<string, IndexEntry>): void {
  const body = JSON.stringify([...entries]);
  try {
    replaceFile(file, `${sha256(body)}\n${body}`);
  } catch {
    // A cache that cannot be written (read-only or full disk) costs time and nothing else.
  }
}

/** True if a text may be a run id. */
export function isRunId(text: string): boolean {
  return runIdSchema.safeParse(text).success;
}
