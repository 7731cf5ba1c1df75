import { PROOF_FILES, RUN_FILES } from "../../vocabulary.ts";
import { wasCutShort } from "./event-rules.ts";
import type { Rule, WholeBundle } from "./whole-bundle.ts";

/** Codes of a run that was refused for want of an approval: none of them can stand beside an engine that ran. */
const refusals = [
  "approval_missing",
  "approval_expired",
  "approval_consumed",
  "approval_mismatch",
  "approval_denied",
] as const;

/** What there is of an approval: `requested` is a packet alone, `incomplete` a record whose premise is absent. */
type Found = "nothing" | "requested" | "granted" | "denied" | "consumed" | "incomplete";

/** What there is of an approval is what the report and the events say of it, and an engine that needs one ran only with all of it. */
export const approvalStands: Rule = (bundle, findings) => {
  const { report, run, codes } = bundle;
  const say = (message: string) => findings.add("APPROVAL_CONTRADICTED", RUN_FILES.report, message);
  const found = toFound(bundle);
  if (found === undefined) return;
  judgeNeed(bundle, found, (message) => findings.add("APPROVAL_MISSING", PROOF_FILES.approvalClaim, message));
  if (found === "incomplete") say("a record of the approval is there and what it is about is not");
  if (run.isolation === "none" && (found === "granted" || found === "consumed"))
    say("an approval without isolation: the engine could have made it");
  if (report.process_started && refusals.some((code) => codes.has(code)))
    say("an engine ran and a blocker says that its approval was refused");
  // A pass for which there is nothing at all is judged by what a pass must have.
  if (found === "nothing" && report.status === "pass") return;
  if (!statusFitsRecords(bundle, found))
    say(`approval_status is ${report.approval_status}, of records there is ${found}`);
  if (found === "denied" && !codes.has("approval_denied") && !wasCutShort(bundle))
    say("the approval was denied and approval_denied is no blocker");
  judgeEvents(bundle, found, say);
};

function toFound(bundle: WholeBundle): Found | undefined {
  const { approvalPacket, approvalDecision, approvalClaim, listed } = bundle;
  const unreadable = [
    [PROOF_FILES.approvalPacket, approvalPacket],
    [PROOF_FILES.approvalDecision, approvalDecision],
    [PROOF_FILES.approvalClaim, approvalClaim],
  ] as const;
  // What cannot be read has its finding.
  if (unreadable.some(([path, document]) => document === undefined && listed.has(path))) return undefined;
  if (approvalPacket === undefined) return (approvalDecision ?? approvalClaim) ? "incomplete" : "nothing";
  if (approvalDecision === undefined) return approvalClaim ? "incomplete" : "requested";
  if (approvalDecision.decision === "denied") return approvalClaim ? "incomplete" : "denied";
  return approvalClaim ? "consumed" : "granted";
}

/** From stage 4 on, and wherever the decision on the start says so, an engine runs only on an approval that this run has spent. */
function judgeNeed({ report, run, eligibility }: WholeBundle, found: Found, say: (message: string) => void): void {
  const needed = run.stage >= 4 || eligibility?.approval_required === true;
  if (needed && report.process_started && found !== "consumed")
    say("an engine ran that needs an approval, and packet, granted decision and claim are not all there");
}

function statusFitsRecords(bundle: WholeBundle, found: Found): boolean {
  const { approval_status } = bundle.report;
  if (found === "incomplete") return true;
  if (found === "nothing") {
    // A run that was refused before anybody was asked has a status and no packet.
    const packetless = approval_status === "requested" && !bundle.report.process_started;
    return approval_status === "not-required" || packetless || wasCutShort(bundle);
  }
  return approval_status === found || (wasCutShort(bundle) && approval_status === "requested");
}

/** An answer in the log has its record, a record has its answer in the log, and a packet that the log names is there. */
function judgeEvents(bundle: WholeBundle, found: Found, say: (message: string) => void): void {
  const { byName } = bundle.events;
  if (wasCutShort(bundle)) return;
  const answers = [
    ["approval.granted", found === "granted" || found === "consumed"],
    ["approval.denied", found === "denied"],
  ] as const;
  for (const [event, isThere] of answers) {
    if (byName.has(event) && !isThere) say(`there is ${event} and no such decision`);
    if (!byName.has(event) && isThere) say(`there is a decision and no ${event}`);
  }
  const requested = byName.get("approval.requested");
  if (found === "nothing" && requested?.data.packet_sha256 !== undefined)
    say("approval.requested names a packet that is not there");
  if (found === "requested" && requested === undefined) say("there is a packet and no approval.requested");
}
