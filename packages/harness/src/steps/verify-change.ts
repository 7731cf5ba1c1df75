import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunLog } from "@cto/bundle-store";
import { oneLine } from "@cto/errors";
import type { TestCounts, VerificationResult } from "@cto/evidence-interface";
import { judgeVerification, parseTestCounts, type VerificationStep } from "@cto/gates";
import { type Checkout, checkOut } from "@cto/workspace";
import { createLogCleaner } from "../run/log-cleaner.ts";
import { createOutputTail } from "../run/output-tail.ts";
import { describeEnd, toProcessEnd } from "../run/process-end.ts";
import { addBlockers, endIfStopped, hidePlaces, type RunContext } from "../run/run-context.ts";
import type { BroughtFolder } from "./bring-folders.ts";
import { setUp } from "./make-workspace.ts";

const graceMs = 2000;
/** How much of a command's output is kept in memory to read test counts and missing modules from. */
const tailBytes = 1024 * 1024;
const junitLimit = 16 * 1024 * 1024;

/** Runs every verification command in the fresh checkout, behind the sandbox, and judges the ends. */
export async function verifyChange(
  context: RunContext,
  checkout: Checkout,
  brought: readonly BroughtFolder[],
): Promise<void> {
  const { draft, record, task, writer } = context;
  record.openStream({ id: "verification", kind: "terminal", transport: "pipe", title: "Verification" });
  const baselineCounts = await countAtBaseline(context, brought);
  endIfStopped(context);
  draft.notVerified = null;
  const log = writer.openLog("test.log");
  for (const step of task.verification) {
    if (context.stop.aborted) break;
    const { result, tail } = await record.timed(`verification.${step.id}`, () =>
      runStep(context, step, checkout, brought, log),
    );
    const counts = baselineCounts.get(step.id);
    draft.verification.push(counts === undefined ? result : { ...result, baseline_tests: counts });
    draft.missingModuleHint ??= missingModuleHint(context, result, tail);
    record.show("verification", "command", {
      id: step.id,
      exit: result.exit,
      passed: result.passed,
      tests: result.tests ?? null,
    });
  }
  log.close();
  const { blockers } = judgeVerification({ task, results: draft.verification });
  const hint = draft.missingModuleHint;
  addBlockers(
    draft,
    hint === null
      ? blockers
      : blockers.map((blocker) => (blocker.code === "verification_failed" ? { ...blocker, hint } : blocker)),
  );
}

async function runStep(
  context: RunContext,
  step: VerificationStep,
  checkout: Checkout,
  brought: readonly BroughtFolder[],
  log: RunLog | null,
): Promise<{ result: VerificationResult; tail: string }> {
  const { ports, request } = context;
  const [command, ...args] = step.run;
  const mounts = brought.map(({ mount }) => mount);
  const found = await ports.sandbox.resolveCommand(command ?? "", checkout.directory, mounts);
  const resolved =
    found === undefined
      ? null
      : { path: toEvidencePath(found.inside, request.isolation), sha256: await ports.store.fileDigest(found.host) };
  const startBytes = log?.bytes ?? 0;
  const tail = createOutputTail(tailBytes);
  const cleaner = createLogCleaner((chunk) => log?.write(chunk));
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
    onStdout: keep,
    onStderr: keep,
    signal: context.stop,
    timeoutMs: step.timeout_seconds * 1000,
    graceMs,
  });
  const exit = toProcessEnd(end);
  cleaner.write(Buffer.from(`\n== ${step.id}: ${oneLine(hidePlaces(context, describeEnd(end)))}\n`));
  cleaner.end();
  const text = tail.text();
  const tests = await readCounts(step, text, checkout);
  const result: VerificationResult = {
    id: step.id,
    command: [...step.run],
    resolved,
    exit,
    passed: end.kind === "exited" && end.code === 0,
    ...(tests === undefined ? {} : { tests }),
    duration_ms: Math.round(durationMs),
    log: { path: "test.log", bytes: (log?.bytes ?? 0) - startBytes, truncated: log?.truncated ?? false },
    ran_in: "fresh-checkout",
    isolation: request.isolation,
  };
  return { result, tail: text };
}

// Behind walls a path is the same on every machine; without them it would tell where somebody's home is.
function toEvidencePath(path: string, isolation: "bubblewrap" | "none"): string {
  return isolation === "none" ? (path.split("/").at(-1) ?? path) : path;
}

async function readCounts(step: VerificationStep, output: string, checkout: Checkout): Promise<TestCounts | undefined> {
  if (step.reads === "none") return undefined;
  if (step.reads === "tap") return parseTestCounts(step.reads, output);
  const file = join(checkout.directory, step.reads.slice("junit:".length));
  const found = await lstat(file).catch(() => undefined);
  if (found === undefined || !found.isFile() || found.size > junitLimit) return undefined;
  return parseTestCounts(step.reads, await readFile(file, "utf8"));
}

/** Test counts at the baseline, for the commands that ask for the comparison: a checkout of its own, without the patch. */
async function countAtBaseline(
  context: RunContext,
  brought: readonly BroughtFolder[],
): Promise<ReadonlyMap<string, TestCounts>> {
  const { draft, folders, record, task } = context;
  const counts = new Map<string, TestCounts>();
  const steps = task.verification.filter((step) => step.compare_baseline);
  if (steps.length === 0 || draft.baseline === null) return counts;
  const ready = await setUp(context, await checkOut(draft.baseline, folders.baselineCheckout), brought);
  if (ready.kind === "failed") return counts;
  for (const step of steps) {
    endIfStopped(context);
    const { result } = await record.timed(`baseline.${step.id}`, () =>
      runStep(context, step, ready.checkout, brought, null),
    );
    if (result.tests !== undefined) counts.set(step.id, result.tests);
  }
  return counts;
}

const missingModule =
  /Cannot find (?:module|package)|ERR_MODULE_NOT_FOUND|ModuleNotFoundError|No module named|cannot load such file/;

function missingModuleHint(context: RunContext, result: VerificationResult, tail: string): string | null {
  if (result.passed || context.repository === null || !missingModule.test(tail)) return null;
  const folder = /ModuleNotFoundError|No module named/.test(tail) ? ".venv/" : "node_modules/";
  if (context.task.bring.includes(folder)) return null;
  return `The command misses a module. If the target has it in an ignored folder, add to the task contract: bring: ["${folder}"]`;
}
