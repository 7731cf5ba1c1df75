import path from "node:path";
import { type Envelope, toCanonicalJson } from "@cto/evidence-interface";
import { createExclusive, replaceDurably } from "../create-exclusive.ts";
import { storeError, writeFailed } from "../store-error.ts";
import { APPROVAL_FILES, type ApprovalRecord, readApprovalFolder } from "./approval-folder.ts";

export interface WriteDecisionOptions {
  /**
   * Asked about the bytes of a decision that is there already: true if it counts for nothing (nobody who is trusted signed it) and may be
   * replaced. Without it every decision stays.
   */
  readonly isReplaceable?: (bytes: Uint8Array) => boolean;
}

/** Throws `APPROVAL_SPENT` if a run has claimed the packet, `APPROVAL_DECIDED` if a decision is there that stays. */
export function checkOpenForDecision(
  { claim, decision, sha256 }: ApprovalRecord,
  options: WriteDecisionOptions = {},
): void {
  if (claim !== null) throw spent(sha256, claim.run_id);
  if (decision !== null && options.isReplaceable?.(decision.bytes) !== true) throw decided(sha256);
}

/**
 * Puts a decision beside the packet of a folder, as canonical bytes; `shown` is the folder's path for messages. Throws `APPROVAL_NOT_FOUND`, and
 * what `checkOpenForDecision` and `readApprovalFolder` throw. Callers that may replace a decision must hold a lock.
 */
export function writeDecision(
  folder: string,
  shown: string,
  envelope: Envelope,
  options: WriteDecisionOptions = {},
): void {
  const record = readApprovalFolder(folder, shown);
  if (record === undefined)
    throw storeError(
      "APPROVAL_NOT_FOUND",
      `There is no packet in ${shown}.`,
      "`cto run` writes one when it needs an approval.",
    );
  checkOpenForDecision(record, options);
  const file = path.join(folder, APPROVAL_FILES.decision);
  const bytes = Buffer.from(`${toCanonicalJson(envelope)}\n`);
  try {
    if (record.decision !== null) replaceDurably(file, bytes);
    else if (!createExclusive(file, bytes)) throw decided(record.sha256);
  } catch (error) {
    throw writeFailed(`${shown}/${APPROVAL_FILES.decision}`, error);
  }
}

function spent(sha256: string, runId: string): Error {
  return storeError(
    "APPROVAL_SPENT",
    `The run ${runId} has spent this approval.`,
    "Run the task again: it asks for a new one.",
    { packet_sha256: sha256, run_id: runId },
  );
}

function decided(sha256: string): Error {
  return storeError(
    "APPROVAL_DECIDED",
    `There is a decision on the packet ${sha256.slice(0, 12)} already, and it stays.`,
    "After a run has claimed it or it has expired, the next `cto run` asks again; a denied request has to change first.",
    { packet_sha256: sha256 },
  );
}
