import { openStore, type Signer, type Store, trustKey } from "@cto/bundle-store";
import {
  APPROVAL_DECISION_TYPE,
  type ApprovalDecision,
  type Envelope,
  type KeyRole,
  SCHEMAS,
  toCanonicalJson,
  toEnvelope,
  toPreAuthentication,
} from "@cto/evidence-interface";
import { createFolder } from "./run-kit.ts";

/** What an approver says; granted, now, without conditions, unless told. */
export interface Wish {
  readonly decision?: ApprovalDecision["decision"];
  readonly reason?: string;
  readonly decidedAt?: Date;
  readonly narrowing?: ApprovalDecision["narrowing"];
}

/** A key in a home of its own; `home` trusts it in these roles. */
export async function createApprover(home: string, roles: readonly KeyRole[] = ["approver"], name = "alice"): Promise<Signer> {
  const { keys } = openStore({ home: createFolder() });
  const publicKey = keys.createKey({ name });
  if (roles.length > 0) await trustKey(home, publicKey, roles);
  return keys.openSigner(name);
}

/** The signed decision about one packet. */
export function signDecision(signer: Signer, packetSha256: string, wish: Wish = {}): Envelope {
  const document: ApprovalDecision = {
    schema: SCHEMAS.approvalDecision,
    packet_sha256: packetSha256,
    decision: wish.decision ?? "granted",
    reason: wish.reason ?? null,
    approver: signer.publicKey,
    decided_at: (wish.decidedAt ?? new Date()).toISOString(),
    narrowing: wish.narrowing ?? null,
  };
  const payload = Buffer.from(toCanonicalJson(document));
  const signature = signer.sign(toPreAuthentication(APPROVAL_DECISION_TYPE, payload));
  const signatures = [{ keyid: signer.publicKey.keyid, signature }];
  return toEnvelope({ payloadType: APPROVAL_DECISION_TYPE, payload, signatures });
}

/** Digests of the packets that nobody has decided on. */
export function openPackets({ approvals }: Store): readonly string[] {
  return approvals.list().flatMap((row) => (row.kind === "readable" && row.decision === null ? [row.sha256] : []));
}

/** Decides on the only open packet of a home, and answers its digest. */
export async function decideOpen(store: Store, signer: Signer, wish: Wish = {}): Promise<string> {
  const [packet, another] = openPackets(store);
  if (packet === undefined || another !== undefined) throw new Error("expected exactly one open packet");
  await store.approvals.writeDecision(packet, signDecision(signer, packet, wish));
  return packet;
}
