import { CtoError } from "@cto/errors";
import { type DiskChange, type EffectFacts, type GitChange, isByProduct } from "@cto/gates";
import {
  compareSnapshots,
  type ResultTree,
  readPackedRefs,
  readRemotes,
  readWorkspaceHead,
  type Snapshot,
  type DiskChange as SnapshotChange,
  takeSnapshot,
  writeResultTree,
} from "@cto/workspace";
import { lookAtSource } from "../run/look-at-source.ts";
import { addBlocker, isDiskRefusal, type RunContext, RunEnded } from "../run/run-context.ts";
import type { KeptPatch } from "../run/run-draft.ts";
import { toBudgetHint } from "../run/to-budget-hint.ts";
import { judgeAttempts } from "./hear-engine.ts";
import { keepPatch } from "./keep-patch.ts";
import type { WorkTrees } from "./make-workspace.ts";

export type WrittenTree = Extract<ResultTree, { kind: "written" }>;

/** What the engine left, as facts for the gate; or why nobody can tell. */
export type CollectedEffects =
  | {
      readonly kind: "collected";
      readonly facts: EffectFacts;
      readonly result: WrittenTree;
      readonly after: Snapshot;
      readonly patch: KeptPatch | null;
    }
  | { readonly kind: "unreadable"; readonly message: string; readonly sourceChanged: boolean | null };

/** Looks at the disk after the engine: second snapshot, result tree, patch, the engine's own HEAD, the source. Decides nothing. */
export async function collectEffects(context: RunContext, trees: WorkTrees): Promise<CollectedEffects> {
  const { draft, folders, ports, record, task } = context;
  const { before, branch, checkout, packedRefs } = trees.workspace;
  const { baseline } = draft;
  if (baseline === null) throw new Error("the baseline is made before the engine runs");
  const signal = toPatience(ports.signal);
  const sourceChanged = await didSourceChange(context);
  const options = { previous: before, maxBytes: snapshotLimit(context), signal };
  const after = await record
    .timed("effects.snapshot", () => takeSnapshot(folders.workspace, options))
    .catch((thrown: unknown) => toUnreadable(context, thrown));
  if (typeof after === "string") return { kind: "unreadable", message: after, sourceChanged };
  draft.snapshotAfter = { sha256: after.sha256, entries: after.entries };
  const { policy } = draft;
  // Asked of untracked files alone. Those that setup left are left out too: the engine's touch on one shows in the snapshots.
  const leaveOut = (path: string) => isByProduct(policy, path);
  const result = await record.timed("effects.result-tree", () =>
    writeResultTree(baseline, checkout, { snapshot: after, leaveOut, signal }),
  );
  if (result.kind === "unreadable") {
    if (isDiskRefusal(new Error(result.message))) {
      addBlocker(draft, "artifact_write_failure", `the disk refused: ${context.hider.text(result.message)}`);
      throw new RunEnded("no room for the result");
    }
    return { kind: "unreadable", message: context.hider.text(result.message), sourceChanged };
  }
  const [head, { patch, secrets }] = await Promise.all([
    record.timed("effects.head", () => readWorkspaceHead(baseline, checkout)),
    keepPatch(context, result),
  ]);
  draft.committed = head.kind === "known" && head.moved;
  if (head.kind === "known" && head.moved && head.tree !== result.tree) {
    addBlocker(
      draft,
      "dirty_ending_tree",
      "the engine committed, and its last commit is not what it left in the work tree",
    );
  }
  judgeAttempts(context, await readRemotes(folders.workspace));
  const refs = toChangedRefs(packedRefs, await readPackedRefs(folders.workspace));
  const finished = draft.outcome?.kind === "completed" && draft.outcome.terminal_event_seen;
  const facts: EffectFacts = {
    // An engine that did not finish has not answered; see docs/adr/0008.
    policy,
    diffRequired: task.diff_required && finished,
    treeChanges: result.changes,
    ...toDiskFacts(compareSnapshots(before, after), new Set(result.ignored), refs),
    currentBranchRef: branch,
    sourceChanged,
    checkoutDifferences: [],
    secretMatches: secrets,
  };
  return { kind: "collected", facts, result, after, patch };
}

/** An interrupted run still keeps its work, if that takes no longer than a person waits; otherwise an interruption ends the looking too. */
export function toPatience(interruption: AbortSignal): AbortSignal {
  return interruption.aborted ? AbortSignal.timeout(5000) : interruption;
}

/** Bytes of work tree that the harness reads at once: what was there before, and as much again as the run may leave. */
export function snapshotLimit({ budget, draft }: RunContext): number {
  return budget.artifact_bytes + (draft.workspaceBytes ?? 0);
}

/** Why the disk that the engine left cannot be read; throws what is not the engine's doing. */
function toUnreadable(context: RunContext, thrown: unknown): string {
  if (context.ports.signal.aborted) throw thrown;
  if (!CtoError.is(thrown)) throw thrown;
  if (thrown.code === "WORKSPACE_TOO_LARGE") {
    addBlocker(
      context.draft,
      "artifact_write_failure",
      `the engine left more than budget.artifact_bytes (${context.budget.artifact_bytes} bytes): ${thrown.message}`,
      toBudgetHint(context, "artifact_bytes"),
    );
    throw new RunEnded("too large");
  }
  if (thrown.code !== "WORKSPACE_UNREADABLE") throw thrown;
  return thrown.message;
}

/** Null if the source cannot be read any more; the gate takes that for a change. A target whose owner moved on is no damage, and said at the end. */
async function didSourceChange(context: RunContext): Promise<boolean | null> {
  const look = await lookAtSource(context);
  if (look === "moved") {
    addBlocker(context.draft, "target_moved", "the target's HEAD moved while the engine worked");
    return false;
  }
  return look === "unreadable" ? null : look === "changed";
}

/** Names of the packed refs whose value differs; undefined if either side cannot be read. */
function toChangedRefs(
  before: ReadonlyMap<string, string> | undefined,
  after: ReadonlyMap<string, string> | undefined,
): readonly string[] | undefined {
  if (before === undefined || after === undefined) return undefined;
  return [...new Set([...before.keys(), ...after.keys()])].filter((ref) => before.get(ref) !== after.get(ref));
}

/** Splits what changed on disk into the work tree's part and that of `.git`. */
function toDiskFacts(
  changes: readonly SnapshotChange[],
  ignored: ReadonlySet<string>,
  refs: readonly string[] | undefined,
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
    const inGit = toGitPath(path);
    if (inGit === undefined) diskChanges.push({ ...entry, path, ignored: ignored.has(path) });
    else gitChanges.push({ ...entry, path: inGit, ...(inGit === "packed-refs" && refs !== undefined ? { refs } : {}) });
  }
  return { diskChanges, gitChanges };
}

function toGitPath(path: string): string | undefined {
  if (path === ".git") return ".";
  if (path.startsWith(".git/")) return path.slice(5);
  return path.startsWith('".git/') ? `"${path.slice(6)}` : undefined;
}
