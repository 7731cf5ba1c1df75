import {
  APPROVAL_DECISION_TYPE,
  type ApprovalDecision,
  approvalDecisionSchema,
  envelopeSchema,
  fromBase64,
  openEnvelope,
  safeParseStrictJson,
  type TrustedKey,
  toCanonicalJson,
  type VerifySignature,
} from "@cto/evidence-interface";

/** A stored decision after its signature was looked at. `foreign` is signed well, but for another packet. */
export type OpenedDecision =
  | { readonly kind: "valid"; readonly decision: ApprovalDecision }
  | { readonly kind: "foreign"; readonly decision: ApprovalDecision }
  | { readonly kind: "invalid"; readonly reason: string };

export interface DecisionFacts {
  /** The bytes of `decision.json`. */
  readonly bytes: Uint8Array;
  /** The digest of the packet that it lies beside. */
  readonly packetSha256: string;
  readonly trusted: readonly TrustedKey[];
  readonly verifySignature: VerifySignature;
  readonly now: Date;
}

/**
 * Opens `decision.json`. It counts only if a key that is trusted here as `approver` signed exactly it, it names that key, it is stored in canonical bytes
 * (a bundle that holds others does not verify), and it is not from the future. Never throws for anything that the file can hold.
 */
export function openDecision({ bytes, now, packetSha256, trusted, verifySignature }: DecisionFacts): OpenedDecision {
  const parsed = safeParseStrictJson(bytes);
  if (!parsed.ok) return invalid(`it cannot be read (${parsed.error.message})`);
  const opened = openEnvelope({
    envelope: parsed.value,
    payloadType: APPROVAL_DECISION_TYPE,
    publicKeyOf: (keyid) => publicKeyOf(trusted, keyid),
    verifySignature,
  });
  if (!opened.ok)
    return invalid(opened.reason === "unknown-key" ? explainStranger(parsed.value, trusted) : opened.message);
  if (!isCanonical(bytes, parsed.value, "\n"))
    return invalid("it is not stored in the bytes that `cto approve` writes");
  const payload = safeParseStrictJson(opened.payload);
  const decision = payload.ok ? approvalDecisionSchema.safeParse(payload.value).data : undefined;
  if (decision === undefined) return invalid("what was signed is no approval decision of a version that is known here");
  if (!isCanonical(opened.payload, decision, "")) return invalid("what was signed is not in canonical form");
  const { approver, decided_at } = decision;
  const signer = trusted.find(({ keyid }) => keyid === opened.keyid);
  if (approver.keyid !== opened.keyid || approver.public_key !== signer?.public_key)
    return invalid("it names another key than the one that signed it");
  if (!isCalendarDate(decided_at)) return invalid(`${decided_at} is no day of the calendar`);
  if (Date.parse(decided_at) > now.getTime())
    return invalid(
      `it is dated in the future (${decided_at}, here it is ${now.toISOString()}): set the clocks, or wait`,
    );
  return { kind: decision.packet_sha256 === packetSha256 ? "valid" : "foreign", decision };
}

/** `Date` takes the 31st of February for a day in March. */
function isCalendarDate(timestamp: string): boolean {
  const date = new Date(timestamp);
  return !Number.isNaN(date.getTime()) && date.toISOString() === timestamp;
}

function isCanonical(bytes: Uint8Array, value: unknown, end: string): boolean {
  return new TextDecoder().decode(bytes) === `${toCanonicalJson(value)}${end}`;
}

function publicKeyOf(trusted: readonly TrustedKey[], keyid: string): Uint8Array | undefined {
  const key = trusted.find((one) => one.keyid === keyid && one.roles.includes("approver"));
  return key === undefined ? undefined : fromBase64(key.public_key);
}

function explainStranger(envelope: unknown, trusted: readonly TrustedKey[]): string {
  const signers = new Set(envelopeSchema.safeParse(envelope).data?.signatures.map(({ keyid }) => keyid));
  const known = trusted.find(({ keyid }) => signers.has(keyid));
  if (known !== undefined) return `its key ${known.name} is trusted as ${known.roles.join(", ")} and not as approver`;
  return "its key is not in cto/keys/trusted.json";
}

function invalid(reason: string): OpenedDecision {
  return { kind: "invalid", reason };
}
