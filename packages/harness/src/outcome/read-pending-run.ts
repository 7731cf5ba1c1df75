import { join } from "node:path";
import { readBundleFacts, type Store, toOutcomeRun, verifyEd25519 } from "@cto/bundle-store";
import { type OutcomeFacts, type Report, RUN_FILES, type TrustedKey, verifyBundle } from "@cto/evidence-interface";
import { type OutcomeRefusal, refuse } from "./outcome-decision.ts";

/** A run that waits for a person's word, from bytes that were verified a moment ago. */
export interface PendingRun {
  readonly kind: "pending";
  readonly runId: string;
  /** Absolute path of the run directory. */
  readonly directory: string;
  readonly report: Report;
  readonly run: OutcomeFacts["run"];
  readonly targetId: string;
  readonly baseCommit: string;
  readonly resultTree: string;
  /** Without `refs/heads/`. */
  readonly branch: `cto/${string}`;
}

/**
 * Verifies the bundle of a run, in full and without any cache, and answers what there is to decide: a passed run of stage 5 whose landing is pending.
 * Throws what reading throws.
 */
export function readPendingRun(
  store: Store,
  runId: string,
  trustedKeys: readonly TrustedKey[],
): PendingRun | OutcomeRefusal {
  const directory = join(store.root, "runs", runId);
  const facts = readBundleFacts(directory);
  const { findings, run_id, verdict } = verifyBundle({
    ...facts,
    signatures: { verify: verifyEd25519, trusted: trustedKeys },
  });
  if ((verdict !== "valid" && verdict !== "unsigned") || run_id !== runId) {
    const [first] = findings;
    const why = run_id === runId ? (first?.message ?? "no finding") : `it holds the run ${run_id ?? "of nobody"}`;
    return refuse("bundle_not_valid", `the bundle does not verify (${verdict}): ${why}`, seeBundle(runId));
  }
  const manifest = facts.documents.get(RUN_FILES.manifest);
  const reportBytes = facts.documents.get(RUN_FILES.report);
  if (manifest === undefined || reportBytes === undefined)
    throw new Error("a bundle that verifies has a manifest and a report");
  const run = toOutcomeRun({ runId, manifest, report: reportBytes });
  const entry = store.readLedger().entries.findLast((one) => one.run_id === runId);
  if (entry?.kind !== "sealed" || entry.manifest_sha256 !== run.manifest_sha256) {
    const message = "the ledger does not name this bundle, so it was not sealed here";
    return refuse("run_not_in_ledger", message, "Run the task here: cto run ... --stage 5 --target DIR.");
  }
  return toPending({ directory, run, runId, report: JSON.parse(new TextDecoder().decode(reportBytes)) as Report });
}

function toPending(found: Pick<PendingRun, "directory" | "report" | "run" | "runId">): PendingRun | OutcomeRefusal {
  const { report, run, runId } = found;
  const { base_commit: baseCommit, result_tree: resultTree, target_id: targetId } = run;
  const isPending = report.stage === 5 && report.status === "pass" && report.landing === "pending";
  if (!isPending || baseCommit === null || resultTree === null || targetId === null) {
    const message = `there is nothing to decide: the run is at stage ${report.stage}, ${report.status}, landing ${report.landing}`;
    return refuse("run_not_pending", message, "Only a passed run of stage 5 is accepted or rejected: cto runs list.");
  }
  return { kind: "pending", ...found, baseCommit, resultTree, targetId, branch: `cto/${runId}` };
}

function seeBundle(runId: string): string {
  return `cto verify ${runId} shows every finding. Restore the bundle from a copy, or run the task again.`;
}
