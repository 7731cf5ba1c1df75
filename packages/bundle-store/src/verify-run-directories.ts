import os from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { VerifyResult } from "@cto/evidence-interface";
import { verifyRunDirectory } from "./bundle-facts-reader.ts";

export interface VerifyDirectoriesOptions {
  /** A module that calls `runVerifyWorker` when it is loaded, for a second thread. Without it, or for few directories, one thread does all. */
  readonly worker?: URL;
}

interface Share {
  readonly kind: "@cto/bundle-store/verify";
  readonly directories: readonly string[];
  /** One counter: the next directory that no thread has taken. */
  readonly next: Int32Array;
}

type Judged = readonly (readonly [index: number, result: VerifyResult])[];

const worthAThread = 150;

/** Judges many run directories; results in the order of `directories`. Never writes. Throws `STORE_READ_FAILED` if one is no directory. */
export async function verifyRunDirectories(
  directories: readonly string[],
  options: VerifyDirectoriesOptions = {},
): Promise<readonly VerifyResult[]> {
  const next = new Int32Array(new SharedArrayBuffer(4));
  const share: Share = { kind: "@cto/bundle-store/verify", directories, next };
  const isWorth = directories.length >= worthAThread && os.availableParallelism() > 1;
  const elsewhere = options.worker !== undefined && isWorth ? judgeElsewhere(options.worker, share) : [];
  const results = new Map([...takeShare(share), ...(await elsewhere)]);
  return directories.map((directory, index) => results.get(index) ?? verifyRunDirectory(directory));
}

/** To be called first by the module that `verifyRunDirectories` was given. In its worker: does a share of the work and returns true. Elsewhere: false. */
export function runVerifyWorker(): boolean {
  const share = workerData as Partial<Share> | null;
  if (isMainThread || share?.kind !== "@cto/bundle-store/verify") return false;
  parentPort?.postMessage(takeShare(share as Share));
  return true;
}

/** What a second thread judged; nothing if it failed: its share is then judged here again, and meets the same error here, with its code. */
function judgeElsewhere(script: URL, share: Share): Promise<Judged> {
  return new Promise((resolve) => {
    const worker = new Worker(script, { workerData: share });
    worker.once("message", (judged: Judged) => resolve(judged));
    worker.once("error", () => resolve([]));
    worker.once("exit", () => resolve([]));
  });
}

function takeShare({ directories, next }: Share): Judged {
  const judged: [number, VerifyResult][] = [];
  for (;;) {
    const index = Atomics.add(next, 0, 1);
    const directory = directories[index];
    if (directory === undefined) return judged;
    judged.push([index, verifyRunDirectory(directory)]);
  }
}
