import * as z from "zod";
import { SCHEMAS } from "../vocabulary.ts";
import { sha256Schema, timestampSchema } from "./primitives.ts";

/**
 * Standard base64 with padding. The pattern is one loop over one class: a loop over groups of four overflows the stack of the regular
 * expression at some megabytes. What it lets through and `fromBase64` refuses (a wrong length, stray bits) is refused when it is decoded.
 */
const base64Schema = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, "must be standard base64 with padding");

/**
 * A DSSE envelope. `payload` is base64; a signature is Ed25519 over the pre-authentication encoding (`toPreAuthentication`); `keyid` is the
 * SHA-256 of the public key as DER-encoded SubjectPublicKeyInfo. Source: DSSE v1, https://github.com/secure-systems-lab/dsse.
 */
export const envelopeSchema = z.strictObject({
  payloadType: z.string().min(1).max(256),
  payload: base64Schema.max(4 * 1024 * 1024),
  signatures: z
    .array(z.strictObject({ keyid: sha256Schema, sig: base64Schema.max(128) }))
    .min(1)
    .max(16),
});
export type Envelope = z.infer<typeof envelopeSchema>;

/** What a key may sign: `harness` bundles, `approver` decisions on approvals and outcomes. */
export const KEY_ROLES = ["harness", "approver"] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

/**
 * A public key as others see it. `public_key` is base64 of the DER-encoded SubjectPublicKeyInfo of an Ed25519 key (RFC 8410: 12 fixed bytes and
 * the 32 of the key), whose SHA-256 is `keyid`.
 */
export const publicKeySchema = z.strictObject({
  keyid: sha256Schema,
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  public_key: z
    .string()
    .regex(
      /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/,
      "must be an Ed25519 public key as base64 of its DER",
    ),
});
export type PublicKey = z.infer<typeof publicKeySchema>;

/** `cto/keys/trusted.json`: whose signatures count here, and for what. */
export const trustedKeysSchema = z.strictObject({
  schema: z.literal(SCHEMAS.trustedKeys),
  keys: z
    .array(publicKeySchema.extend({ roles: z.array(z.enum(KEY_ROLES)).min(1).max(2), added_at: timestampSchema }))
    .max(1000),
});
export type TrustedKeys = z.infer<typeof trustedKeysSchema>;
export type TrustedKey = TrustedKeys["keys"][number];
