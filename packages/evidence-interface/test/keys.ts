import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { type Envelope, type PublicKey, toEnvelope, toPreAuthentication, type VerifySignature } from "../src/index.ts";

/** A key that signs, and what others see of it. */
export interface TestKey {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKey;
}

/** The Ed25519 key of a seed of 32 equal bytes, so that every signature is the same in every run. RFC 8410 gives the 16 bytes before the seed. */
export function keyOfSeed(name: string, byte: number): TestKey {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, byte)]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const keyid = createHash("sha256").update(spki).digest("hex");
  return { privateKey, publicKey: { keyid, name, public_key: spki.toString("base64") } };
}

export const approver = keyOfSeed("ada", 1);
export const stranger = keyOfSeed("mallory", 2);

/** Whose signatures count in these tests: the approver's, and those of the harness for its own purpose. */
export const trustedKeys = [
  { ...approver.publicKey, roles: ["approver" as const], added_at: "2026-11-20T05:00:00.000Z" },
  { ...keyOfSeed("harness", 3).publicKey, roles: ["harness" as const], added_at: "2026-11-20T05:00:00.000Z" },
];

export const verifySignature: VerifySignature = ({ publicKey, message, signature }) => {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
};

/** An envelope that the key has signed, under the key's own id or another. */
export function signEnvelope(
  key: TestKey,
  payloadType: string,
  payload: Uint8Array,
  keyid: string = key.publicKey.keyid,
): Envelope {
  const signature = new Uint8Array(sign(null, toPreAuthentication(payloadType, payload), key.privateKey));
  return toEnvelope({ payloadType, payload, signatures: [{ keyid, signature }] });
}
