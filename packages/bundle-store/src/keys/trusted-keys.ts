import fs from "node:fs";
import path from "node:path";
import { CtoError, messageOf, systemCode } from "@cto/errors";
import {
  KEY_ROLES,
  type KeyRole,
  type PublicKey,
  SCHEMAS,
  safeParseStrictJson,
  type TrustedKey,
  type TrustedKeys,
  trustedKeysSchema,
} from "@cto/evidence-interface";
import { replaceDurably } from "../create-exclusive.ts";
import { withLock } from "../numbered-lock.ts";
import { type PlainFile, readPlainFile } from "../read-plain-file.ts";
import { storeError, writeFailed } from "../store-error.ts";
import { ensureRoot, toStorePlaces } from "../store-root.ts";
import { isConsistent } from "./public-key.ts";

const shown = "cto/keys/trusted.json";
const maxBytes = 4 * 1024 * 1024;

/**
 * The keys that count in a home, from `cto/keys/trusted.json`; no file means no keys. A file that cannot be read, a link on the way, one that any
 * user may write: `TRUSTED_KEYS_UNREADABLE`. Another shape, an id that is not the digest of its key, an id twice: `TRUSTED_KEYS_INVALID`.
 * An error never means an empty list. Writes nothing.
 */
export function readTrustedKeys(home: string): TrustedKeys {
  const found = openTrusted(path.resolve(home));
  return found.kind === "file" ? parseTrusted(found.bytes) : { schema: SCHEMAS.trustedKeys, keys: [] };
}

/** As `readTrustedKeys`, but null where there is no file: nobody said whom to trust, which is less than trusting nobody. */
export function findTrustedKeys(home: string): readonly TrustedKey[] | null {
  const found = openTrusted(path.resolve(home));
  return found.kind === "file" ? parseTrusted(found.bytes).keys : null;
}

/**
 * Enters a key, or gives a trusted one further roles, and returns its entry. Creates `cto/keys/`. Throws what `readTrustedKeys` throws,
 * `KEY_PUBLIC_INVALID`, `STORE_LOCKED`, `STORE_WRITE_FAILED`.
 */
export async function trustKey(
  home: string,
  key: PublicKey,
  roles: readonly KeyRole[],
  { now = new Date() }: { readonly now?: Date } = {},
): Promise<TrustedKey> {
  if (!isConsistent(key))
    throw storeError(
      "KEY_PUBLIC_INVALID",
      "The keyid is not the digest of its key.",
      "Ask for it again: `cto keys show NAME`.",
    );
  return change(home, ({ keys }) => {
    const known = keys.find(({ keyid }) => keyid === key.keyid);
    const entry: TrustedKey = {
      keyid: key.keyid,
      name: known?.name ?? key.name,
      public_key: key.public_key,
      roles: KEY_ROLES.filter((role) => roles.includes(role) || known?.roles.includes(role)),
      added_at: known?.added_at ?? now.toISOString(),
    };
    return { keys: known === undefined ? [...keys, entry] : keys.map((one) => (one === known ? entry : one)), entry };
  });
}

/** Takes a key out, whatever its roles, and returns its entry. Throws `KEY_NOT_TRUSTED`, and what `trustKey` throws. */
export function revokeKey(home: string, keyid: string): Promise<TrustedKey> {
  return change(home, ({ keys }) => {
    const entry = keys.find((key) => key.keyid === keyid);
    if (entry === undefined)
      throw storeError("KEY_NOT_TRUSTED", `No key ${keyid} is in ${shown}.`, "`cto keys list` shows what is.", {
        keyid,
      });
    return { keys: keys.filter((key) => key !== entry), entry };
  });
}

type Change = (trusted: TrustedKeys) => { readonly keys: readonly TrustedKey[]; readonly entry: TrustedKey };

/** Two people at once: without the lock the later one would write back a key that the other has just revoked. */
async function change(home: string, apply: Change): Promise<TrustedKey> {
  const places = toStorePlaces(home, Date.now, 10_000);
  ensureRoot(places);
  const directory = path.join(places.folder("locks"), "trusted-keys");
  return withLock({ directory, what: shown, waitMs: places.lockWaitMs }, () => {
    const { keys, entry } = apply(readTrustedKeys(home));
    const document = { schema: SCHEMAS.trustedKeys, keys };
    const file = path.join(places.home, shown);
    try {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      replaceDurably(file, Buffer.from(`${JSON.stringify(document, null, 2)}\n`), 0o644);
    } catch (error) {
      throw writeFailed(shown, error);
    }
    return entry;
  });
}

/** What stands there. Throws unless it is absent or a plain file that only its owner's circle can write, in plain folders. */
function openTrusted(home: string): PlainFile {
  try {
    for (const folder of ["cto", "cto/keys"]) {
      const stat = fs.lstatSync(path.join(home, folder), { throwIfNoEntry: false });
      // A program or a document may be named cto as well.
      if (stat === undefined || (folder === "cto" && stat.isFile())) return { kind: "absent" };
      if (!stat.isDirectory()) throw unreadable(`${folder} is no directory`);
      checkWritable(stat, folder);
    }
    const found = readPlainFile(path.join(home, shown), maxBytes);
    if (found.kind === "unsafe") throw unreadable(`it is ${found.what}`);
    if (found.kind === "file") checkWritable(found.stat, shown);
    return found;
  } catch (error) {
    throw CtoError.is(error) ? error : unreadable(systemCode(error) ?? messageOf(error), error);
  }
}

function checkWritable(stat: fs.Stats, what: string): void {
  const isOpen = process.platform !== "win32" && (stat.mode & 0o002) !== 0;
  if (isOpen) throw unreadable(`every user may write ${what}`);
}

function parseTrusted(bytes: Uint8Array): TrustedKeys {
  const parsed = safeParseStrictJson(bytes);
  if (!parsed.ok) throw invalid(`line ${parsed.error.line}, column ${parsed.error.column}: ${parsed.error.message}`);
  const shaped = trustedKeysSchema.safeParse(parsed.value);
  if (!shaped.success) {
    const [issue] = shaped.error.issues;
    throw invalid([issue?.path.join("."), issue?.message].filter(Boolean).join(": "));
  }
  const { keys } = shaped.data;
  const wrong = keys.findIndex((key) => !isConsistent(key));
  if (wrong >= 0) throw invalid(`keys.${wrong}: the keyid is not the digest of the key, or it is no Ed25519 key`);
  const again = keys.findIndex(({ keyid }, index) => keys.findIndex((key) => key.keyid === keyid) < index);
  if (again >= 0) throw invalid(`keys.${again}: this keyid stands there twice`);
  return shaped.data;
}

function unreadable(why: string, cause?: unknown): Error {
  return storeError(
    "TRUSTED_KEYS_UNREADABLE",
    `${shown} cannot be read: ${why}.`,
    "Make it a plain file in plain folders that you may read and not everybody may write. Without it no key is trusted.",
    { file: shown },
    cause,
  );
}

function invalid(why: string): Error {
  return storeError(
    "TRUSTED_KEYS_INVALID",
    `${shown} is not valid: ${why}.`,
    "Restore it from git; `cto keys trust` and `cto keys revoke` change it.",
    { file: shown },
  );
}
