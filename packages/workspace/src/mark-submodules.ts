import { fromPathText } from "@cto/evidence-interface";
import type { Baseline } from "./workspace-contract.ts";
import { runWorkspaceGit } from "./workspace-git.ts";

/**
 * Marks the submodules in a private index so that git never looks into their folders again: to tell whether a submodule changed it would
 * follow HEAD and refs of a repository that an engine can write, and one of them can be a link to `/dev/zero`. Starts nothing where there
 * are none. Source: git-update-index(1), "Skip-worktree bit".
 */
export async function markSubmodules(
  baseline: Baseline,
  place: { readonly workTree: string; readonly indexFile: string },
  submodules: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (submodules.length === 0) return;
  const stdin = Buffer.concat(
    submodules.flatMap((path) => [fromPathText(path) ?? Buffer.from(path), Buffer.from("\0")]),
  );
  // With the work tree: git compares what is younger than the index before it writes a younger one.
  await runWorkspaceGit(baseline, {
    args: ["update-index", "--skip-worktree", "-z", "--stdin"],
    ...place,
    stdin,
    signal,
  });
}
