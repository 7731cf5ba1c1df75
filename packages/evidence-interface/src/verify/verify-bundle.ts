import type { VerifyResult } from "../schemas/command-documents.ts";
import type { Manifest } from "../schemas/manifest.ts";
import { RUN_FILES, SCHEMAS } from "../vocabulary.ts";
import { type BundleDocuments, manifestFormat, toBundleDocuments } from "./bundle-documents.ts";
import type { BundleFacts } from "./bundle-facts.ts";
import { createFindings, type Findings } from "./findings.ts";
import { isCanonical } from "./is-canonical.ts";
import { admissionsFit } from "./rules/admission-rules.ts";
import { approvalStands } from "./rules/approval-rules.ts";
import { artifactsCovered, patchFits, pointersLead } from "./rules/artifact-rules.ts";
import { changesFit, claimsFit } from "./rules/change-rules.ts";
import { comparisonFits } from "./rules/comparison-rules.ts";
import { claimFits, decisionFits, narrowingFits } from "./rules/decision-rules.ts";
import { eligibilityFits } from "./rules/eligibility-rules.ts";
import { documentsAnnounced, eventsRestate } from "./rules/event-rules.ts";
import { clockOrder, isolationFits, noHostPaths, runAndReport, sameRun, stageFits } from "./rules/identity-rules.ts";
import { liveFits, traceFits } from "./rules/log-rules.ts";
import { packetFits } from "./rules/packet-rules.ts";
import { passIsAllowed, passIsApproved, passIsProven, passIsVerified, passIsWhole } from "./rules/pass-rules.ts";
import { policyFits, policyIsWhole, policyObeyed } from "./rules/policy-rules.ts";
import { noEffectFits, taskFits, treesFit } from "./rules/proof-rules.ts";
import { disposableFits, rungFits } from "./rules/stage-proof-rules.ts";
import {
  blockersFit,
  blockersInEvents,
  engineFits,
  eventsFit,
  processEndFits,
  statusFits,
} from "./rules/status-rules.ts";
import type { Rule, WholeBundle } from "./rules/whole-bundle.ts";
import { toDocument } from "./to-document.ts";
import { verifyEvents } from "./verify-events.ts";
import { compareWithManifest, inspectFiles } from "./verify-files.ts";

const rules: readonly Rule[] = [
  sameRun,
  runAndReport,
  stageFits,
  isolationFits,
  clockOrder,
  noHostPaths,
  statusFits,
  eventsFit,
  blockersInEvents,
  blockersFit,
  engineFits,
  eventsRestate,
  documentsAnnounced,
  processEndFits,
  taskFits,
  policyFits,
  policyIsWhole,
  policyObeyed,
  eligibilityFits,
  approvalStands,
  packetFits,
  decisionFits,
  claimFits,
  narrowingFits,
  admissionsFit,
  rungFits,
  disposableFits,
  comparisonFits,
  treesFit,
  noEffectFits,
  pointersLead,
  artifactsCovered,
  patchFits,
  changesFit,
  claimsFit,
  liveFits,
  traceFits,
];
const passRules: readonly Rule[] = [passIsWhole, passIsAllowed, passIsVerified, passIsApproved, passIsProven];

/**
 * Judges one run bundle from the facts that a reader gathered. In order: files, manifest, digests, documents, event log, meaning, attestation;
 * the verdict is that of the worst finding. Of a tampered bundle the meaning is not judged. Never throws for anything that a bundle can hold.
 */
export function verifyBundle(facts: BundleFacts): VerifyResult {
  const findings = createFindings();
  const files = inspectFiles(facts, findings);
  const manifest = files === undefined ? undefined : toManifest(facts, findings);
  if (files === undefined || manifest === undefined) return toResult(findings, undefined, undefined);
  const listed = compareWithManifest(manifest, files, facts, findings);
  const documents = toBundleDocuments(facts, findings);
  const events = verifyEvents(facts, manifest, findings);
  const { run, report } = documents;
  if (findings.verdict() !== "tampered" && run !== undefined && report !== undefined && events !== undefined) {
    const codes = new Set(report.blockers.map(({ code }) => code));
    const bytesOf = (path: string) => facts.documents.get(path);
    const bundle: WholeBundle = {
      ...documents,
      run,
      report,
      events,
      manifest,
      listed,
      codes,
      bytesOf,
      patch: facts.patch,
      live: facts.live,
      trace: facts.trace,
      sha256: facts.sha256,
      signatures: facts.signatures,
    };
    for (const rule of rules) rule(bundle, findings);
    if (report.status === "pass") for (const rule of passRules) rule(bundle, findings);
  }
  if (files.has(RUN_FILES.attestation))
    findings.add("ATTESTATION_UNCHECKED", RUN_FILES.attestation, "the signatures were not checked");
  else findings.add("ATTESTATION_MISSING", null, "there is no attestation");
  return toResult(findings, manifest, report);
}

function toManifest(facts: BundleFacts, findings: Findings): Manifest | undefined {
  const path = RUN_FILES.manifest;
  const bytes = facts.documents.get(path);
  if (bytes === undefined) {
    // A manifest that is there but too large or unreadable has its finding already.
    if (!facts.files.some((file) => file.path === path && file.kind === "file"))
      findings.add("MANIFEST_MISSING", path, "there is no manifest");
    return undefined;
  }
  const manifest = toDocument(bytes, manifestFormat, { path }, findings);
  if (manifest !== undefined && !isCanonical(bytes, manifest))
    findings.add("MANIFEST_NOT_CANONICAL", path, "is not stored in canonical bytes and one LF");
  return manifest;
}

function toResult(findings: Findings, manifest: Manifest | undefined, report: BundleDocuments["report"]): VerifyResult {
  return {
    schema: SCHEMAS.verifyResult,
    verdict: findings.verdict(),
    findings: [...findings.list()],
    run_id: manifest?.run_id ?? null,
    status: report?.status ?? null,
  };
}
