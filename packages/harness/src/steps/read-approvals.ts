import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ApprovalRow, readTrustedKeys, type Store, verifyEd25519 } from "@cto/bundle-store";
import { CtoError, systemCode } from "@cto/errors";
import { type ApprovalClaim, approvalClaimSchema, PROOF_FILES, type TrustedKey } from "@cto/evidence-interface";
import { openDecision, type StoredApproval } from "@cto/gates";

/** What the store holds about the approvals of one task, opened and judged as of now. */
export interface KnownApprovals {
  readonly stored: readonly (StoredApproval & { readonly sha256: string; readonly decisionBytes: Uint8Array | null })[];
  /** Packets whose folder is there and cannot be read: they may hold a claim. */
  readonly broken: ReadonlyMap<string, CtoError>;
  /** Why nothing of it can be believed: the list of trusted keys, or the folder itself; null if it can. */
  readonly problem: CtoError | null;
}

/** Reads the approvals of a task. Throws nothing that a file can cause. */
export function readApprovals(store: Store, taskId: string, now: Date): KnownApprovals {
  try {
    const trusted = readTrustedKeys(store.home).keys;
    const rows = store.approvals.list();
    const spent = readSpent(store);
    return {
      stored: rows.flatMap((row) =>
        row.kind === "readable" && row.packet.task_id === taskId ? [open(row, trusted, spent, now)] : [],
      ),
      broken: new Map(rows.flatMap((row) => (row.kind === "broken" ? [[row.sha256, row.problem] as const] : []))),
      problem: null,
    };
  } catch (thrown) {
    if (CtoError.is(thrown)) return { stored: [], broken: new Map(), problem: thrown };
    throw thrown;
  }
}

function open(
  row: Extract<ApprovalRow, { kind: "readable" }>,
  trusted: readonly TrustedKey[],
  spent: ReadonlyMap<string, ApprovalClaim>,
  now: Date,
): KnownApprovals["stored"][number] {
  const { packet, sha256 } = row;
  const decisionBytes = row.decision?.bytes ?? null;
  const facts = { packetSha256: sha256, trusted, verifySignature: verifyEd25519, now };
  return {
    packet,
    sha256,
    decisionBytes,
    decision: decisionBytes === null ? null : openDecision({ ...facts, bytes: decisionBytes }),
    claim: row.claim ?? spent.get(sha256) ?? null,
  };
}

/** Claims that stand in bundles, by packet: an approval is spent also if somebody took its claim away. */
function readSpent(store: Store): ReadonlyMap<string, ApprovalClaim> {
  const claims = store
    .listRunDirectories()
    .flatMap((directory) => readClaim(join(directory, PROOF_FILES.approvalClaim)));
  return new Map(claims.map((claim) => [claim.packet_sha256, claim]));
}

/** A file that is no claim is no proof that something was spent; what makes a bundle of it is for the verifier to say. */
function readClaim(file: string): readonly ApprovalClaim[] {
  try {
    const claim = approvalClaimSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
    return claim.success ? [claim.data] : [];
  } catch (thrown) {
    if (thrown instanceof SyntaxError || systemCode(thrown) !== undefined) return [];
    throw thrown;
  }
}
