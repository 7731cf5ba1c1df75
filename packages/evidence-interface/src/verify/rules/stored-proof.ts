import type { Findings } from "../findings.ts";
import { isCanonical } from "../is-canonical.ts";
import type { WholeBundle } from "./whole-bundle.ts";

/**
 * The digest of a stored proof over its canonical text without the LF, undefined if the file is not there. Adds a finding if it is stored in
 * other bytes, of which no digest says anything.
 */
export function digestOfProof(
  { bytesOf, sha256 }: WholeBundle,
  path: string,
  value: unknown,
  findings: Findings,
): string | undefined {
  const stored = bytesOf(path);
  if (stored === undefined) return undefined;
  if (!isCanonical(stored, value))
    findings.add("PROOF_NOT_CANONICAL", path, "is not stored in canonical bytes and one LF");
  return sha256(stored.subarray(0, -1));
}
