import { type TrustedKey, type VerifyResult, verifyBundle } from "@cto/evidence-interface";
import { readBundleFacts } from "./bundle-facts-reader.ts";
import { verifyEd25519 } from "./keys/public-key.ts";

/**
 * Reads and judges one run directory; never writes. The arithmetic of signatures is always checked; whether their keys count only against `trusted`, null where
 * nobody says whom to trust. Throws `STORE_READ_FAILED` if it is no directory; what is wrong inside of it is a finding.
 */
export function verifyRunDirectory(directory: string, trusted: readonly TrustedKey[] | null = null): VerifyResult {
  return verifyBundle({ ...readBundleFacts(directory), signatures: { verify: verifyEd25519, trusted } });
}
