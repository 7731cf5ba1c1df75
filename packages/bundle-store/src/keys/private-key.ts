import crypto from "node:crypto";
import type fs from "node:fs";
import path from "node:path";
import type { PublicKey } from "@cto/evidence-interface";
import { sha256 } from "../disk.ts";
import { readPlainFile } from "../read-plain-file.ts";
import { readFailed, type StoreErrorCode, storeError } from "../store-error.ts";
import { toPublicKey } from "./public-key.ts";

/** Signs with one private key, which never leaves it. */
export interface Signer {
  readonly publicKey: PublicKey;
  /** The 64 bytes of the Ed25519 signature over `message`. */
  sign(message: Uint8Array): Uint8Array;
}

const namePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const maxKeyBytes = 16 * 1024;

/** True for a name that a key may have: it is a file name, and others see it. */
export function isKeyName(name: string): boolean {
  return namePattern.test(name) && !name.endsWith(".pem");
}

/** A new Ed25519 key as the text of a PKCS#8 PEM file. */
export function createPrivateKeyText(): string {
  return crypto.generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
}

/**
 * Opens a PEM file of a private key, undefined if there is none; `shown` is the path for messages. A file that others could have read or
 * put there is refused: `KEY_LINKED`, `KEY_FILE_UNSAFE`, `KEY_OWNER_OTHER`, `KEY_READABLE_BY_OTHERS`, `KEY_INVALID`, `KEY_TYPE_UNSUPPORTED`.
 */
export function readPrivateKey(file: string, shown: string): Signer | undefined {
  const found = openPlain(file, shown);
  if (found.kind === "absent") return undefined;
  if (found.kind === "unsafe") {
    const message = `The key file ${shown} is ${found.what}.`;
    throw found.isLink
      ? storeError("KEY_LINKED", message, "Links are not followed: name the file itself.", { file: shown })
      : storeError("KEY_FILE_UNSAFE", message, "Name a PEM file as `cto keys init` makes it.", { file: shown });
  }
  checkAccess(found.stat, shown);
  return toSigner(parsePem(found.bytes, shown), path.basename(file, ".pem"));
}

function openPlain(file: string, shown: string): ReturnType<typeof readPlainFile> {
  try {
    return readPlainFile(file, maxKeyBytes);
  } catch (error) {
    throw readFailed(shown, error);
  }
}

function checkAccess(stat: fs.Stats, shown: string): void {
  const self = process.geteuid?.();
  if (self === undefined) return;
  const refuse = (code: StoreErrorCode, what: string, hint: string): Error =>
    storeError(code, `The key file ${shown} ${what}.`, hint, { file: shown });
  if (stat.uid !== self)
    throw refuse("KEY_OWNER_OTHER", "belongs to another user", "Sign with a key of your own: `cto keys init`.");
  if ((stat.mode & 0o077) !== 0) {
    throw refuse(
      "KEY_READABLE_BY_OTHERS",
      `is open to other users (mode ${(stat.mode & 0o777).toString(8)})`,
      "If nobody can have read it, run `chmod 600` on it; else make a new key and `cto keys revoke` this one.",
    );
  }
}

function parsePem(bytes: Buffer, shown: string): crypto.KeyObject {
  let key: crypto.KeyObject;
  try {
    key = crypto.createPrivateKey({ key: bytes, format: "pem" });
  } catch (cause) {
    const hint = "It must hold one unencrypted private key as PKCS#8 PEM; `cto keys init` makes one.";
    throw storeError(
      "KEY_INVALID",
      `The key file ${shown} holds no private key that can be read.`,
      hint,
      { file: shown },
      cause,
    );
  }
  if (key.asymmetricKeyType === "ed25519") return key;
  throw storeError(
    "KEY_TYPE_UNSUPPORTED",
    `The key file ${shown} holds a key of type ${key.asymmetricKeyType ?? "unknown"}; only Ed25519 keys sign here.`,
    "`cto keys init NAME` makes an Ed25519 key.",
    { file: shown },
  );
}

/** A file that somebody brought may have a name that no public key may have. */
function toSigner(key: crypto.KeyObject, name: string): Signer {
  const der = crypto.createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    publicKey: toPublicKey(isKeyName(name) ? name : `key-${sha256(der).slice(0, 8)}`, der),
    sign: (message) => crypto.sign(null, message, key),
  };
}
