import path from "node:path";
import {
  type ApprovalClaim,
  type ApprovalPacket,
  approvalClaimSchema,
  approvalPacketSchema,
  safeParseStrictJson,
  toCanonicalJson,
} from "@cto/evidence-interface";
import { sha256 } from "../disk.ts";
import { readPlainFile } from "../read-plain-file.ts";
import { readFailed, storeError } from "../store-error.ts";

/** The files of an approval. */
export const APPROVAL_FILES = { packet: "packet.json", decision: "decision.json", claim: "claim.json" } as const;

const maxBytes = 4 * 1024 * 1024;
export const packetNamePattern = /^[0-9a-f]{64}$/;

/** A packet and what people and runs did to it, as it lies on the disk. Bytes are exactly those of the files. */
export interface ApprovalRecord {
  /** The digest of the packet's canonical text, without the LF of the file. */
  readonly sha256: string;
  readonly packet: ApprovalPacket;
  readonly packetBytes: Uint8Array;
  /** Null if nobody decided. Nothing about a decision is checked here: neither its signature nor its shape. `envelope` is null if it is no JSON. */
  readonly decision: { readonly bytes: Uint8Array; readonly envelope: unknown } | null;
  /** Null if no run spent it. */
  readonly claim: ApprovalClaim | null;
  readonly claimBytes: Uint8Array | null;
}

/** The bytes of `packet.json`, and the name that it gives its folder. Throws `APPROVAL_PACKET_INVALID` for a value of another shape. */
export function toPacketFile(packet: ApprovalPacket): { readonly sha256: string; readonly bytes: Uint8Array } {
  const shaped = approvalPacketSchema.safeParse(packet);
  if (!shaped.success) throw invalidPacket("the packet to be written", "has another shape");
  const text = toCanonicalJson(shaped.data);
  const bytes = Buffer.from(`${text}\n`);
  if (bytes.length > maxBytes) throw invalidPacket("the packet to be written", `is larger than ${maxBytes} bytes`);
  return { sha256: sha256(text), bytes };
}

/**
 * Reads a folder with a packet; undefined if it has none. `shown` is its path for messages. Throws `APPROVAL_FILE_UNSAFE` if a file is a link, no
 * regular file or too large, `APPROVAL_PACKET_INVALID` if the packet's bytes are not the canonical ones or their digest is not `expected`,
 * `APPROVAL_CLAIM_INVALID` if there is a claim that nobody understands: it may have been spent.
 */
export function readApprovalFolder(folder: string, shown: string, expected?: string): ApprovalRecord | undefined {
  const read = (name: string): Uint8Array | null => readFile(path.join(folder, name), `${shown}/${name}`);
  const packetBytes = read(APPROVAL_FILES.packet);
  if (packetBytes === null) return undefined;
  const { digest, packet } = parsePacket(packetBytes, `${shown}/${APPROVAL_FILES.packet}`, expected);
  // The claim first: whoever sees one sees the decision that it names, too.
  const claimBytes = read(APPROVAL_FILES.claim);
  const decision = read(APPROVAL_FILES.decision);
  return {
    sha256: digest,
    packet,
    packetBytes,
    decision: decision === null ? null : { bytes: decision, envelope: parseJson(decision) },
    claim: claimBytes === null ? null : parseClaim(claimBytes, `${shown}/${APPROVAL_FILES.claim}`, digest),
    claimBytes,
  };
}

function readFile(file: string, shown: string): Uint8Array | null {
  try {
    const found = readPlainFile(file, maxBytes);
    if (found.kind === "absent") return null;
    if (found.kind === "file") return found.bytes;
    throw storeError(
      "APPROVAL_FILE_UNSAFE",
      `${shown} is ${found.what}.`,
      "Somebody put it there: look at it, remove it, and ask for the approval again.",
      { file: shown },
    );
  } catch (error) {
    throw readFailed(shown, error);
  }
}

function parsePacket(
  bytes: Uint8Array,
  shown: string,
  expected: string | undefined,
): { digest: string; packet: ApprovalPacket } {
  const shaped = approvalPacketSchema.safeParse(parseJson(bytes));
  if (!shaped.success) throw invalidPacket(shown, "is no approval packet of a version that is known here");
  const text = toCanonicalJson(shaped.data);
  if (!Buffer.from(`${text}\n`).equals(bytes)) throw invalidPacket(shown, "is not stored in canonical bytes");
  const digest = sha256(text);
  if (expected !== undefined && digest !== expected)
    throw invalidPacket(shown, "is not the packet that its folder names");
  return { digest, packet: shaped.data };
}

function parseClaim(bytes: Uint8Array, shown: string, digest: string): ApprovalClaim {
  const claim = approvalClaimSchema.safeParse(parseJson(bytes)).data;
  if (claim?.packet_sha256 === digest) return claim;
  throw storeError(
    "APPROVAL_CLAIM_INVALID",
    `${shown} is no claim of this packet, so nobody can tell whether the approval is spent.`,
    "Treat it as spent: move the folder away and ask for the approval again.",
    { file: shown },
  );
}

function parseJson(bytes: Uint8Array): unknown {
  const parsed = safeParseStrictJson(bytes);
  return parsed.ok ? parsed.value : null;
}

function invalidPacket(shown: string, what: string): Error {
  return storeError(
    "APPROVAL_PACKET_INVALID",
    `${shown} ${what}.`,
    "Do not sign it. Move the folder away; the next `cto run` that needs an approval writes its packet anew.",
    { file: shown },
  );
}
