import { type EffectDecision, judgeEffects, toBlocker } from "@cto/gates";
import { applyPatch, type Checkout, compareTrees, type Snapshot, takeSnapshot, writeResultTree } from "@cto/workspace";
import { addBlocker, addBlockers, type RunContext } from "../run/run-context.ts";
import {
  type CollectedEffects,
  collectEffects,
  snapshotLimit,
  toPatience,
  type WrittenTree,
} from "./collect-effects.ts";
import type { WorkTrees } from "./make-workspace.ts";

type Collected = Extract<CollectedEffects, { kind: "collected" }>;

/** What the gate decided: the checkout to verify in, or why there is nothing to verify. */
export type JudgedChanges =
  | { readonly kind: "applied"; readonly checkout: Checkout; readonly after: Snapshot }
  | { readonly kind: "refused"; readonly reason: string; readonly after: Snapshot | null };

/**
 * Lets the effect gate judge what the engine left. Only what passes is applied to the fresh checkout, whose tree and bytes must then equal the
 * workspace's. The work is kept either way. Writes `patch.applied` and `git.diff.checked`.
 */
export async function judgeChanges(context: RunContext, trees: WorkTrees): Promise<JudgedChanges> {
  const { draft, record } = context;
  const collected = await collectEffects(context, trees);
  if (collected.kind === "unreadable") return refuseUnreadable(context, collected);
  const { after, facts, result } = collected;
  const before = judgeEffects(facts);
  const applied = before.blockers.length === 0 ? await applyToFresh(context, trees, collected) : null;
  const decision = applied?.decision ?? before;
  conclude(context, collected, decision);
  record.event(
    "git.diff.checked",
    { result_tree: result.tree, fresh_tree: draft.freshTree, changed_files: decision.changes.length },
    decision.blockers,
  );
  await record.sync();
  if (decision.blockers.length > 0) return { kind: "refused", reason: "the effect gate did not pass", after };
  if (applied === null || applied.checkout === null) {
    addBlocker(
      draft,
      "patch_not_applicable",
      `the patch does not apply to a fresh checkout: ${applied?.message ?? "unknown reason"}`,
    );
    return { kind: "refused", reason: "the patch does not apply to a fresh checkout", after };
  }
  return { kind: "applied", checkout: applied.checkout, after };
}

/** Result, patch and decision enter the draft together: a report must never hold one without the others. */
function conclude({ draft }: RunContext, { patch, result }: Collected, decision: EffectDecision): void {
  draft.resultTree = result.tree;
  draft.patch = patch;
  draft.effects = decision;
  addBlockers(draft, decision.blockers);
}

interface Applied {
  readonly decision: EffectDecision | null;
  readonly checkout: Checkout | null;
  readonly message: string;
}

async function applyToFresh(
  context: RunContext,
  trees: WorkTrees,
  { after, facts, result }: Collected,
): Promise<Applied> {
  const { draft, folders, record } = context;
  const { baseline } = draft;
  if (baseline === null) throw new Error("the baseline is made before the engine runs");
  const application = await record.timed("patch.apply", async () =>
    applyPatch(baseline, await trees.fresh, folders.patch, { signal: toPatience(context.ports.signal) }),
  );
  if (application.kind === "not-applicable")
    return { decision: null, checkout: null, message: context.hider.text(application.message) };
  record.event("patch.applied", { tree: application.tree });
  draft.freshTree = application.tree;
  const { checkout } = application;
  const differences = await record.timed("patch.compare", () => findDifferences(context, result, checkout, after));
  if (application.tree !== result.tree && differences.length === 0) differences.push(".");
  const decision = differences.length === 0 ? null : judgeEffects({ ...facts, checkoutDifferences: differences });
  return { decision, checkout, message: "" };
}

async function findDifferences(
  context: RunContext,
  result: WrittenTree,
  fresh: Checkout,
  after: Snapshot,
): Promise<string[]> {
  const { baseline } = context.draft;
  if (baseline === null) return ["."];
  const signal = toPatience(context.ports.signal);
  const maxBytes = snapshotLimit(context);
  const freshSnapshot = await takeSnapshot(fresh.directory, { skipGit: true, maxBytes, signal });
  const left =
    context.task.setup.length === 0
      ? null
      : await writeResultTree(baseline, fresh, { snapshot: freshSnapshot, signal });
  const except = [...result.ignored, ...result.leftOut, ...(left?.kind === "written" ? left.ignored : [])];
  return compareTrees(freshSnapshot, after, { except })
    .filter(({ before, after: now }) => (before ?? now)?.kind !== "directory")
    .map(({ path }) => path);
}

function refuseUnreadable(
  { draft, record }: RunContext,
  { message, sourceChanged }: Extract<CollectedEffects, { kind: "unreadable" }>,
): JudgedChanges {
  const blockers = [toBlocker("hidden_mutation", `the work tree that the engine left cannot be read: ${message}`)];
  if (sourceChanged !== false)
    blockers.push(toBlocker("source_mutated", "the source repository changed while the run went on"));
  addBlockers(draft, blockers);
  record.event("git.diff.checked", { result_tree: null, changed_files: 0 }, blockers);
  return { kind: "refused", reason: "the effect gate did not pass", after: null };
}
