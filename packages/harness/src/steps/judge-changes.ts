import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { CtoError } from "@cto/errors";
import {
  compilePathPolicy,
  createPatchScanner,
  type DiskChange,
  type EffectFacts,
  type GitChange,
  isByProduct,
  judgeEffects,
  type SecretFinding,
  toBlocker,
} from "@cto/gates";
import { readSourceDigests } from "@cto/git-state";
import {
  applyPatch,
  type Checkout,
  compareSnapshots,
  compareTrees,
  type ResultTree,
  readWorkspaceHead,
  type Snapshot,
  type DiskChange as SnapshotChange,
  takeSnapshot,
  writePatch,
  writeResultTree,
} from "@cto/workspace";
import { addBlocker, addBlockers, hidePlaces, type RunContext } from "../run/run-context.ts";
import type { WorkTrees } from "./make-workspace.ts";

type WrittenTree = Extract<ResultTree, { kind: "written" }>;

/** What the gate decided: the checkout to verify in, or why there is nothing to verify. */
export type JudgedChanges =
  | { readonly kind: "applied"; readonly checkout: Checkout; readonly after: Snapshot }
  | { readonly kind: "refused"; readonly reason: string; readonly after: Snapshot | null };

/**
 * Compares the disk before and after the engine, keeps the work as `patch.diff`, and lets the effect gate judge it. Only what passes is applied
 * to the fresh checkout, whose tree and bytes must then equal the workspace's. Writes `patch.applied` and `git.diff.checked`.
 */
export async function judgeChanges(context: RunContext, trees: WorkTrees): Promise<JudgedChanges> {
  const { draft, folders, record, repository, task } = context;
  const { before, checkout, branch } = trees.workspace;
  const baseline = draft.baseline;
  if (baseline === null) throw new Error("the baseline is made before the engine runs");
  const after = await record.timed("effects.snapshot", () => takeAfterSnapshot(folders.workspace, before));
  if (typeof after === "string") return refuseUnreadable(context, after);
  draft.snapshotAfter = { sha256: after.sha256, entries: after.entries };
  if (repository !== null)
    draft.sourceAfter = await record.timed("source.digests", () => readSourceDigests(repository));
  const policy = compilePathPolicy(task);
  const leaveOut = (path: string) => !before.byPath.has(path) && isByProduct(policy, path);
  const result = await record.timed("effects.result-tree", () =>
    writeResultTree(baseline, checkout, { snapshot: after, leaveOut }),
  );
  if (result.kind === "unreadable") {
    return refuseUnreadable(context, hidePlaces(context, result.message));
  }
  draft.resultTree = result.tree;
  const head = await record.timed("effects.head", () => readWorkspaceHead(baseline, checkout));
  draft.committed = head.kind === "known" && head.moved;
  if (head.kind === "known" && head.moved && head.tree !== result.tree) {
    addBlocker(
      draft,
      "dirty_ending_tree",
      "the engine committed, and its last commit is not what it left in the work tree",
    );
  }
  const secrets = await keepPatch(context, result);
  const facts: EffectFacts = {
    task: {
      ...task,
      diff_required: task.diff_required && draft.outcome?.kind === "completed" && draft.outcome.terminal_event_seen,
    },
    treeChanges: result.changes,
    ...toDiskFacts(compareSnapshots(before, after), new Set(result.ignored)),
    currentBranchRef: branch,
    sourceChanged:
      draft.sourceBefore === null ? false : JSON.stringify(draft.sourceBefore) !== JSON.stringify(draft.sourceAfter),
    checkoutDifferences: [],
    secretMatches: secrets,
  };
  let decision = judgeEffects(facts);
  let applied: Checkout | null = null;
  let notApplicable: string | null = null;
  if (decision.blockers.length === 0) {
    const application = await record.timed("patch.apply", () => applyPatch(baseline, trees.fresh, folders.patch));
    if (application.kind === "applied") {
      record.event("patch.applied", { tree: application.tree });
      draft.freshTree = application.tree;
      applied = application.checkout;
      const checkoutDifferences = await record.timed("patch.compare", () =>
        findDifferences(context, result, application.checkout, after),
      );
      if (application.tree !== result.tree || checkoutDifferences.length > 0) {
        decision = judgeEffects({
          ...facts,
          checkoutDifferences: checkoutDifferences.length > 0 ? checkoutDifferences : ["."],
        });
      }
    } else {
      notApplicable = application.message;
    }
  }
  draft.effects = decision;
  addBlockers(draft, decision.blockers);
  record.event(
    "git.diff.checked",
    { result_tree: result.tree, fresh_tree: draft.freshTree, changed_files: decision.changes.length },
    decision.blockers,
  );
  await record.sync();
  if (decision.blockers.length > 0) return { kind: "refused", reason: "the effect gate did not pass", after };
  if (applied === null) {
    addBlocker(
      draft,
      "patch_not_applicable",
      `the patch does not apply to a fresh checkout: ${notApplicable ?? "unknown reason"}`,
    );
    return { kind: "refused", reason: "the patch does not apply to a fresh checkout", after };
  }
  return { kind: "applied", checkout: applied, after };
}

/** The snapshot, or why the disk that the engine left cannot be read: names too long, permissions. */
async function takeAfterSnapshot(workspace: string, previous: Snapshot): Promise<Snapshot | string> {
  try {
    return await takeSnapshot(workspace, { previous });
  } catch (thrown) {
    if (CtoError.is(thrown) && thrown.code === "WORKSPACE_UNREADABLE") return thrown.message;
    throw thrown;
  }
}

function refuseUnreadable({ draft, record }: RunContext, message: string): JudgedChanges {
  const blocker = toBlocker("hidden_mutation", `the work tree that the engine left cannot be read: ${message}`);
  addBlockers(draft, [blocker]);
  record.event("git.diff.checked", { result_tree: null, changed_files: 0 }, [blocker]);
  return { kind: "refused", reason: "the effect gate did not pass", after: null };
}

/** Writes the patch and looks through it for secrets; one that holds any goes into quarantine and not into the bundle. */
async function keepPatch(context: RunContext, result: WrittenTree): Promise<readonly SecretFinding[]> {
  const { draft, folders, ports, record, task, writer } = context;
  const { baseline, startTree } = draft;
  if (baseline === null || startTree === null) throw new Error("the start tree is known before the engine runs");
  const request = { from: startTree, to: result.tree, file: folders.patch, maxBytes: task.budget.artifact_bytes };
  const written = await record.timed("patch.write", () => writePatch(baseline, request));
  if (written.kind === "too-large") {
    addBlocker(
      draft,
      "artifact_write_failure",
      `the patch alone is larger than budget.artifact_bytes (${written.maxBytes} bytes)`,
    );
    return [];
  }
  const secrets = await scanPatch(folders.patch);
  if (secrets.length > 0) {
    const path = ports.store.writeQuarantine(context.runId, "patch.diff", await readFile(folders.patch));
    draft.quarantine = { path, bytes: written.bytes, sha256: written.sha256, findings: secrets };
    return secrets;
  }
  draft.patchBytes = written.bytes;
  return [];
}

async function scanPatch(file: string): Promise<readonly SecretFinding[]> {
  const scanner = createPatchScanner();
  let rest = "";
  for await (const chunk of createReadStream(file, { encoding: "utf8", highWaterMark: 1 << 20 })) {
    const lines = (rest + String(chunk)).split("\n");
    rest = (lines.pop() ?? "").slice(0, 1 << 20);
    for (const line of lines) scanner.addLine(line);
  }
  if (rest !== "") scanner.addLine(rest);
  return scanner.findings();
}

async function findDifferences(
  context: RunContext,
  result: WrittenTree,
  fresh: Checkout,
  after: Snapshot,
): Promise<readonly string[]> {
  const baseline = context.draft.baseline;
  if (baseline === null) return ["."];
  const freshSnapshot = await takeSnapshot(fresh.directory, { skipGit: true });
  const left =
    context.task.setup.length === 0 ? null : await writeResultTree(baseline, fresh, { snapshot: freshSnapshot });
  const except = [...result.ignored, ...result.leftOut, ...(left?.kind === "written" ? left.ignored : [])];
  return compareTrees(freshSnapshot, after, { except })
    .filter(({ before, after: now }) => (before ?? now)?.kind !== "directory")
    .map(({ path }) => path);
}

/** Splits what changed on disk into the work tree's part and that of `.git`. */
function toDiskFacts(
  changes: readonly SnapshotChange[],
  ignored: ReadonlySet<string>,
): { diskChanges: DiskChange[]; gitChanges: GitChange[] } {
  const diskChanges: DiskChange[] = [];
  const gitChanges: GitChange[] = [];
  for (const { path, change, before, after } of changes) {
    const entry = {
      change,
      kindBefore: before?.kind ?? null,
      kindAfter: after?.kind ?? null,
      linkCount: after?.nlink ?? 1,
      symlinkTarget: after?.symlinkTarget ?? null,
    };
    if (path === ".git") gitChanges.push({ ...entry, path: "." });
    else if (path.startsWith(".git/")) gitChanges.push({ ...entry, path: path.slice(5) });
    else if (path.startsWith('".git/')) gitChanges.push({ ...entry, path: `"${path.slice(6)}` });
    else diskChanges.push({ ...entry, path, ignored: ignored.has(path) });
  }
  return { diskChanges, gitChanges };
}
