import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemCode } from "@cto/errors";
import { ensureDirectory, readTextFile } from "./disk.ts";
import { currentOwner, mayBeAlive, type ProcessOwner, parseOwner } from "./process-owner.ts";
import { storeError, writeFailed } from "./store-error.ts";

export interface LockOptions {
  /** Directory of this lock's files; its grandparent must exist. */
  readonly directory: string;
  /** For messages: what is locked. */
  readonly what: string;
  readonly waitMs: number;
}

/**
 * Runs `work` while holding a lock between processes; gives it back even if `work` throws. Throws `STORE_LOCKED` after `waitMs`.
 *
 * The lock is the file with the highest number in its directory: held while it names a process that may be alive, free once it is empty.
 * Whoever finds it free or its owner dead creates the next number, exclusively and with its name inside (a hard link). The highest file
 * is never deleted, so a late comer who judged an older one meets either an existing file or a higher number, and steps back.
 */
export async function withLock<Result>(options: LockOptions, work: () => Promise<Result> | Result): Promise<Result> {
  const file = await acquire(options);
  try {
    return await work();
  } finally {
    giveBack(file, options.what);
  }
}

function giveBack(file: string, what: string): void {
  try {
    fs.truncateSync(file, 0);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw writeFailed(`the lock on ${what}`, error);
  }
}

async function acquire(options: LockOptions): Promise<string> {
  const self = currentOwner();
  const deadline = performance.now() + options.waitMs;
  for (;;) {
    const attempt = tryAcquire(options, self);
    if (attempt.kind === "held") return attempt.file;
    if (performance.now() > deadline) {
      throw storeError(
        "STORE_LOCKED",
        `Another process holds the lock on ${options.what}.`,
        "Wait until it is done and try again; `cto runs list` shows what is running.",
        { lock: path.basename(options.directory), pid: attempt.pid },
      );
    }
    await sleep(2 + Math.random() * 8);
  }
}

type Attempt =
  | { readonly kind: "held"; readonly file: string }
  | { readonly kind: "busy"; readonly pid: number | null };

function tryAcquire({ directory, what }: LockOptions, self: ProcessOwner): Attempt {
  try {
    ensureDirectory(path.dirname(directory));
    ensureDirectory(directory);
    const { locks, junk } = listLocks(directory);
    const highest = locks.at(-1);
    if (highest !== undefined && highest.text !== "") {
      const owner = parseOwner(highest.text);
      if (owner === undefined || mayBeAlive(owner, self)) return { kind: "busy", pid: owner?.pid ?? null };
    }
    let next = (highest?.number ?? 0) + 1;
    while (junk.has(next)) next += 1;
    if (next > lastNumber) throw usedUp(directory, what);
    return claim(directory, next, self);
  } catch (error) {
    throw writeFailed(`the lock on ${what}`, error);
  }
}

function claim(directory: string, number: number, self: ProcessOwner): Attempt {
  const file = path.join(directory, String(number));
  const draft = path.join(directory, `draft-${self.pid}-${Math.random().toString(36).slice(2)}`);
  fs.writeFileSync(draft, JSON.stringify(self), { flag: "wx", mode: 0o600 });
  try {
    fs.linkSync(draft, file);
  } catch (error) {
    if (systemCode(error) === "EEXIST") return { kind: "busy", pid: null };
    throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
  const present = listLocks(directory).locks.map((lock) => lock.number);
  if (Math.max(...present) > number) {
    fs.rmSync(file, { force: true });
    return { kind: "busy", pid: null };
  }
  for (const old of present) if (old < number) fs.rmSync(path.join(directory, String(old)), { force: true });
  return { kind: "held", file };
}

const lastNumber = 999_999_999_999_999;

interface Locks {
  /** In rising order. `text` is undefined if the file went away while it was looked at: then a higher one is there. */
  readonly locks: readonly { readonly number: number; readonly text: string | undefined }[];
  /** Numbers that something else occupies. */
  readonly junk: ReadonlySet<number>;
}

/** A lock gets its name together with its content, so whatever holds anything else was not made here: it locks nothing and stays where it is. */
function listLocks(directory: string): Locks {
  const numbers = fs
    .readdirSync(directory)
    .filter((name) => /^[1-9]\d{0,14}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
  const junk = new Set<number>();
  const locks: { number: number; text: string | undefined }[] = [];
  for (const number of numbers) {
    const file = path.join(directory, String(number));
    const text = readLockText(file);
    const isLock = text === undefined ? !isThere(file) : text === "" || parseOwner(text) !== undefined;
    if (isLock) locks.push({ number, text });
    else junk.add(number);
  }
  return { locks, junk };
}

function readLockText(file: string): string | undefined {
  try {
    return readTextFile(file, 4096);
  } catch {
    return undefined; // Too large, or not ours to read: it is there, and it is no lock.
  }
}

function isThere(file: string): boolean {
  return fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

function usedUp(directory: string, what: string): Error {
  const lock = path.basename(directory);
  return storeError(
    "STORE_LOCKED",
    `No lock on ${what} can be made: its folder holds a file whose number is too high.`,
    `Remove .cto/locks/${lock} while no other cto command runs; it is created again.`,
    { lock, pid: null },
  );
}
