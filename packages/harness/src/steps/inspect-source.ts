import { readGitState, readSourceDigests } from "@cto/git-state";
import { readBranch } from "@cto/workspace";
import { readTargetId } from "../outcome/read-target-id.ts";
import { addBlocker, type RunContext } from "../run/run-context.ts";

/** Looks at the source before anything happens: its lossy state, its digests. A dirty target blocks the run. Writes `task.contract.created`. */
export async function inspectSource(
  context: RunContext,
  digests: { readonly task: string; readonly policy: string },
): Promise<void> {
  const { draft, record, repository, stage } = context;
  if (repository !== null) {
    draft.gitState = await record.timed("source.state", () => readGitState(repository.topLevel));
    draft.sourceBefore = await record.timed("source.digests", () => readSourceDigests(repository));
    draft.targetId = await record.timed("source.roots", () => readTargetId(repository));
    draft.hasBranchInTheWay = stage === 5 && (await readBranch(repository, "cto")) !== null;
    if (repository.kind === "work-tree" && !draft.gitState.clean) {
      const { staged, unstaged, untracked } = draft.gitState;
      addBlocker(
        draft,
        "dirty_starting_tree",
        `the target has ${staged} staged, ${unstaged} unstaged and ${untracked} untracked change(s)`,
      );
    }
  }
  record.event(
    "task.contract.created",
    {
      task_id: context.task.id,
      stage,
      task_digest: digests.task,
      policy_digest: digests.policy,
      source_commit: repository?.commit ?? null,
      target_id: draft.targetId,
      source_shallow: repository?.shallow ?? false,
      source_digests: draft.sourceBefore === null ? null : { ...draft.sourceBefore },
    },
    draft.blockers,
  );
}
