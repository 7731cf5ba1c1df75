import { findSecrets } from "@cto/errors";
import { toShown } from "../blocker.ts";
import type { ValuePath } from "../schema-lookup.ts";

/** Key names that call for a secret, in lower case without separators. */
const SECRET_NAMES =
  /passw|passphrase|secret|token|apikey|accesskey|privatekey|signingkey|credential|authorization|bearer/;

/** The one key of the formats that sounds like a secret: it names a class of source. */
const HARMLESS_KEY = "credential_source";

/** Credentials inside a URL: `https://x@host` and `any://user:word@host`. RFC 3986, section 3.2.1. */
const URL_CREDENTIALS = /\bhttps?:\/\/[^\s/?#@]+@|:\/\/[^\s/?#@:]+:[^\s/?#@]+@/i;

/** A secret-shaped key or value and where it stands. The message never holds it. */
export interface RecordSecret {
  readonly path: ValuePath;
  readonly message: string;
}

/** Every secret-shaped key and value anywhere in a JSON value. */
export function findRecordSecrets(value: unknown, path: ValuePath = []): readonly RecordSecret[] {
  if (typeof value === "string") {
    const kind = findSecrets(value)[0]?.kind ?? (URL_CREDENTIALS.test(value) ? "credentials in a URL" : undefined);
    return kind === undefined ? [] : [{ path, message: `holds what looks like a secret (${kind})` }];
  }
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => findRecordSecrets(item, [...path, index]));
  return Object.entries(value).flatMap(([key, item]) => [
    ...(isSecretKey(key) ? [{ path: [...path, toShown(key, 80)], message: "is a key for a secret" }] : []),
    ...findRecordSecrets(item, [...path, toShown(key, 80)]),
  ]);
}

/** True for a key that calls for a secret, or is one. */
function isSecretKey(key: string): boolean {
  if (key === HARMLESS_KEY) return false;
  const plain = key
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");
  return SECRET_NAMES.test(plain) || findSecrets(key).length > 0;
}
