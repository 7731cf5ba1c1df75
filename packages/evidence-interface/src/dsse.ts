import { fromBase64, toBase64 } from "./base64.ts";
import { type Envelope, envelopeSchema } from "./schemas/signatures.ts";

const encoder = new TextEncoder();

/**
 * The port of an Ed25519 check: true only if `signature` is one of `publicKey` (DER-encoded SubjectPublicKeyInfo) over `message`. It must answer
 * false, never throw, for keys and signatures of any bytes.
 */
export type VerifySignature = (input: {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}) => boolean;

/**
 * The bytes that a DSSE signature is over: `"DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload`, lengths in bytes as decimal digits.
 * Source: DSSE v1 protocol, https://github.com/secure-systems-lab/dsse/blob/master/protocol.md.
 */
export function toPreAuthentication(payloadType: string, payload: Uint8Array): Uint8Array {
  const length = encoder.encode(payloadType).length;
  const head = encoder.encode(`DSSEv1 ${length} ${payloadType} ${payload.length} `);
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

/** An envelope of signatures that were made over `toPreAuthentication(payloadType, payload)`; `keyid` is the SHA-256 of the DER public key. */
export function toEnvelope(input: {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly { readonly keyid: string; readonly signature: Uint8Array }[];
}): Envelope {
  return {
    payloadType: input.payloadType,
    payload: toBase64(input.payload),
    signatures: input.signatures.map(({ keyid, signature }) => ({ keyid, sig: toBase64(signature) })),
  };
}

export type OpenEnvelopeResult =
  | { readonly ok: true; readonly payload: Uint8Array; readonly keyid: string }
  | {
      readonly ok: false;
      readonly reason: "shape" | "payload-type" | "unknown-key" | "signature";
      readonly message: string;
    };

/**
 * The payload of an envelope that at least one known key has signed, and that key's id. `publicKeyOf` answers the DER-encoded
 * SubjectPublicKeyInfo of a key whose signature counts, undefined for every other; it must hand out only keys whose SHA-256 is the id.
 * Believe nothing of an envelope that was not opened.
 */
export function openEnvelope(input: {
  readonly envelope: unknown;
  readonly payloadType: string;
  readonly publicKeyOf: (keyid: string) => Uint8Array | undefined;
  readonly verifySignature: VerifySignature;
}): OpenEnvelopeResult {
  const shaped = envelopeSchema.safeParse(input.envelope);
  const payload = shaped.success ? fromBase64(shaped.data.payload) : undefined;
  if (!shaped.success || payload === undefined)
    return { ok: false, reason: "shape", message: "this is no DSSE envelope in standard base64" };
  const { payloadType, signatures } = shaped.data;
  if (payloadType !== input.payloadType)
    return { ok: false, reason: "payload-type", message: `the payload is not of type ${input.payloadType}` };
  const message = toPreAuthentication(payloadType, payload);
  let known = false;
  for (const { keyid, sig } of signatures) {
    const publicKey = input.publicKeyOf(keyid);
    const signature = fromBase64(sig);
    if (publicKey === undefined || signature === undefined) continue;
    known = true;
    if (input.verifySignature({ publicKey, message, signature })) return { ok: true, payload, keyid };
  }
  return known
    ? { ok: false, reason: "signature", message: "the signature is not of the key that it names over this payload" }
    : { ok: false, reason: "unknown-key", message: "no key that is known for this purpose signed it" };
}
