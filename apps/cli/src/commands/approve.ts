import { join } from "node:path";
import {
  APPROVAL_FILES,
  checkOpenForDecision,
  findHome,
  openStore,
  readTrustedKeys,
  type Signer,
  verifyEd25519,
  type WriteDecisionOptions,
} from "@cto/bundle-store";
import { CtoError } from "@cto/errors";
import {
  APPROVAL_DECISION_TYPE,
  type ApprovalDecision,
  type ApprovalNarrowing,
  type ApprovalPacket,
  type Envelope,
  SCHEMAS,
  toCanonicalJson,
  toEnvelope,
  toPreAuthentication,
} from "@cto/evidence-interface";
import {
  compilePathRules,
  findWidenings,
  type OpenedDecision,
  openDecision,
  type PolicyLayer,
  toApprovalLayer,
} from "@cto/gates";
import { confirmSigning } from "../decide/ask.ts";
import { chooseSigner, explainTrust } from "../decide/choose-signer.ts";
import { type FoundPacket, findPacket } from "../decide/find-packet.ts";
import { toPacketText } from "../decide/packet-text.ts";
import { parseReason } from "../decide/parse-reason.ts";
import { EXIT } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";

type Action = (terminal: Terminal, args: readonly string[], options: Record<string, unknown>) => Promise<number>;

/** `cto approve`. */
export const approveCommand: Action = (terminal, args, options) => decide("granted", terminal, args, options);

/** `cto deny`. */
export const denyCommand: Action = (terminal, args, options) => decide("denied", terminal, args, options);

async function decide(
  decision: ApprovalDecision["decision"],
  terminal: Terminal,
  args: readonly string[],
  options: Record<string, unknown>,
): Promise<number> {
  const cwd = process.cwd();
  const wish = { decision, reason: parseReason(options.reason), narrowing: parseNarrowing(options) };
  const store = openStore({ home: findHome(cwd) });
  const found = findPacket(store, args[0] ?? "", cwd);
  checkNarrowing(found.record.packet, wish.narrowing);
  const standing = openStanding(found);
  if (standing?.kind === "valid" && found.record.claim === null) throw decidedBy(standing.decision);
  checkOpenForDecision(found.record, toReplacing(found));
  const signer = chooseSigner(store, options.key, cwd);
  const distrust = found.home === null ? null : explainTrust(found.home, signer);

  for (const line of toPacketText(found.record.sha256, found.record.packet, wish.narrowing)) terminal.say(line);
  terminal.say();
  if (standing !== null) terminal.say(`A decision lies there, but ${toWorth(standing)}: yours takes its place.`);
  if (distrust !== null) terminal.say(`Your signature does not count there yet: ${distrust}.`);
  if (options.yes !== true) {
    const refusal = await confirmSigning(terminal, decision === "granted" ? "approve" : "deny", signer.publicKey.name);
    if (refusal !== null) return refusal;
  }
  const document: ApprovalDecision = {
    schema: SCHEMAS.approvalDecision,
    packet_sha256: found.record.sha256,
    ...wish,
    approver: signer.publicKey,
    // Not before the person has answered.
    decided_at: new Date().toISOString(),
  };
  await found.write(signDecision(document, signer), toReplacing(found));
  showAnswer(terminal, found, document, distrust);
  return EXIT.pass;
}

/** What the decision that lies beside a packet is worth in the packet's home; null if there is none, or no home that says whom to trust. */
function openStanding(
  { home, record }: FoundPacket,
  bytes: Uint8Array | undefined = record.decision?.bytes,
): OpenedDecision | null {
  if (home === null || bytes === undefined) return null;
  const trusted = readTrustedKeys(home).keys;
  return openDecision({
    bytes,
    packetSha256: record.sha256,
    trusted,
    verifySignature: verifyEd25519,
    now: new Date(),
  });
}

function toWorth(standing: OpenedDecision): string {
  return standing.kind === "invalid" ? standing.reason : "it was signed for another packet";
}

/** A decision that nobody signed who counts in the packet's home gives way. Outside of a home nobody can tell, and none does. */
function toReplacing(found: FoundPacket): WriteDecisionOptions {
  if (found.home === null) return {};
  return { isReplaceable: (bytes) => openStanding(found, bytes)?.kind !== "valid" };
}

function decidedBy({ approver, decided_at, decision, packet_sha256 }: ApprovalDecision): CtoError {
  return new CtoError("CLI_PACKET_DECIDED", `${approver.name} has ${decision} this packet at ${decided_at}`, {
    hint:
      decision === "denied"
        ? "A denial stays: change the task contract, and ask again."
        : `One packet has one decision. The owner takes a grant back with \`cto keys revoke ${approver.name}\`, as long as no run has claimed it; one that has expired is asked for again by the next \`cto run\`.`,
    details: { packet_sha256, decision, keyid: approver.keyid, decided_at },
  });
}

function signDecision(document: ApprovalDecision, signer: Signer): Envelope {
  const payload = Buffer.from(toCanonicalJson(document));
  const signature = signer.sign(toPreAuthentication(APPROVAL_DECISION_TYPE, payload));
  const signatures = [{ keyid: signer.publicKey.keyid, signature }];
  return toEnvelope({ payloadType: APPROVAL_DECISION_TYPE, payload, signatures });
}

function showAnswer(
  terminal: Terminal,
  { folder, home, record }: FoundPacket,
  { approver, decided_at, decision }: ApprovalDecision,
  distrust: string | null,
): void {
  const isGranted = decision === "granted";
  const end = new Date(Date.parse(decided_at) + record.packet.expires_minutes * 60_000).toISOString();
  if (terminal.json)
    terminal.document({
      schema: "cto.approval-result.v1",
      packet_sha256: record.sha256,
      decision,
      keyid: approver.keyid,
      decided_at,
      expires_at: isGranted ? end : null,
      trusted: home === null ? null : distrust === null,
      file: join(folder, APPROVAL_FILES.decision),
    });
  terminal.say(`${decision} by ${approver.name}  ${approver.keyid}`);
  if (home === null)
    terminal.say(
      `  next  put ${APPROVAL_FILES.decision} of ${folder} beside the packet in the home that asks (.cto/approvals/${record.sha256}/)`,
    );
  else if (distrust !== null)
    terminal.say(
      "  next  have the key trusted there, as said above; until then the task stays blocked (approval_missing)",
    );
  if (isGranted)
    terminal.say(`  next  run the same task again: \`cto run ...\` claims this once, until it expires at ${end}`);
  else
    terminal.say(
      "  A run that asks for exactly this stays blocked (approval_denied). Change the task contract before you ask again.",
    );
}

/** Throws `PATH_RULE_INVALID` for what is no path pattern. */
function parseNarrowing(options: Record<string, unknown>): ApprovalNarrowing | null {
  const allowed = parsePatterns(options.allowPath);
  const forbidden = parsePatterns(options.forbidPath);
  if (allowed.length === 0 && forbidden.length === 0) return null;
  return {
    ...(allowed.length === 0 ? {} : { allowed_paths: [...allowed] }),
    ...(forbidden.length === 0 ? {} : { forbidden_paths: [...forbidden] }),
  };
}

function parsePatterns(value: unknown): readonly string[] {
  const typed = Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)];
  return compilePathRules([...new Set(typed)]).rules;
}

/** A run would refuse an approval that permits more than its packet; better to say so before it is signed. Throws `CLI_USAGE`. */
function checkNarrowing({ allowed_paths }: ApprovalPacket, narrowing: ApprovalNarrowing | null): void {
  if (narrowing === null) return;
  const asked: PolicyLayer = { layer: "task", file: "the packet", says: { allowed_paths }, places: new Map() };
  const [widening] = findWidenings([asked, toApprovalLayer(narrowing, "the approval")]);
  if (widening === undefined) return;
  throw new CtoError(
    "CLI_USAGE",
    `--allow-path ${String(widening.value)} permits more than the packet: ${widening.message}`,
    {
      hint: `An approval can only narrow. The packet permits ${allowed_paths.join(", ")}.`,
    },
  );
}
