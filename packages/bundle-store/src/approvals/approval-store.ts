import fs from "node:fs";
import path from "node:path";
import { CtoError, systemCode } from "@cto/errors";
import {
  type ApprovalClaim,
  type ApprovalPacket,
  approvalClaimSchema,
  type Envelope,
  toCanonicalJson,
} from "@cto/evidence-interface";
import { createExclusive, syncFolder } from "../create-exclusive.ts";
import { ensureDirectory } from "../disk.ts";
import { withLock } from "../numbered-lock.ts";
import { readFailed, storeError, writeFailed } from "../store-error.ts";
import { checkFolder, checkRoot, ensureRecordFolder, ensureRoot, type StorePlaces } from "../store-root.ts";
import {
  APPROVAL_FILES,
  type ApprovalRecord,
  packetNamePattern,
  readApprovalFolder,
  toPacketFile,
} from "./approval-folder.ts";
import { type WriteDecisionOptions, writeDecision } from "./write-decision.ts";

/** One folder of the list. `broken` could not be read: see `problem`. */
export type ApprovalRow =
  | ({ readonly kind: "readable" } & ApprovalRecord)
  | { readonly kind: "broken"; readonly sha256: string; readonly problem: CtoError };

/** Approvals in `.cto/approvals/<sha256 of packet>/`. It decides nothing: whether a decision counts is for `openDecision` of @cto/gates to say. */
export interface ApprovalStore {
  /** Writes a packet unless it is there, and returns its digest, which names its folder. Throws `APPROVAL_PACKET_INVALID`, `STORE_WRITE_FAILED`. */
  writePacket(packet: ApprovalPacket): string;
  /** Undefined if there is no such packet. Writes nothing. Throws what `readApprovalFolder` throws. */
  read(sha256: string): ApprovalRecord | undefined;
  /** All packets, sorted by digest. Writes nothing. */
  list(): readonly ApprovalRow[];
  /** The digest that a prefix stands for. Throws `APPROVAL_NOT_FOUND`, `APPROVAL_AMBIGUOUS`; `details.candidates` holds digests. */
  resolve(prefix: string): string;
  /** Puts a decision beside a packet. See `WriteDecisionOptions`; throws `APPROVAL_NOT_FOUND`, `APPROVAL_DECIDED`, `APPROVAL_SPENT`. */
  writeDecision(sha256: string, envelope: Envelope, options?: WriteDecisionOptions): Promise<void>;
  /**
   * Spends an approval: of all processes that ever try, one gets `claimed`. It is on the disk when it returns. Throws `APPROVAL_CLAIM_INVALID` for a
   * claim of another packet, `APPROVAL_NOT_FOUND`, `STORE_WRITE_FAILED` (then it may be spent).
   */
  claim(sha256: string, claim: ApprovalClaim): "claimed" | "taken";
}

const shownFolder = (sha256: string): string => `.cto/approvals/${sha256}`;

/** The approvals of a home. Touches nothing. */
export function createApprovalStore(places: StorePlaces): ApprovalStore {
  const folderOf = (sha256: string): string => path.join(places.folder("approvals"), sha256);
  const digests = (): readonly string[] => {
    checkRoot(places);
    return digestsIn(places.folder("approvals"));
  };
  const read = (sha256: string): ApprovalRecord | undefined => {
    checkRoot(places);
    if (!packetNamePattern.test(sha256) || !checkFolder(folderOf(sha256), shownFolder(sha256))) return undefined;
    return readApprovalFolder(folderOf(sha256), shownFolder(sha256), sha256);
  };
  const mustRead = (sha256: string): ApprovalRecord => {
    const record = read(sha256);
    if (record === undefined) throw notFound(sha256, []);
    return record;
  };
  return {
    read,
    list: () => digests().flatMap((sha256) => toRow(sha256, read)),
    resolve(prefix) {
      const found = digests().filter((sha256) => sha256.startsWith(prefix));
      const [first] = found;
      if (first === undefined) throw notFound(prefix, digests());
      if (found.length > 1) throw ambiguous(prefix, found);
      return first;
    },
    writePacket(packet) {
      const { bytes, sha256 } = toPacketFile(packet);
      const approvals = ensureRecordFolder(places, "approvals");
      try {
        ensureDirectory(folderOf(sha256));
        checkFolder(folderOf(sha256), shownFolder(sha256));
        createExclusive(path.join(folderOf(sha256), APPROVAL_FILES.packet), bytes);
        for (const folder of [approvals, places.root]) syncFolder(folder);
      } catch (error) {
        throw writeFailed(shownFolder(sha256), error);
      }
      // Also what was there before must be this packet.
      mustRead(sha256);
      return sha256;
    },
    async writeDecision(sha256, envelope, options) {
      mustRead(sha256);
      ensureRoot(places);
      const directory = path.join(places.folder("locks"), "approvals");
      await withLock({ directory, what: "the approvals", waitMs: places.lockWaitMs }, () =>
        writeDecision(folderOf(sha256), shownFolder(sha256), envelope, options),
      );
    },
    claim(sha256, claim) {
      const shaped = approvalClaimSchema.safeParse(claim);
      if (!shaped.success || shaped.data.packet_sha256 !== sha256)
        throw storeError(
          "APPROVAL_CLAIM_INVALID",
          "This is no claim of that packet.",
          "It must name the packet that it spends.",
        );
      mustRead(sha256);
      try {
        const file = path.join(folderOf(sha256), APPROVAL_FILES.claim);
        return createExclusive(file, Buffer.from(`${toCanonicalJson(shaped.data)}\n`)) ? "claimed" : "taken";
      } catch (error) {
        throw writeFailed(`${shownFolder(sha256)}/${APPROVAL_FILES.claim}`, error);
      }
    },
  };
}

function digestsIn(folder: string): readonly string[] {
  try {
    return fs
      .readdirSync(folder)
      .filter((name) => packetNamePattern.test(name))
      .sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw readFailed(".cto/approvals", error);
  }
}

function toRow(sha256: string, read: ApprovalStore["read"]): readonly ApprovalRow[] {
  try {
    const record = read(sha256);
    return record === undefined ? [] : [{ kind: "readable", ...record }];
  } catch (error) {
    if (!CtoError.is(error)) throw error;
    return [{ kind: "broken", sha256, problem: error }];
  }
}

function notFound(prefix: string, candidates: readonly string[]): Error {
  const known = candidates.slice(0, 5).map((sha256) => sha256.slice(0, 12));
  return storeError(
    "APPROVAL_NOT_FOUND",
    `There is no approval packet ${prefix.slice(0, 64)} in .cto/approvals.`,
    known.length === 0 ? "`cto run` writes one when it needs an approval." : `Packets here: ${known.join(", ")}.`,
    { packet: prefix, candidates },
  );
}

function ambiguous(prefix: string, candidates: readonly string[]): Error {
  return storeError(
    "APPROVAL_AMBIGUOUS",
    `${prefix} stands for ${candidates.length} approval packets.`,
    "Give more of the digest.",
    { packet: prefix, candidates },
  );
}
