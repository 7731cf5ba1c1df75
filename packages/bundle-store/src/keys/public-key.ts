import crypto from "node:crypto";
import { type PublicKey, publicKeySchema, safeParseStrictJson } from "@cto/evidence-interface";
import { sha256 } from "../disk.ts";
import { storeError } from "../store-error.ts";

/** The `schema` of a public key that stands alone in a file, as `cto keys show` prints it. */
export const PUBLIC_KEY_SCHEMA = "cto.public-key.v1";

// RFC 8410: SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes }. One key has exactly one such encoding.
const ed25519Prefix = Buffer.from("302a300506032b6570032100", "hex");

/** The public half of an Ed25519 key as others see it. `der` is its SubjectPublicKeyInfo. */
export function toPublicKey(name: string, der: Uint8Array): PublicKey {
  return { keyid: sha256(der), name, public_key: Buffer.from(der).toString("base64") };
}

/** True if `public_key` is the one encoding of an Ed25519 key and `keyid` its digest. */
export function isConsistent({ keyid, public_key }: PublicKey): boolean {
  const der = Buffer.from(public_key, "base64");
  return der.toString("base64") === public_key && isEd25519(der) && sha256(der) === keyid;
}

function isEd25519(der: Uint8Array): boolean {
  return der.length === ed25519Prefix.length + 32 && ed25519Prefix.equals(der.subarray(0, ed25519Prefix.length));
}

/**
 * A public key from the text of a file that somebody sent (`cto keys show`). `file` is for messages. Throws `KEY_PUBLIC_INVALID`, also
 * where the id is not the digest of the key; nothing of a private key that was passed by mistake gets into the error.
 */
export function parsePublicKey({ bytes, file }: { readonly bytes: Uint8Array; readonly file: string }): PublicKey {
  if (Buffer.from(bytes).includes("PRIVATE KEY"))
    throw invalid(file, "holds a private key", "Never pass that on. `cto keys show NAME` prints the public one.");
  const parsed = safeParseStrictJson(bytes);
  if (!parsed.ok) throw invalid(file, `is no JSON (line ${parsed.error.line}: ${parsed.error.message})`);
  const shaped = publicKeySchema.safeParse(withoutSchema(parsed.value));
  if (!shaped.success) {
    const [issue] = shaped.error.issues;
    throw invalid(file, `is no public key (${[issue?.path.join("."), issue?.message].filter(Boolean).join(": ")})`);
  }
  if (!isConsistent(shaped.data)) throw invalid(file, "names a keyid that is not the digest of its key");
  return shaped.data;
}

function withoutSchema(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { schema, ...rest } = value as { readonly schema?: unknown };
  return schema === undefined || schema === PUBLIC_KEY_SCHEMA ? rest : value;
}

function invalid(file: string, what: string, hint = "It must be what `cto keys show NAME` prints."): Error {
  return storeError("KEY_PUBLIC_INVALID", `${file} ${what}.`, hint, { file });
}

/**
 * True only if `signature` is the Ed25519 signature (RFC 8032) of the key over the message. `publicKey` is a DER-encoded SubjectPublicKeyInfo;
 * anything else than the one encoding of an Ed25519 key answers false. Never throws.
 */
export function verifyEd25519(input: {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}): boolean {
  if (!isEd25519(input.publicKey) || input.signature.length !== 64) return false;
  try {
    const key = crypto.createPublicKey({ key: Buffer.from(input.publicKey), format: "der", type: "spki" });
    return crypto.verify(null, input.message, key, input.signature);
  } catch {
    // Bytes that are no point of the curve: nobody signed with that.
    return false;
  }
}
