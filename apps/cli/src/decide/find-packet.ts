import { lstatSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import {
  APPROVAL_FILES,
  type ApprovalRecord,
  openStore,
  readApprovalFolder,
  type Store,
  type WriteDecisionOptions,
  writeDecision,
} from "@cto/bundle-store";
import { CtoError, oneLine } from "@cto/errors";
import type { Envelope } from "@cto/evidence-interface";

/** A packet that somebody is to decide on. */
export interface FoundPacket {
  readonly record: ApprovalRecord;
  /** The home whose runs ask for it; null for a copy that lies elsewhere. */
  readonly home: string | null;
  /** Absolute path of the folder that the decision goes into. */
  readonly folder: string;
  /** See `writeDecision` of @cto/bundle-store. */
  write(envelope: Envelope, options: WriteDecisionOptions): Promise<void>;
}

/**
 * The packet that a person means: a digest or a prefix of one in this store, or the path of a `packet.json` or its folder, also in another home or
 * outside of any. Throws `CLI_PACKET_NOT_FOUND`, `APPROVAL_AMBIGUOUS`, and what reading it throws.
 */
export function findPacket(store: Store, selector: string, cwd: string): FoundPacket {
  if (/^[0-9a-f]{4,64}$/.test(selector)) return inStore(store, store.approvals.resolve(selector));
  const folder = findFolder(resolve(cwd, selector));
  const digest = basename(folder);
  const isStored = basename(dirname(folder)) === "approvals" && basename(dirname(dirname(folder))) === ".cto";
  if (isStored) return inStore(openStore({ home: resolve(folder, "../../..") }), digest);
  const shown = oneLine(selector, 1000);
  // A folder that is named like a digest promises which packet is in it.
  const record = readApprovalFolder(folder, shown, /^[0-9a-f]{64}$/.test(digest) ? digest : undefined);
  if (record === undefined) throw notFound(selector);
  return {
    record,
    home: null,
    folder,
    write: async (envelope, options) => writeDecision(folder, shown, envelope, options),
  };
}

function inStore(store: Store, sha256: string): FoundPacket {
  const record = store.approvals.read(sha256);
  if (record === undefined) throw notFound(sha256);
  return {
    record,
    home: store.home,
    folder: resolve(store.root, "approvals", sha256),
    write: (envelope, options) => store.approvals.writeDecision(sha256, envelope, options),
  };
}

/** The folder of a path that names the folder or the packet in it. */
function findFolder(path: string): string {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isDirectory() !== true && basename(path) === APPROVAL_FILES.packet ? dirname(path) : path;
}

function notFound(selector: string): CtoError {
  return new CtoError("CLI_PACKET_NOT_FOUND", `there is no approval packet ${oneLine(selector)}`, {
    hint: "Give the digest that `cto run` printed, at least 4 characters of it; from another folder than that of the run, the path: <its home>/.cto/approvals/<digest>.",
    details: { packet: selector },
  });
}
