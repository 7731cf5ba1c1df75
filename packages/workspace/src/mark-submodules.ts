import { createRecordSplitter } from "@cto/git-state";
import type { Baseline } from "./workspace-contract.ts";
import { runWorkspaceGit } from "./workspace-git.ts";

/**
 * Marks the submodules in a private index so that git never looks into their folders again: to tell whether a submodule changed it would
 * follow HEAD and refs of a repository that an engine can write, and one of them can be a link to `/dev/zero`. Starts nothing where the
 * baseline has none. Source: git-update-index(1), "Skip-worktree bit". Caller: no engine has written to the work tree yet.
 */
export async function markSubmodules(
  baseline: Baseline,
  place: { readonly workTree: string; readonly indexFile: string },
  signal: AbortSignal | undefined,
): Promise<void> {
  if (baseline.submodules.length === 0) return;
  const found: Uint8Array[] = [];
  const splitter = createRecordSplitter((record) => {
    // `160000 <id> <stage>\t<path>`, with the terminator that the next command wants.
    const entry = Buffer.from(record);
    if (entry.toString("latin1", 0, 6) === "160000") found.push(entry.subarray(entry.indexOf(9) + 1), Buffer.of(0));
  });
  await runWorkspaceGit(baseline, {
    args: ["ls-files", "-z", "--stage"],
    ...place,
    onStdout: (chunk) => splitter.push(chunk),
    signal,
  });
  splitter.end();
  if (found.length === 0) return;
  // With the work tree: git compares what is younger than the index before it writes a younger one.
  const args = ["update-index", "--skip-worktree", "-z", "--stdin"] as const;
  await runWorkspaceGit(baseline, { args, ...place, stdin: Buffer.concat(found), signal });
}
