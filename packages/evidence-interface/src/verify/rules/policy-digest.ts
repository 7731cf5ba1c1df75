import { toCanonicalJson } from "../../canonical-json.ts";
import type { WholeBundle } from "./whole-bundle.ts";

const encoder = new TextEncoder();

/**
 * The digest of the effective policy without the rules of an approval: what an approver is asked about, and what stands in the event log before
 * anybody answered. Without such rules it is the stored document's own, which the report names.
 */
export function digestBeforeApproval({ policy, report, sha256 }: WholeBundle): string {
  if (policy === undefined || !policy.rules.some(({ layer }) => layer === "approval")) return report.policy_digest;
  const rules = policy.rules.filter(({ layer }) => layer !== "approval");
  return sha256(encoder.encode(toCanonicalJson({ ...policy, rules })));
}
