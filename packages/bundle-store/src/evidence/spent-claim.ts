import path from "node:path";
import { type ApprovalClaim, approvalClaimSchema, PROOF_FILES } from "@cto/evidence-interface";
import { APPROVAL_FILES } from "../approvals/approval-folder.ts";
import { sha256 } from "../disk.ts";
import { readPlainFile } from "../read-plain-file.ts";
import type { StorePlaces } from "../store-root.ts";

/** The claim of an approval that stands in a bundle. `sha256` is over its bytes. */
export interface BundleClaim {
  readonly packet_sha256: string;
  readonly run_id: string;
  readonly sha256: string;
}

/** No claim is as large. */
const maxBytes = 64 * 1024;

/** The claim among the documents of a bundle that verified; null if it has none. Throws a ZodError if it has another shape. */
export function toBundleClaim(documents: ReadonlyMap<string, Uint8Array>): BundleClaim | null {
  const bytes = documents.get(PROOF_FILES.approvalClaim);
  if (bytes === undefined) return null;
  const { packet_sha256, run_id } = approvalClaimSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  return { packet_sha256, run_id, sha256: sha256(bytes) };
}

/**
 * True if this home's approval was spent by this very run: its `claim.json`, created once for all runs, has the bundle's bytes. What a bundle says of itself can be
 * copied; one approval is good for one run.
 */
export function isSpentHere(places: StorePlaces, runId: string, claim: BundleClaim): boolean {
  if (claim.run_id !== runId) return false;
  const bytes = readClaimBytes(places, claim.packet_sha256);
  return bytes !== null && sha256(bytes) === claim.sha256;
}

/** The claim of a packet in this home; null if there is none that can be understood. */
export function readHomeClaim(places: StorePlaces, packetSha256: string): ApprovalClaim | null {
  const bytes = readClaimBytes(places, packetSha256);
  try {
    return approvalClaimSchema.safeParse(JSON.parse(bytes?.toString("utf8") ?? "")).data ?? null;
  } catch {
    return null; // No JSON.
  }
}

function readClaimBytes(places: StorePlaces, packetSha256: string): Buffer | null {
  const file = path.join(places.folder("approvals"), packetSha256, APPROVAL_FILES.claim);
  try {
    const found = readPlainFile(file, maxBytes);
    return found.kind === "file" ? found.bytes : null;
  } catch {
    return null; // What cannot be read shows nothing.
  }
}
