import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { type DisposableProof, PROOF_FILES, SCHEMAS } from "@cto/evidence-interface";
import { createDisposable, landResult, readDisposableState, removeTree } from "@cto/workspace";
import { addBlocker, type RunContext } from "../run/run-context.ts";

/**
 * Stage 4: lands a verified result in a repository that was made for this run alone, the same way as `cto accept` lands one in a target, and looks whether
 * anything but the run's branch came to be. Then the repository is removed, or kept if that was asked for. Writes `proofs/disposable.json`.
 */
export async function landDisposable(context: RunContext): Promise<void> {
  const { clock, draft, folders, ports, record, repository, request, runId, task, writer } = context;
  if (repository === null || draft.resultTree === null) throw new Error("stage 4 has a repository and a result");
  const directory = join(folders.scratch, "disposable.git");
  const branch = `cto/${runId}` as const;
  const source = { source: repository, commit: repository.commit, directory, signal: ports.signal };
  const disposable = await record.timed("disposable.create", () => createDisposable(source));
  const before = await readDisposableState(directory, branch);
  const landing = await record.timed("disposable.land", () =>
    landResult({
      target: disposable,
      baseCommit: repository.commit,
      patchFile: folders.patch,
      expectedTree: draft.resultTree ?? "",
      branch,
      message: `${task.title}\n\nCto-Run: ${runId}\n`,
      at: clock.now(),
      scratch: join(folders.scratch, "landing"),
      signal: ports.signal,
    }),
  );
  const after = await readDisposableState(directory, branch);
  const place = request.retain && landing.kind === "landed" ? await keep(context, directory) : null;
  if (place === null) await removeTree(directory);
  if (landing.kind !== "landed") {
    const why = landing.kind === "refused" ? landing.message : `it was ${landing.kind}`;
    addBlocker(
      draft,
      "patch_not_applicable",
      context.hider.text(`the result does not land in the throwaway repository: ${why}`),
    );
    return;
  }
  const proof: DisposableProof = {
    schema: SCHEMAS.disposableProof,
    run_id: runId,
    base_commit: repository.commit,
    branch: `refs/heads/${branch}`,
    commit: landing.commit,
    tree: landing.tree,
    other_refs_before: before.other_refs_sha256,
    other_refs_after: after.other_refs_sha256,
    head_unmoved: before.head === after.head,
    remotes: after.remotes,
    disposal: place === null ? "disposed" : "retained",
    note: place === null ? "removed when the run had looked at it" : `kept as ${place}; \`cto runs rm\` removes it`,
  };
  await writer.writeDocument(PROOF_FILES.disposable, proof);
  if (!proof.head_unmoved || proof.other_refs_before !== proof.other_refs_after || proof.remotes > 0)
    addBlocker(
      draft,
      "patch_not_applicable",
      "the landing moved more than the run's own branch in the throwaway repository",
    );
}

/** Where it is kept, relative to the home. */
async function keep({ ports, runId }: RunContext, directory: string): Promise<string> {
  const folder = join(ports.store.root, "disposable", runId);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rename(directory, join(folder, "repository.git"));
  return `.cto/disposable/${runId}/repository.git`;
}
