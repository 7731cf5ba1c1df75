import { join, resolve } from "node:path";
import {
  findHome,
  type KeyRow,
  openStore,
  PUBLIC_KEY_SCHEMA,
  parsePublicKey,
  readTrustedKeys,
  revokeKey,
  type Store,
  trustKey,
} from "@cto/bundle-store";
import { CtoError, messageOf, oneLine, systemCode } from "@cto/errors";
import { KEY_ROLES, type KeyRole, type TrustedKey } from "@cto/evidence-interface";
import { readPlainFile } from "@cto/harness";
import { EXIT } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";

const trustedFile = "cto/keys/trusted.json";

function openHere(): Store {
  return openStore({ home: findHome(process.cwd()) });
}

/** `cto keys init`. */
export async function initKeyCommand(
  terminal: Terminal,
  args: readonly string[],
  options: Record<string, unknown>,
): Promise<number> {
  const roles = parseRoles("--trust", options.trust);
  const store = openHere();
  // A list that cannot be read must not leave a key behind that was to be entered there.
  if (roles.length > 0) readTrustedKeys(store.home);
  const publicKey = store.keys.createKey({ name: args[0] ?? "default" });
  const { keyid, name } = publicKey;
  if (roles.length > 0) await trustKey(store.home, publicKey, roles);
  const file = join(".cto", "keys", `${name}.pem`);
  if (terminal.json) {
    terminal.document({ schema: "cto.key-created.v1", file, public_key: publicKey, roles });
    return EXIT.pass;
  }
  terminal.say(`made key ${name}`);
  terminal.say(`  keyid    ${keyid}`);
  terminal.say(`  private  ${join(store.home, file)} (mode 600; it never leaves this place)`);
  terminal.say(`  public   ${JSON.stringify({ schema: PUBLIC_KEY_SCHEMA, ...publicKey })}`);
  if (roles.length > 0) {
    terminal.say(`  trusted  as ${roles.join(", ")} in ${trustedFile}: here you trust yourself. Commit that file.`);
  } else {
    terminal.say(`  next     send the public part (\`cto keys show ${name}\`) to whoever owns the repository;`);
    terminal.say("           there it counts after `cto keys trust FILE --role approver`");
  }
  return EXIT.pass;
}

/** A key as `cto keys list` shows it. `keyid` is null for a private key that cannot be used. */
interface ListedKey {
  readonly keyid: string | null;
  readonly name: string;
  readonly public_key: string | null;
  /** True if the private half is here. */
  readonly private: boolean;
  readonly roles: readonly KeyRole[];
  readonly added_at: string | null;
  readonly problem: { readonly code: string; readonly message: string; readonly hint: string } | null;
}

/** `cto keys list`: the private keys of this home, and the keys that it trusts. */
export async function listKeysCommand(terminal: Terminal): Promise<number> {
  const store = openHere();
  const { keys: trusted } = readTrustedKeys(store.home);
  const own = store.keys.listKeys().map((row) => toListedKey(row, trusted));
  const others = trusted.filter(({ keyid }) => own.every((key) => key.keyid !== keyid));
  const items = [...own, ...others.map((key): ListedKey => ({ ...key, private: false, problem: null }))];
  if (terminal.json) {
    terminal.document({ schema: "cto.keys.v1", items });
    return EXIT.pass;
  }
  if (items.length === 0) terminal.say("no keys yet: cto keys init makes one");
  for (const { keyid, name, private: isOwn, problem, roles } of items) {
    const trust = roles.length === 0 ? "not trusted here" : `trusted as ${roles.join(", ")}`;
    terminal.say(`${keyid ?? "-".padEnd(64)}  ${isOwn ? "own   " : "public"}  ${trust.padEnd(28)}  ${name}`);
    if (problem !== null) terminal.say(`  ${problem.code}: ${problem.message} ${problem.hint}`);
  }
  return EXIT.pass;
}

function toListedKey(row: KeyRow, trusted: readonly TrustedKey[]): ListedKey {
  if (row.kind === "broken") {
    const { code, hint, message } = row.problem;
    const none = { keyid: null, public_key: null, roles: [], added_at: null };
    return { ...none, name: row.name, private: true, problem: { code, message, hint } };
  }
  const entry = trusted.find(({ keyid }) => keyid === row.publicKey.keyid);
  return {
    ...row.publicKey,
    private: true,
    roles: entry?.roles ?? [],
    added_at: entry?.added_at ?? null,
    problem: null,
  };
}

/** `cto keys show`: the public half, ready to be sent, with `--json` or without. */
export async function showKeyCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { publicKey } = openHere().keys.openSigner(args[0] ?? "default");
  terminal.document({ schema: PUBLIC_KEY_SCHEMA, ...publicKey });
  return EXIT.pass;
}

/** `cto keys trust`. */
export async function trustKeyCommand(
  terminal: Terminal,
  args: readonly string[],
  options: Record<string, unknown>,
): Promise<number> {
  const roles = parseRoles("--role", options.role);
  if (roles.length === 0)
    throw new CtoError("CLI_USAGE", "keys trust needs --role", {
      hint: "approver for people's decisions, harness for bundles.",
    });
  const file = args[0] ?? "-";
  const bytes = Buffer.from(file === "-" ? await readStandardInput() : await readKeyFile(file));
  const { home } = openHere();
  const key = parsePublicKey({ bytes, file: file === "-" ? "standard input" : oneLine(file) });
  const entry = await trustKey(home, key, roles);
  if (terminal.json) terminal.document({ schema: "cto.key-trusted.v1", key: entry });
  terminal.say(`trusts ${entry.name} as ${entry.roles.join(", ")}  ${entry.keyid}`);
  terminal.say(`  Compare the keyid with what its owner reads to you, then commit ${trustedFile}.`);
  return EXIT.pass;
}

/** `cto keys revoke`: by keyid, a prefix of one, or name. */
export async function revokeKeyCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { home } = openHere();
  const wanted = args[0] ?? "";
  const found = readTrustedKeys(home).keys.filter(
    ({ keyid, name }) => name === wanted || (wanted.length >= 4 && keyid.startsWith(wanted)),
  );
  if (found.length > 1)
    throw new CtoError("CLI_USAGE", `${oneLine(wanted)} stands for ${found.length} keys`, {
      hint: `Give the whole keyid: ${found.map(({ keyid }) => keyid).join(", ")}.`,
    });
  const entry = await revokeKey(home, found[0]?.keyid ?? wanted);
  if (terminal.json) terminal.document({ schema: "cto.key-revoked.v1", key: entry });
  terminal.say(`${entry.name} is trusted no more  ${entry.keyid}`);
  terminal.say(`  What it signed counts no more, approvals that wait for a run included. Commit ${trustedFile}.`);
  return EXIT.pass;
}

/** The roles of a repeated option, in fixed order. */
function parseRoles(option: string, value: unknown): readonly KeyRole[] {
  const typed: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  const wrong = typed.find((role) => !KEY_ROLES.some((known) => known === role));
  if (wrong !== undefined)
    throw new CtoError("CLI_USAGE", `${option} ${oneLine(String(wrong), 80)}: expected ${KEY_ROLES.join(" or ")}`, {
      hint: "An approver's key signs decisions of people, a harness's key signs bundles.",
    });
  return KEY_ROLES.filter((role) => typed.includes(role));
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readPlainFile(resolve(process.cwd(), file));
  } catch (cause) {
    throw new CtoError(
      "CLI_FILE_UNREADABLE",
      `${oneLine(file)} cannot be read (${systemCode(cause) ?? messageOf(cause)})`,
      {
        hint: "Name a file that holds what `cto keys show NAME` prints, or - for standard input.",
        details: { file },
        cause,
      },
    );
  }
}

async function readStandardInput(): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    parts.push(part);
    size += part.length;
    if (size > 64 * 1024) break;
  }
  return Buffer.concat(parts).toString("utf8");
}
