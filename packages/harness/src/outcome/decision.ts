import { join } from "node:path";
import type { OutcomeDraft, Signer, Store } from "@cto/bundle-store";
import { oneLine } from "@cto/errors";
import type { Outcome, TrustedKey } from "@cto/evidence-interface";
import type { Repository } from "@cto/git-state";
import { toLandingCommitId } from "@cto/workspace";
import type { PendingRun } from "./read-pending-run.ts";

export interface DecideOutcomeOptions {
  readonly runId: string;
  readonly outcome: Outcome["outcome"];
  readonly reason: string | null;
  readonly signer: Signer;
  readonly store: Store;
  /** The repository that the run was for; null only where a rejection knows none. */
  readonly targetDirectory: string | null;
  readonly now: Date;
}

/** What the parts of one decision share. */
export interface Decision extends DecideOutcomeOptions {
  readonly pending: PendingRun;
  readonly trustedKeys: readonly TrustedKey[];
  readonly draft: OutcomeDraft;
  readonly target: Repository | null;
}

/** Where a landing works. */
export function scratchOf({ runId, store }: Decision): string {
  return join(store.root, "tmp", `outcome-${runId}`);
}

/** The commit of a landing: the same for everybody who accepts this run, whenever: a landing that was cut short is known again by its id. */
export function toCommit({ baseCommit, report, resultTree, run }: PendingRun, { objectFormat }: Repository) {
  const trailers = `Cto-Run: ${run.run_id}\nCto-Manifest-Sha256: ${run.manifest_sha256}\n`;
  const message = `${oneLine(report.title)}\n\n${trailers}`;
  const at = new Date(run.finished_at);
  const id = toLandingCommitId({ tree: resultTree, parent: baseCommit, message, at }, objectFormat);
  return { id, message, at };
}
