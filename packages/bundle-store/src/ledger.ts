import fs from "node:fs";
import path from "node:path";
import { systemCode } from "@cto/errors";
import {
  type LatestRun,
  type LedgerEntry,
  latestRunSchema,
  ledgerEntrySchema,
  RUN_FILES,
  SCHEMAS,
  toCanonicalJson,
} from "@cto/evidence-interface";
import { openFlags, readBytes, readJsonFile, replaceFile, sha256, syncFile, writeAll } from "./disk.ts";
import { withLock } from "./numbered-lock.ts";
import { readFailed, writeFailed } from "./store-error.ts";
import type { StorePlaces } from "./store-root.ts";

/** What a ledger line says besides number, time and chain. */
export type LedgerFact =
  | {
      readonly kind: "sealed";
      readonly run_id: string;
      readonly mode: string;
      readonly manifest_sha256: string;
      /** See `ledgerEntrySchema`. */
      readonly recovered: boolean;
    }
  | { readonly kind: "removed"; readonly run_id: string; readonly manifest_sha256: string | null };

export interface Ledger {
  readonly entries: readonly LedgerEntry[];
  /** Sentences on what is not as it should be: the first few, and how many more there are. */
  readonly notes: readonly string[];
  /** Where the chain is broken: in front of `entries[before]`, or behind the last entry. What stood there nobody can tell. */
  readonly breaks: readonly { readonly before: number; readonly note: string }[];
}

const noPrevious = "0".repeat(64);
const tailBytes = 8192;
const shownNotes = 5;

/** Runs `work` while no other process can append to the ledger. */
export function withLedger<Result>(places: StorePlaces, work: () => Promise<Result>): Promise<Result> {
  return withLock(
    { directory: path.join(places.folder("locks"), "ledger"), what: "the ledger", waitMs: places.lockWaitMs },
    work,
  );
}

/**
 * Appends one chained line and waits until it is on the disk. Returns notes, usually none. Must run inside `withLedger`. A last line that a
 * crash cut short is removed first, one that only lacks its LF is completed. Behind a whole line that is no entry the chain goes on: nothing is
 * moved or repaired, the new line holds the odd one's digest, and `readLedger` names it for ever. (Refusing would lose the entries of all later runs,
 * and a new file would let somebody start the history anew with a single bad byte.) Where `latest.json` names a run that the ledger does not have, its last
 * lines were taken away: the new line leaves a number out, so that the gap stays in the chain when `latest.json` names the next run.
 */
export async function appendLedger(places: StorePlaces, fact: LedgerFact): Promise<readonly string[]> {
  let fd: number | undefined;
  try {
    fd = fs.openSync(places.ledgerFile, openFlags.resumeLog, 0o600);
    if (!fs.fstatSync(fd).isFile()) throw Object.assign(new Error("not a regular file"), { code: "EINVAL" });
    const { end, notes } = heal(places, fd);
    const entry = {
      ...toFields(fact),
      n: end.n + (isEndLost(places, end, fact) ? 2 : 1),
      created_at: new Date(Math.max(places.now(), end.time)).toISOString(),
      prev: end.digest,
    };
    appendWhole(fd, `${toCanonicalJson(entry)}\n`);
    await syncFile(fd);
    return notes;
  } catch (error) {
    throw writeFailed("ledger.ndjson", error);
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

function toFields(fact: LedgerFact) {
  if (fact.kind === "removed") return fact;
  const { recovered, ...rest } = fact;
  return { ...rest, path: `runs/${fact.run_id}`, ...(recovered ? { recovered } : {}) };
}

function isEndLost(places: StorePlaces, end: LedgerEnd, fact: LedgerFact): boolean {
  const latest = readLatest(places)?.run_id;
  if (latest === undefined || latest === end.runId || latest === fact.run_id) return false;
  return !readLedger(places).entries.some(({ run_id }) => run_id === latest);
}

/** What the next line follows: number, run (null if it is no entry), digest and time (milliseconds since the epoch) of the last one. */
interface LedgerEnd {
  readonly runId: string | null;
  readonly n: number;
  readonly digest: string;
  readonly time: number;
}

interface Healed {
  readonly end: LedgerEnd;
  readonly notes: readonly string[];
}

function heal(places: StorePlaces, fd: number): Healed {
  const { size } = fs.fstatSync(fd);
  const tail = Buffer.alloc(Math.min(size, tailBytes));
  fs.readSync(fd, tail, 0, tail.length, size - tail.length);
  const afterLast = tail.lastIndexOf(10) + 1;
  const torn = tail.length - afterLast;
  if (torn === 0) return endOf(places, tail.subarray(0, -1), []);
  const isEntry = parseEntry(tail.subarray(afterLast)) !== undefined;
  const isTooLong = afterLast === 0 && size > tail.length;
  if (isEntry || isTooLong) {
    appendWhole(fd, "\n");
    return endOf(places, tail, ["The last line of ledger.ndjson had no end; it was completed."]);
  }
  fs.ftruncateSync(fd, size - torn);
  return endOf(places, tail.subarray(0, Math.max(0, afterLast - 1)), [
    `A torn last line of ${torn} bytes was removed from ledger.ndjson; a crash had cut it short.`,
  ]);
}

function endOf(places: StorePlaces, tail: Buffer, notes: readonly string[]): Healed {
  if (tail.length === 0) return { end: { n: 0, runId: null, digest: noPrevious, time: 0 }, notes };
  const line = tail.subarray(tail.lastIndexOf(10) + 1);
  const entry = parseEntry(line);
  if (entry !== undefined)
    return {
      end: { n: entry.n, runId: entry.run_id, digest: sha256(line), time: Date.parse(entry.created_at) },
      notes,
    };
  const { lines } = readLines(places);
  const times = lines.map((one) => Date.parse(parseEntry(one)?.created_at ?? "1970-01-01T00:00:00.000Z"));
  const note = `Line ${lines.length} of ledger.ndjson is no ledger entry; it was left, and the chain goes on behind it.`;
  return {
    end: {
      n: lines.length,
      runId: null,
      digest: sha256(lines.at(-1) ?? ""),
      time: times.reduce((latest, time) => Math.max(latest, time), 0),
    },
    notes: [...notes, note],
  };
}

function parseEntry(line: Buffer): LedgerEntry | undefined {
  try {
    return ledgerEntrySchema.safeParse(JSON.parse(line.toString("utf8"))).data;
  } catch {
    return undefined;
  }
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
  const { lines, torn } = readLines(places);
  const breaks: { before: number; note: string }[] = [];
  const entries: LedgerEntry[] = [];
  let previous = noPrevious;
  let number = 0;
  for (const [index, line] of lines.entries()) {
    const entry = parseEntry(line);
    const breakHere = (what: string) =>
      breaks.push({ before: entries.length, note: `Line ${index + 1} of ledger.ndjson ${what}.` });
    if (entry === undefined) breakHere("is no ledger entry");
    else if (entry.prev !== previous || (entry.n !== number + 1 && entry.n !== index + 1))
      breakHere("does not follow the line before");
    if (entry !== undefined) entries.push(entry);
    previous = sha256(line);
    number = entry?.n ?? index + 1;
  }
  const notes = breaks.slice(0, shownNotes).map(({ note }) => note);
  if (breaks.length > shownNotes) notes.push(`So it is at ${breaks.length - shownNotes} more places of ledger.ndjson.`);
  if (torn) notes.push("The last line of ledger.ndjson is torn; the next sealed run removes it.");
  return { entries, notes, breaks };
}

/** Lines as bytes: the digests of a chain are those of the bytes on the disk, whatever they are. */
function readLines(places: StorePlaces): { readonly lines: readonly Buffer[]; readonly torn: boolean } {
  try {
    const content = readBytes(places.ledgerFile, 1024 * 1024 * 1024) ?? Buffer.alloc(0);
    const lines: Buffer[] = [];
    let from = 0;
    for (let to = content.indexOf(10); to >= 0; to = content.indexOf(10, from)) {
      lines.push(content.subarray(from, to));
      from = to + 1;
    }
    return { lines, torn: from < content.length };
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

/** What `runs/latest.json` says; undefined if it is not there or cannot be understood. */
export function readLatest(places: StorePlaces): LatestRun | undefined {
  try {
    return latestRunSchema.safeParse(readJsonFile(places.latestFile)).data;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
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
