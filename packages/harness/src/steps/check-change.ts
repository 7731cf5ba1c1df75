import { judgeClaims } from "@cto/gates";
import { addBlockers, type RunContext } from "../run/run-context.ts";
import type { BroughtFolder } from "./bring-folders.ts";
import type { JudgedChanges } from "./judge-changes.ts";
import { landDisposable } from "./land-disposable.ts";
import { verifyChange } from "./verify-change.ts";

/** Verifies the change if there is one to verify, compares the engine's claims with what was seen, and writes `verification.completed`. */
export async function checkChange(
  context: RunContext,
  judged: JudgedChanges,
  brought: readonly BroughtFolder[],
): Promise<void> {
  const { draft, ports, record, task } = context;
  const stopped = context.stop.aborted;
  if (judged.kind === "refused") draft.notVerified = judged.reason;
  else if (stopped) draft.notVerified = "the run was ended early";
  else if (draft.effects?.changes.length === 0 && task.diff_required)
    draft.notVerified = "the engine did not finish and changed nothing";
  else {
    ports.onProgress({
      step: "verification",
      state: "started",
      note: task.verification.map(({ id }) => id).join(", "),
    });
    await verifyChange(context, judged.checkout, brought);
    if (context.stage === 4 && draft.blockers.length === 0) await landDisposable(context);
  }
  const ran = draft.notVerified === null;
  const claims = judgeClaims({
    claims: draft.outcome?.claims ?? {},
    changedFiles: draft.effects?.changes.map(({ path }) => path) ?? [],
    verificationPassed: ran ? draft.verification.every(({ passed }) => passed) : null,
    committed: draft.committed,
  });
  draft.claimsMatch = claims.match;
  addBlockers(draft, claims.blockers);
  const blockers = draft.blockers.filter(({ event }) => event === "verification.completed");
  if (ran || blockers.length > 0) {
    record.event(
      "verification.completed",
      {
        ran,
        checks: draft.verification.map(({ id, exit, passed, resolved }) => ({
          id,
          exit: { ...exit },
          passed,
          resolved: resolved === null ? null : { path: resolved.path, sha256: resolved.sha256 },
        })),
      },
      blockers,
    );
  }
  ports.onProgress({
    step: "verification",
    state: ran && blockers.length === 0 ? "passed" : "failed",
    note: ran ? "" : (draft.notVerified ?? ""),
  });
}
