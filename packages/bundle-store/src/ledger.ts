import fs from "node:fs";
import path from "node:path";
import {
  type LatestRun,
  type LedgerEntry,
  ledgerEntrySchema,
  RUN_FILES,
  SCHEMAS,
  toCanonicalJson,
} from "@cto/evidence-interface";
import { openFlags, readTextFile, replaceFile, sha256, syncFile, writeAll } from "./disk.ts";
import { withLock } from "./numbered-lock.ts";
import { readFailed, storeError, writeFailed } from "./store-error.ts";
import type { StorePlaces } from "./store-root.ts";

/** What a ledger line says besides number, time and chain. */
export type LedgerFact =
  | { readonly kind: "sealed"; readonly run_id: string; readonly mode: string; readonly manifest_sha256: string }
  | { readonly kind: "removed"; readonly run_id: string; readonly manifest_sha256: string | null };

export interface Ledger {
  readonly entries: readonly LedgerEntry[];
  /** A sentence for every thing that is not as it should be. */
  readonly notes: readonly string[];
}

const noPrevious = "0".repeat(64);
const tailBytes = 8192;

/** Runs `work` while no other process can append to the ledger. */
export function withLedger<Result>(places: StorePlaces, work: () => Promise<Result>): Promise<Result> {
  return withLock(
    { directory: path.join(places.folder("locks"), "ledger"), what: "the ledger", waitMs: places.lockWaitMs },
    work,
  );
}

/**
 * Appends one chained line and waits until it is on the disk. Returns notes, usually none. Must run inside `withLedger`. A last line that a
 * crash cut short is removed first, one that only lacks its LF is completed. Throws `STORE_LEDGER_CORRUPT` if the last line is no entry.
 */
export async function appendLedger(places: StorePlaces, fact: LedgerFact): Promise<readonly string[]> {
  let fd: number | undefined;
  try {
    fd = fs.openSync(places.ledgerFile, openFlags.resumeLog, 0o600);
    const healed = heal(fd);
    const time = Math.max(places.now(), healed.last === undefined ? 0 : Date.parse(healed.last.entry.created_at));
    const entry = {
      ...fact,
      ...(fact.kind === "sealed" ? { path: `runs/${fact.run_id}` } : {}),
      n: (healed.last?.entry.n ?? 0) + 1,
      created_at: new Date(time).toISOString(),
      prev: healed.last === undefined ? noPrevious : sha256(healed.last.line),
    };
    appendWhole(fd, `${toCanonicalJson(entry)}\n`);
    await syncFile(fd);
    return healed.notes;
  } catch (error) {
    throw writeFailed("ledger.ndjson", error);
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

interface Healed {
  readonly last: { readonly line: string; readonly entry: LedgerEntry } | undefined;
  readonly notes: readonly string[];
}

function heal(fd: number): Healed {
  const { size } = fs.fstatSync(fd);
  const tail = Buffer.alloc(Math.min(size, tailBytes));
  fs.readSync(fd, tail, 0, tail.length, size - tail.length);
  const afterLast = tail.lastIndexOf(10) + 1;
  const torn = tail.length - afterLast;
  if (torn === 0) return { last: lastEntry(tail.subarray(0, -1)), notes: [] };
  if (parseEntry(tail.toString("utf8", afterLast)) !== undefined) {
    appendWhole(fd, "\n");
    return { last: lastEntry(tail), notes: ["The last line of ledger.ndjson had no end; it was completed."] };
  }
  if (afterLast === 0 && size > tail.length) throw corrupt("its end is no line of a ledger");
  fs.ftruncateSync(fd, size - torn);
  return {
    last: lastEntry(tail.subarray(0, Math.max(0, afterLast - 1))),
    notes: [`A torn last line of ${torn} bytes was removed from ledger.ndjson; a crash had cut it short.`],
  };
}

function lastEntry(tail: Buffer): Healed["last"] {
  if (tail.length === 0) return undefined;
  const line = tail.toString("utf8", tail.lastIndexOf(10) + 1);
  const entry = parseEntry(line);
  if (entry === undefined) throw corrupt("its last line is no ledger entry");
  return { line, entry };
}

function parseEntry(line: string): LedgerEntry | undefined {
  try {
    return ledgerEntrySchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function corrupt(what: string): Error {
  return storeError(
    "STORE_LEDGER_CORRUPT",
    `The ledger cannot be continued: ${what}.`,
    "Nothing is repaired silently: move .cto/ledger.ndjson away and keep it; a new one is started.",
  );
}

function appendWhole(fd: number, text: string): void {
  const { size } = fs.fstatSync(fd);
  try {
    writeAll(fd, Buffer.from(text));
  } catch (error) {
    fs.ftruncateSync(fd, size);
    throw error;
  }
}

/** All lines of the ledger. Writes nothing: a torn last line, a broken chain or an unreadable line is left alone and named in the notes. */
export function readLedger(places: StorePlaces): Ledger {
  const text = readLedgerText(places);
  const notes: string[] = [];
  const entries: LedgerEntry[] = [];
  let previous = noPrevious;
  const lines = text.split("\n");
  const rest = lines.pop();
  for (const [index, line] of lines.entries()) {
    const entry = parseEntry(line);
    if (entry === undefined) notes.push(`Line ${index + 1} of ledger.ndjson is no ledger entry.`);
    else if (entry.prev !== previous || entry.n !== index + 1)
      notes.push(`Line ${index + 1} of ledger.ndjson does not follow the line before.`);
    if (entry !== undefined) entries.push(entry);
    previous = sha256(line);
  }
  if (rest !== "") notes.push("The last line of ledger.ndjson is torn; the next sealed run removes it.");
  return { entries, notes };
}

function readLedgerText(places: StorePlaces): string {
  try {
    return readTextFile(places.ledgerFile, 1024 * 1024 * 1024) ?? "";
  } catch (error) {
    throw readFailed("ledger.ndjson", error);
  }
}

/** The run that was sealed last and is still there, in the order of the ledger. */
export function latestInLedger(places: StorePlaces): string | undefined {
  const { entries } = readLedger(places);
  const seen = new Set<string>();
  for (const entry of entries.toReversed()) {
    if (seen.has(entry.run_id)) continue;
    seen.add(entry.run_id);
    const isThere =
      entry.kind === "sealed" && fs.existsSync(path.join(places.runDirectory(entry.run_id), RUN_FILES.manifest));
    if (isThere) return entry.run_id;
  }
  return undefined;
}

/** Points `runs/latest.json` at a run, or removes it. Must run inside `withLedger`, so that the order is the ledger's. */
export function writeLatest(places: StorePlaces, runId: string | undefined): void {
  try {
    if (runId === undefined) {
      fs.rmSync(places.latestFile, { force: true });
      return;
    }
    const latest: LatestRun = {
      schema: SCHEMAS.latestRun,
      run_id: runId,
      path: `runs/${runId}`,
      updated_at: new Date(places.now()).toISOString(),
    };
    replaceFile(places.latestFile, `${toCanonicalJson(latest)}\n`);
  } catch (error) {
    throw writeFailed("runs/latest.json", error);
  }
}
