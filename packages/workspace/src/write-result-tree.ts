import { CtoError, messageOf } from "@cto/errors";
import { toPathText } from "@cto/evidence-interface";
import { createRecordSplitter } from "@cto/git-state";
import { copyIndex } from "./check-out.ts";
import { type IndexPlan, listUntreeable, planIndex, type WorkTreeListing } from "./plan-index.ts";
import { createTreeChangeReader } from "./tree-change-reader.ts";
import type { Baseline, Checkout, Snapshot, TreeChange } from "./workspace-contract.ts";
import { runWorkspaceGit } from "./workspace-git.ts";

export interface ResultTreeOptions {
  /** The disk as it is now, with or without `.git`. */
  readonly snapshot: Snapshot;
  /** Untracked files (path texts) that are to be treated as if git ignored them. */
  readonly leaveOut?: (path: string) => boolean;
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

/** Git reads these itself, and would wait for ever at a fifo. A listing of a million files takes seconds. */
const listingMs = 120_000;

/**
 * Writes the work tree (tracked and untracked, not ignored files) as a tree object into the baseline's private repository, through a copy
 * of the checkout's private index. Of the workspace's own `.git` nothing is read; `.gitignore` and `.gitattributes` count, filters never
 * run. What an engine can cause is answered, not thrown. Throws what `runGit` throws otherwise. Caller: no process may still write.
 */
export async function writeResultTree(
  baseline: Baseline,
  checkout: Checkout,
  { snapshot, leaveOut }: ResultTreeOptions,
): Promise<ResultTree> {
  const trap = findTrap(snapshot);
  if (trap !== undefined)
    return { kind: "unreadable", message: `${trap} is neither file nor folder, and git would read it` };
  try {
    const listing = await listWorkTree(baseline, checkout);
    const plan = planIndex(listing, { snapshot, submodules: baseline.submodules, leaveOut });
    const next = await writePlannedTree(baseline, checkout, plan);
    return {
      kind: "written",
      ...next,
      ignored: [...listing.ignored.filter((path) => !path.endsWith("/")).map(toText), ...plan.passedOver].sort(),
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

/** A special file under a name that git opens for reading. */
function findTrap(snapshot: Snapshot): string | undefined {
  for (const { kind, path } of snapshot.byPath.values()) {
    if (kind === "other" && /(?:^|[/"])(?:\.gitignore|\.gitattributes|\.gitmodules|.+\/\.git\/.*)"?$/.test(path))
      return path;
  }
  return undefined;
}

async function listWorkTree(baseline: Baseline, checkout: Checkout): Promise<WorkTreeListing> {
  const list = async (...selection: readonly string[]): Promise<readonly string[]> => {
    const found: string[] = [];
    const splitter = createRecordSplitter((record) => found.push(Buffer.from(record).toString("latin1")));
    await runWorkspaceGit(baseline, {
      args: ["ls-files", "-z", ...selection, "--exclude-standard"],
      workTree: checkout.directory,
      indexFile: checkout.index,
      onStdout: (chunk) => splitter.push(chunk),
      timeoutMs: listingMs,
    });
    splitter.end();
    return found;
  };
  const [tagged, ignored] = await Promise.all([
    list("-t", "--modified", "--deleted", "--others"),
    list("--others", "--ignored"),
  ]);
  const untracked = tagged.filter((record) => record.startsWith("? "));
  const tracked = tagged.filter((record) => !record.startsWith("? "));
  const toPath = (record: string): string => record.slice(2);
  return { tracked: tracked.map(toPath), untracked: untracked.map(toPath), ignored };
}

async function writePlannedTree(
  baseline: Baseline,
  checkout: Checkout,
  plan: IndexPlan,
): Promise<{ tree: string; changes: readonly TreeChange[]; checkout: Checkout }> {
  if (plan.remove.length + plan.store.length === 0) return { tree: checkout.tree, changes: [], checkout };
  const index = await copyIndex(baseline, checkout.index);
  const places = { workTree: checkout.directory, indexFile: index };
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
    readTreeChanges(baseline, checkout.tree, index),
  ]);
  const tree = new TextDecoder().decode(written.stdout).trim();
  return { tree, changes, checkout: { ...checkout, index, tree } };
}

async function readTreeChanges(baseline: Baseline, from: string, index: string): Promise<readonly TreeChange[]> {
  const reader = createTreeChangeReader();
  await runWorkspaceGit(baseline, {
    args: ["diff-index", "--cached", "--raw", "--no-abbrev", "-z", "--no-renames", "--ignore-submodules=none", from],
    indexFile: index,
    onStdout: (chunk) => reader.push(chunk),
  });
  return reader.end();
}
