import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemCode } from "@cto/errors";
import { ensureDirectory, readTextFile } from "./disk.ts";
import { currentOwner, mayBeAlive, type ProcessOwner, parseOwner } from "./process-owner.ts";
import { storeError, writeFailed } from "./store-error.ts";

export interface LockOptions {
  /** Directory of this lock's files; its parent must exist. */
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
    fs.truncateSync(file, 0);
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
    ensureDirectory(directory);
    const highest = Math.max(0, ...numbers(directory));
    const text = highest === 0 ? "" : readTextFile(path.join(directory, String(highest)));
    if (text !== "") {
      const owner = parseOwner(text);
      if (owner === undefined || mayBeAlive(owner, self)) return { kind: "busy", pid: owner?.pid ?? null };
    }
    return claim(directory, highest + 1, self);
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
  const present = numbers(directory);
  if (Math.max(...present) > number) {
    fs.rmSync(file, { force: true });
    return { kind: "busy", pid: null };
  }
  for (const old of present) if (old < number) fs.rmSync(path.join(directory, String(old)), { force: true });
  return { kind: "held", file };
}

function numbers(directory: string): readonly number[] {
  return fs
    .readdirSync(directory)
    .filter((name) => /^[1-9]\d{0,14}$/.test(name))
    .map(Number);
}
