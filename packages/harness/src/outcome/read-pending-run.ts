import { join } from "node:path";
import { readBundleFacts, readEvidenceOf, type Store, toOutcomeRun, verifyEd25519 } from "@cto/bundle-store";
import {
  approvalPacketSchema,
  type OutcomeFacts,
  PROOF_FILES,
  type Report,
  RUN_FILES,
  type TrustedKey,
  verifyBundle,
} from "@cto/evidence-interface";
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
  /** Id of the target's admission, as the approver was told it. */
  readonly targetName: string;
  readonly baseCommit: string;
  readonly resultTree: string;
  /** Without `refs/heads/`. */
  readonly branch: `cto/${string}`;
}

/**
 * Verifies the bundle of a run, in full and without any cache, and answers what there is to decide: a passed run of stage 5 whose landing is pending. What
 * the ladder would not count is not accepted either: the run stands in the ledger once, by its own process, with no gap behind it, and the approval that it
 * shows was spent by it here. Throws what reading throws.
 */
export function readPendingRun(
  store: Store,
  runId: string,
  trustedKeys: readonly TrustedKey[],
): PendingRun | OutcomeRefusal {
  const directory = join(store.root, "runs", runId);
  const facts = readBundleFacts(directory);
  const signatures = { verify: verifyEd25519, trusted: trustedKeys };
  const { findings, run_id, verdict } = verifyBundle({ ...facts, signatures });
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
  const evidence = readEvidenceOf(runId, { home: store.home, signatures, derive: () => null });
  if (evidence?.state !== "verified" || evidence.manifest_sha256 !== run.manifest_sha256) {
    const why =
      evidence === null || evidence.state === "verified" ? "the ledger names no such bundle" : evidence.reason;
    const message = `the bundle does not count as sealed here: ${why}`;
    return refuse("run_not_in_ledger", message, "Run the task here: cto run ... --stage 5 --target DIR.");
  }
  const targetName = toTargetName(facts.documents.get(PROOF_FILES.approvalPacket));
  const report = JSON.parse(new TextDecoder().decode(reportBytes)) as Report;
  return toPending({ directory, run, runId, report, targetName });
}

/** Null for a run without a packet, or with one for no admitted target: such a run waits for nobody. */
function toTargetName(packet: Uint8Array | undefined): string | null {
  if (packet === undefined) return null;
  return approvalPacketSchema.parse(JSON.parse(new TextDecoder().decode(packet))).target?.name ?? null;
}

type FoundRun = Pick<PendingRun, "directory" | "report" | "run" | "runId"> & { readonly targetName: string | null };

function toPending(found: FoundRun): PendingRun | OutcomeRefusal {
  const { report, run, runId, targetName } = found;
  const { base_commit: baseCommit, result_tree: resultTree, target_id: targetId } = run;
  const isPending = report.stage === 5 && report.status === "pass" && report.landing === "pending";
  if (!isPending || baseCommit === null || resultTree === null || targetId === null || targetName === null) {
    const message = `there is nothing to decide: the run is at stage ${report.stage}, ${report.status}, landing ${report.landing}`;
    return refuse("run_not_pending", message, "Only a passed run of stage 5 is accepted or rejected: cto runs list.");
  }
  return { kind: "pending", ...found, baseCommit, resultTree, targetId, targetName, branch: `cto/${runId}` };
}

function seeBundle(runId: string): string {
  return `cto verify ${runId} shows every finding. Restore the bundle from a copy, or run the task again.`;
}
