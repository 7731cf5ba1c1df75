import { CtoError } from "@cto/errors";
import type { TestCounts, VerificationResult } from "@cto/evidence-interface";
import { explainPath, judgeVerification, type VerificationStep } from "@cto/gates";
import { type Checkout, checkOut, compareSnapshots, isPlainFolder, type Snapshot, takeSnapshot } from "@cto/workspace";
import { addBlocker, addBlockers, endIfStopped, type RunContext } from "../run/run-context.ts";
import type { RunDraft } from "../run/run-draft.ts";
import type { BroughtFolder } from "./bring-folders.ts";
import { snapshotLimit } from "./collect-effects.ts";
import { setUp } from "./make-workspace.ts";
import { runCheck } from "./run-check.ts";

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
  const place = { checkout, mounts: brought.map(({ mount }) => mount), log };
  const looking = { maxBytes: snapshotLimit(context), signal: context.ports.signal };
  const pristine =
    task.verification.length > 1 ? await takeSnapshot(checkout.directory, { skipGit: true, ...looking }) : null;
  let hint: string | null = null;
  for (const step of task.verification) {
    if (context.stop.aborted) break;
    const { result, tail } = await record.timed(`verification.${step.id}`, () => runCheck(context, step, place));
    const counts = baselineCounts.get(step.id);
    draft.verification.push(counts === undefined ? result : { ...result, baseline_tests: counts });
    hint ??= await missingModuleHint(context, result, tail);
    record.show("verification", "command", {
      id: step.id,
      exit: result.exit,
      passed: result.passed,
      tests: result.tests ?? null,
    });
    // Also after the last one: what it tested may have been changed while it ran.
    if (pristine !== null && !context.stop.aborted && !(await isAsApplied(context, checkout, pristine))) break;
  }
  log.close();
  const { blockers } = judgeVerification({ task, results: draft.verification });
  addBlockers(
    draft,
    blockers.map((blocker) =>
      hint !== null && blocker.code === "verification_failed" ? { ...blocker, hint } : blocker,
    ),
  );
}

/**
 * The code under test runs in the first check and could rewrite the second. Files that a check adds stay (a build may come before its tests); a
 * file of the checkout that it changes or removes ends the verification.
 */
async function isAsApplied(context: RunContext, checkout: Checkout, pristine: Snapshot): Promise<boolean> {
  const { draft } = context;
  const options = { skipGit: true, previous: pristine, maxBytes: snapshotLimit(context), signal: context.ports.signal };
  const now = await takeSnapshot(checkout.directory, options).catch((thrown: unknown) => {
    if (CtoError.is(thrown) && thrown.code === "WORKSPACE_UNREADABLE") return null;
    throw thrown;
  });
  const hint =
    "A check may add files, not change those of the checkout; put commands that rewrite sources into one check of their own.";
  if (now === null) {
    addBlocker(
      draft,
      "verification_failed",
      "a check left a checkout that cannot be read: names too long, or no permission",
      hint,
    );
    failLastCheck(draft, 1);
    return false;
  }
  const changed = compareSnapshots(pristine, now).filter(
    ({ before }) => before !== null && before.kind !== "directory",
  );
  const [first] = changed;
  if (first === undefined) return true;
  const { policy } = draft;
  const isProtected = changed.some(({ path }) => explainPath(policy, path).verdict === "protected");
  const more = changed.length > 1 ? ` and ${changed.length - 1} more` : "";
  failLastCheck(draft, changed.length);
  addBlocker(
    draft,
    "verification_failed",
    `a check changed ${first.path}${more}${isProtected ? ", protected paths among them" : ""}, so not the patch alone was tested`,
    hint,
  );
  return false;
}

function failLastCheck(draft: RunDraft, changed: number): void {
  const last = draft.verification.pop();
  if (last !== undefined) draft.verification.push({ ...last, passed: false, changed_checkout: changed });
}

/** Test counts at the baseline, for the commands that ask for the comparison: a checkout of its own, without the patch. */
async function countAtBaseline(
  context: RunContext,
  brought: readonly BroughtFolder[],
): Promise<ReadonlyMap<string, TestCounts>> {
  const { draft, folders, record, task } = context;
  const counts = new Map<string, TestCounts>();
  const steps = task.verification.filter((step: VerificationStep) => step.compare_baseline);
  if (steps.length === 0 || draft.baseline === null) return counts;
  const ready = await setUp(context, await checkOut(draft.baseline, folders.baselineCheckout), brought);
  if (ready.kind === "failed") return counts;
  const place = { checkout: ready.checkout, mounts: brought.map(({ mount }) => mount), log: null };
  for (const step of steps) {
    endIfStopped(context);
    const { result } = await record.timed(`baseline.${step.id}`, () => runCheck(context, step, place));
    if (result.tests !== undefined) counts.set(step.id, result.tests);
  }
  return counts;
}

const missingModule =
  /Cannot find (?:module|package)|ERR_MODULE_NOT_FOUND|ModuleNotFoundError|No module named|cannot load such file/;

async function missingModuleHint(
  { repository, task }: RunContext,
  result: VerificationResult,
  tail: string,
): Promise<string | null> {
  if (result.passed || repository === null || repository.kind === "bare" || !missingModule.test(tail)) return null;
  const folder = /ModuleNotFoundError|No module named/.test(tail) ? ".venv" : "node_modules";
  const isBrought = task.bring.some((one) => one.replace(/\/+$/, "") === folder);
  if (isBrought || !(await isPlainFolder(repository.topLevel, folder))) return null;
  return `The command misses a module, and the target has ${folder}/. If git ignores it there, add to the task contract: bring: ["${folder}/"]`;
}
