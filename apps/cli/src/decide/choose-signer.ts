import { readTrustedKeys, type Signer, type Store } from "@cto/bundle-store";
import { CtoError } from "@cto/errors";

/**
 * The key to sign with: the one of `--key`, else the only one of this store. Throws `CLI_USAGE` if there are several, `CLI_NO_KEY` if there is
 * none, and what opening it throws.
 */
export function chooseSigner(store: Store, key: unknown, cwd: string): Signer {
  if (key !== undefined) return store.keys.openSigner(String(key), { cwd });
  const names = store.keys.listKeys().map(({ name }) => name);
  const [only] = names;
  if (only === undefined)
    throw new CtoError("CLI_NO_KEY", "there is no key to sign with", {
      hint: "`cto keys init NAME` makes one; --key FILE names a PEM file elsewhere.",
    });
  if (names.length > 1)
    throw new CtoError("CLI_USAGE", `there are several keys: ${names.join(", ")}`, {
      hint: "Say which one: --key NAME.",
    });
  return store.keys.openSigner(only);
}

/** Why a signature of this key does not count in a home yet, and what would change it; null if it counts. Throws what `readTrustedKeys` throws. */
export function explainTrust(home: string, signer: Signer): string | null {
  const { keyid, name } = signer.publicKey;
  const entry = readTrustedKeys(home).keys.find((key) => key.keyid === keyid);
  if (entry?.roles.includes("approver") === true) return null;
  const why = entry === undefined ? "is not in cto/keys/trusted.json" : `is trusted as ${entry.roles.join(", ")} only`;
  return `the key ${name} ${why}: whoever owns the repository takes what \`cto keys show ${name}\` prints and runs \`cto keys trust FILE --role approver\` there`;
}
