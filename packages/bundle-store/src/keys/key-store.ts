import fs from "node:fs";
import path from "node:path";
import { CtoError, closestWord, oneLine, systemCode } from "@cto/errors";
import type { PublicKey } from "@cto/evidence-interface";
import { createExclusive } from "../create-exclusive.ts";
import { readFailed, storeError, writeFailed } from "../store-error.ts";
import { checkRoot, ensureRecordFolder, type StorePlaces } from "../store-root.ts";
import { createPrivateKeyText, isKeyName, readPrivateKey, type Signer } from "./private-key.ts";

/** A key of the store. `problem` says why one cannot be used. */
export type KeyRow =
  | { readonly kind: "usable"; readonly name: string; readonly publicKey: PublicKey }
  | { readonly kind: "broken"; readonly name: string; readonly problem: CtoError };

/** Private keys in `.cto/keys/<name>.pem`: Ed25519, PKCS#8 PEM, 0600. */
export interface KeyStore {
  /** Makes a key and returns its public half. Throws `KEY_NAME_INVALID`, `KEY_EXISTS`, `STORE_WRITE_FAILED`; never replaces one. */
  createKey(options: { readonly name: string }): PublicKey;
  /** All keys, sorted by name. Writes nothing. */
  listKeys(): readonly KeyRow[];
  /**
   * The signer of a key of this store, or of any PEM file: what has a slash or ends in `.pem` is a path, relative to `cwd` (default: the
   * process's). Throws `KEY_NOT_FOUND`, `KEY_NAME_INVALID`, and what a file is refused for: `KEY_LINKED`, `KEY_FILE_UNSAFE`,
   * `KEY_OWNER_OTHER`, `KEY_READABLE_BY_OTHERS`, `KEY_INVALID`, `KEY_TYPE_UNSUPPORTED`.
   */
  openSigner(nameOrFile: string, options?: { readonly cwd?: string }): Signer;
}

/** The key store of a home. Touches nothing. */
export function createKeyStore(places: StorePlaces): KeyStore {
  const fileOf = (name: string): string => path.join(places.folder("keys"), `${name}.pem`);
  const names = (): readonly string[] => {
    checkRoot(places);
    return namesIn(places.folder("keys"));
  };
  return {
    createKey({ name }) {
      checkName(name);
      const folder = ensureRecordFolder(places, "keys");
      const shown = `.cto/keys/${name}.pem`;
      try {
        if (!createExclusive(path.join(folder, `${name}.pem`), Buffer.from(createPrivateKeyText()))) throw exists(name);
        const signer = readPrivateKey(fileOf(name), shown);
        if (signer !== undefined) return signer.publicKey;
        throw new Error("it vanished");
      } catch (error) {
        throw writeFailed(shown, error);
      }
    },
    listKeys: () => names().map((name) => toRow(name, fileOf(name))),
    openSigner(nameOrFile, { cwd = process.cwd() } = {}) {
      const isPath = nameOrFile.includes("/") || nameOrFile.includes(path.sep) || nameOrFile.endsWith(".pem");
      if (!isPath) {
        checkName(nameOrFile);
        checkRoot(places);
      }
      const file = isPath ? path.resolve(cwd, nameOrFile) : fileOf(nameOrFile);
      const signer = readPrivateKey(file, isPath ? oneLine(nameOrFile) : `.cto/keys/${nameOrFile}.pem`);
      if (signer === undefined) throw notFound(nameOrFile, isPath ? [] : names());
      return signer;
    },
  };
}

function namesIn(folder: string): readonly string[] {
  try {
    const files = fs.readdirSync(folder).filter((file) => file.endsWith(".pem"));
    return files
      .map((file) => file.slice(0, -".pem".length))
      .filter(isKeyName)
      .sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw readFailed(".cto/keys", error);
  }
}

function toRow(name: string, file: string): KeyRow {
  try {
    const signer = readPrivateKey(file, `.cto/keys/${name}.pem`);
    return signer === undefined
      ? { kind: "broken", name, problem: notFound(name, []) }
      : { kind: "usable", name, publicKey: signer.publicKey };
  } catch (error) {
    if (!CtoError.is(error)) throw error;
    return { kind: "broken", name, problem: error };
  }
}

function checkName(name: string): void {
  if (isKeyName(name)) return;
  throw storeError(
    "KEY_NAME_INVALID",
    `${JSON.stringify(oneLine(name, 80))} is no name for a key.`,
    "Use at most 64 lower-case letters, digits, dots, hyphens and underscores; a path of a PEM file has a slash or ends in .pem.",
    { name },
  );
}

function exists(name: string): Error {
  return storeError(
    "KEY_EXISTS",
    `There is a key named ${name} already.`,
    "Choose another name: keys are never replaced.",
    {
      name,
    },
  );
}

function notFound(name: string, names: readonly string[]): CtoError {
  const near = closestWord(name, names);
  const known = names.length === 0 ? "`cto keys init` makes a key." : `Keys here: ${names.join(", ")}.`;
  return storeError(
    "KEY_NOT_FOUND",
    `There is no key ${oneLine(name)}.`,
    near === undefined ? known : `Did you mean ${near}? ${known}`,
    { name, candidates: names },
  );
}
