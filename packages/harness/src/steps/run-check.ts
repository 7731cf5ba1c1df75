import { stat } from "node:fs/promises";
import type { RunLog } from "@cto/bundle-store";
import { oneLine } from "@cto/errors";
import type { VerificationResult } from "@cto/evidence-interface";
import { didPass, type VerificationStep } from "@cto/gates";
import type { SandboxMount } from "@cto/sandbox";
import type { Checkout } from "@cto/workspace";
import { createLogCleaner } from "../run/log-cleaner.ts";
import { createOutputTail } from "../run/output-tail.ts";
import { describeEnd, toProcessEnd } from "../run/process-end.ts";
import type { RunContext } from "../run/run-context.ts";
import { createCountReader } from "./read-counts.ts";

const graceMs = 2000;
/** How much of a command's output is kept in memory to find missing modules in. */
const tailBytes = 64 * 1024;
/** A command's file larger than this is not digested: a sparse file could be as large as it likes. */
const digestLimit = 2 * 1024 ** 3;

/** Where one verification command runs, and where its output goes. */
export interface CheckPlace {
  readonly checkout: Checkout;
  readonly mounts: readonly SandboxMount[];
  /** Null for the baseline's own tests, whose output is not evidence. */
  readonly log: RunLog | null;
}

/** Runs one verification command behind the sandbox. `tail` is the end of its output. */
export async function runCheck(
  context: RunContext,
  step: VerificationStep,
  { checkout, mounts, log }: CheckPlace,
): Promise<{ readonly result: VerificationResult; readonly tail: string }> {
  const { hider, ports, request } = context;
  const [command, ...args] = step.run;
  const resolved = await resolve(context, command ?? "", checkout, mounts);
  const startBytes = log?.bytes ?? 0;
  const tail = createOutputTail(tailBytes);
  const counts = await createCountReader(step, checkout);
  const cleaner = createLogCleaner({ write: (chunk) => log?.write(chunk), hide: hider.bytes });
  const keep = (chunk: Uint8Array) => {
    cleaner.write(chunk);
    tail.add(chunk);
  };
  cleaner.write(Buffer.from(`== ${step.id}: ${step.run.map((word) => oneLine(word, 120)).join(" ")}\n`));
  const { end, durationMs } = await ports.sandbox.run({
    argv: [command ?? "", ...args],
    workspace: checkout.directory,
    mounts,
    env: {},
    stdin: null,
    onStdout: (chunk) => {
      keep(chunk);
      counts.push(chunk);
    },
    onStderr: keep,
    signal: context.stop,
    timeoutMs: step.timeout_seconds * 1000,
    graceMs,
  });
  cleaner.write(Buffer.from(`\n== ${step.id}: ${oneLine(describeEnd(end))}\n`));
  cleaner.end();
  const exit = toProcessEnd(end);
  const tests = await counts.finish();
  const result: VerificationResult = {
    id: step.id,
    command: [...step.run],
    resolved,
    exit,
    passed: didPass({ exit, ...(tests === undefined ? {} : { tests }) }),
    ...(tests === undefined ? {} : { tests }),
    duration_ms: Math.round(durationMs),
    log: { path: "test.log", bytes: (log?.bytes ?? 0) - startBytes, truncated: log?.truncated ?? false },
    ran_in: "fresh-checkout",
    isolation: request.isolation,
  };
  return { result, tail: tail.text() };
}

async function resolve(
  { ports, request }: RunContext,
  command: string,
  checkout: Checkout,
  mounts: readonly SandboxMount[],
) {
  const found = await ports.sandbox.resolveCommand(command, checkout.directory, mounts);
  if (found === undefined || (await stat(found.host)).size > digestLimit) return null;
  return { path: toEvidencePath(found.inside, request.isolation), sha256: await ports.store.fileDigest(found.host) };
}

// Behind walls a path is the same on every machine; without them it would tell where somebody's home is.
function toEvidencePath(path: string, isolation: "bubblewrap" | "none"): string {
  return isolation === "none" ? (path.split("/").at(-1) ?? path) : path;
}
