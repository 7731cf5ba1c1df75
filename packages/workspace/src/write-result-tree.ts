import { CtoError, messageOf } from "@cto/errors";
import { toPathText } from "@cto/evidence-interface";
import { copyIndex } from "./check-out.ts";
import { type IndexPlan, listUntreeable, planIndex } from "./plan-index.ts";
import { createTreeChangeReader } from "./tree-change-reader.ts";
import { listWorkTree } from "./work-tree-listing.ts";
import type { Baseline, Checkout, Snapshot, TreeChange } from "./workspace-contract.ts";
import { runWorkspaceGit } from "./workspace-git.ts";

export interface ResultTreeOptions {
  /** The disk as it is now, with or without `.git`. */
  readonly snapshot: Snapshot;
  /** Untracked files (path texts) that are to be treated as if git ignored them. */
  readonly leaveOut?: (path: string) => boolean;
  readonly signal?: AbortSignal | undefined;
}

export type ResultTree =
  | {
      readonly kind: "written";
      readonly tree: string;
      /** Against `checkout.tree`, in git's order. */
      readonly changes: readonly TreeChange[];
      /** Path texts of untracked files that git ignores now or that `leaveOut` names. */
      readonly ignored: readonly string[];
      /** Path texts that stay out of any tree: nested repositories, special files, names like `.GIT`, contents of submodules. */
      readonly leftOut: readonly string[];
      /** The same directory, with `tree` as the one that later changes are told against. */
      readonly checkout: Checkout;
    }
  /** Something in the work tree keeps git from reading it; no tree was written. */
  | { readonly kind: "unreadable"; readonly message: string };

/** Git reads these itself and as a whole: it would wait for ever at a fifo, and hold what a huge one holds. */
const rules = /(?:^|[/"])\.git(?:ignore|attributes|modules)"?$/;
const maxRulesBytes = 1024 * 1024;

/**
 * Writes the work tree (tracked and untracked, not ignored files) as a tree object into the baseline's private repository, through a copy
 * of the checkout's private index. Of the workspace's own `.git`, of nested repositories and of submodules nothing is read; `.gitignore`
 * and `.gitattributes` count, filters never run. What an engine can cause is answered, not thrown. Throws what `runGit` throws otherwise.
 * Caller: no process may still write; the snapshot was taken since, with a bound on the bytes that git then reads too.
 */
export async function writeResultTree(
  baseline: Baseline,
  checkout: Checkout,
  { snapshot, leaveOut, signal }: ResultTreeOptions,
): Promise<ResultTree> {
  const trap = findTrap(snapshot);
  if (trap !== undefined) return { kind: "unreadable", message: trap };
  try {
    const listing = await listWorkTree(baseline, checkout, snapshot, signal);
    const plan = planIndex(listing, { snapshot, leaveOut });
    const next = await writePlannedTree(baseline, checkout, plan, signal);
    const isEntry = (path: string): boolean => snapshot.byPath.get(path)?.kind !== "directory";
    return {
      kind: "written",
      ...next,
      ignored: [...listing.ignored.map(toText).filter(isEntry), ...plan.passedOver].sort(),
      leftOut: [...new Set([...plan.leftOut, ...listUntreeable(snapshot)])].sort(),
    };
  } catch (thrown) {
    const caused = CtoError.is(thrown) && (thrown.code === "GIT_FAILED" || thrown.code === "GIT_TIMED_OUT");
    if (caused) return { kind: "unreadable", message: messageOf(thrown) };
    throw thrown;
  }
}

function toText(latin1: string): string {
  return toPathText(Buffer.from(latin1, "latin1"));
}

/** What git must not be shown: a special file or a huge one under a name that git opens for reading. */
function findTrap(snapshot: Snapshot): string | undefined {
  for (const { kind, path, size } of snapshot.byPath.values()) {
    if (!rules.test(path)) continue;
    if (kind === "other") return `${path} is neither file nor folder, and git would read it`;
    if (kind === "file" && size > maxRulesBytes) return `${path} has ${size} bytes, and git would read them all`;
  }
  return undefined;
}

async function writePlannedTree(
  baseline: Baseline,
  checkout: Checkout,
  plan: IndexPlan,
  signal: AbortSignal | undefined,
): Promise<{ tree: string; changes: readonly TreeChange[]; checkout: Checkout }> {
  if (plan.remove.length + plan.store.length === 0) return { tree: checkout.tree, changes: [], checkout };
  const index = await copyIndex(baseline, checkout.index);
  const places = { workTree: checkout.directory, indexFile: index, signal };
  if (plan.remove.length > 0) {
    // Not `--remove`: that refuses a path whose folder has become a link.
    const none = "0".repeat(checkout.tree.length);
    const stdin = Buffer.from(plan.remove.map((path) => `0 ${none}\t${path}\0`).join(""), "latin1");
    await runWorkspaceGit(baseline, { args: ["update-index", "-z", "--index-info"], ...places, stdin });
  }
  if (plan.store.length > 0) {
    const stdin = Buffer.from(plan.store.map((path) => `${path}\0`).join(""), "latin1");
    await runWorkspaceGit(baseline, {
      args: ["update-index", "--add", "--replace", "-z", "--stdin"],
      ...places,
      stdin,
    });
  }
  const [written, changes] = await Promise.all([
    runWorkspaceGit(baseline, { args: ["write-tree"], ...places }),
    readTreeChanges(baseline, checkout.tree, index, signal),
  ]);
  const tree = new TextDecoder().decode(written.stdout).trim();
  return { tree, changes, checkout: { ...checkout, index, tree } };
}

async function readTreeChanges(
  baseline: Baseline,
  from: string,
  index: string,
  signal: AbortSignal | undefined,
): Promise<readonly TreeChange[]> {
  const reader = createTreeChangeReader();
  await runWorkspaceGit(baseline, {
    args: ["diff-index", "--cached", "--raw", "--no-abbrev", "-z", "--no-renames", "--ignore-submodules=none", from],
    indexFile: index,
    signal,
    onStdout: (chunk) => reader.push(chunk),
  });
  return reader.end();
}
