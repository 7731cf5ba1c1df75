import { fromBase64 } from "../base64.ts";
import type { PublicKey, TrustedKey } from "../schemas/signatures.ts";

/** The DER bytes of a key that a record names; undefined if its id is not their digest. */
export function publicKeyOfApprover(key: PublicKey, sha256: (bytes: Uint8Array) => string): Uint8Array | undefined {
  const bytes = fromBase64(key.public_key);
  return bytes !== undefined && sha256(bytes) === key.keyid ? bytes : undefined;
}

/** True if the very key, not only its id, is trusted as approver. Names are labels and decide nothing. */
export function trustsApprover(trusted: readonly TrustedKey[], key: PublicKey): boolean {
  return trusted.some(
    ({ keyid, public_key, roles }) =>
      keyid === key.keyid && public_key === key.public_key && roles.includes("approver"),
  );
}
