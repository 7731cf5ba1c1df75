export { fromBase64, toBase64 } from "./base64.ts";
export { toCanonicalJson } from "./canonical-json.ts";
export { openEnvelope, toEnvelope, toPreAuthentication } from "./dsse.ts";
export { FAILURE_CODE_NAMES, FAILURE_CODES, failureEvents, isFailureCode } from "./failure-codes.ts";
export { fromPathText, pathTextToName, toPathText } from "./path-text.ts";
export { isRelativePointer } from "./relative-pointer.ts";
export {
  ADMISSION_STATUSES,
  ALWAYS_FORBIDDEN_ACTIONS,
  executableAdmissionSchema,
  failureExemptionSchema,
  modelAdmissionSchema,
  promotionDecisionSchema,
  providerDecisionSchema,
  sourceAdmissionSchema,
  targetAdmissionSchema,
} from "./schemas/admissions.ts";
export {
  APPROVAL_DECISION_TYPE,
  approvalClaimSchema,
  approvalDecisionSchema,
  approvalPacketSchema,
} from "./schemas/approvals.ts";
export {
  casesRunSchema,
  latestRunSchema,
  ledgerEntrySchema,
  runResultSchema,
  verifyFindingSchema,
  verifyManySchema,
  verifyResultSchema,
} from "./schemas/command-documents.ts";
export { governedEventSchema, liveEventSchema, liveStreamSchema, traceEntrySchema } from "./schemas/events.ts";
export { manifestSchema } from "./schemas/manifest.ts";
export { OUTCOME_FILES, OUTCOME_TYPE, outcomeEventSchema, outcomeSchema } from "./schemas/outcome.ts";
export {
  blockerSchema,
  identifierSchema,
  lossyGitStateSchema,
  processEndSchema,
  runIdSchema,
  sha256Schema,
  timestampSchema,
} from "./schemas/primitives.ts";
export {
  broughtFoldersSchema,
  effectivePolicySchema,
  eligibilityDecisionSchema,
  noEffectProofSchema,
  reviewSchema,
  sourceDigestsSchema,
  treeStateSchema,
} from "./schemas/proofs.ts";
export {
  changedFileSchema,
  claimsSchema,
  reportSchema,
  testCountsSchema,
  verificationResultSchema,
} from "./schemas/report.ts";
export { runBundleSchema } from "./schemas/run-bundle.ts";
export { envelopeSchema, KEY_ROLES, publicKeySchema, trustedKeysSchema } from "./schemas/signatures.ts";
export {
  admissionsProofSchema,
  COMPARISON_ASPECTS,
  comparisonSchema,
  disposableProofSchema,
  ladderSchema,
  routeAdmissionGuardSchema,
  rungProofSchema,
} from "./schemas/stage-proofs.ts";
export { JSON_DEPTH_LIMIT, safeParseStrictJson } from "./strict-json.ts";
export { toJsonSchemas } from "./to-json-schemas.ts";
export { BUNDLE_LIMITS, isBundleDocument } from "./verify/bundle-facts.ts";
export { FINDING_CODES } from "./verify/finding-codes.ts";
export { toPatchPaths } from "./verify/to-patch-paths.ts";
export { verifyBundle } from "./verify/verify-bundle.ts";
export { verdictExitCode, verifyMany } from "./verify/verify-many.ts";
export { verifyOutcome } from "./verify/verify-outcome.ts";
export {
  APPROVAL_STATUSES,
  EVENT_ORDER,
  EVENTS_OF_A_PASS,
  ISOLATION_KINDS,
  LANDINGS,
  LIMIT_HOLDERS,
  MUTATION_MODES,
  PROCESS_END_KINDS,
  PROOF_FILES,
  RUN_FILES,
  RUN_STATUSES,
  SCHEMAS,
  STAGE_NAMES,
  STAGES,
  STREAM_KINDS,
  TARGET_KINDS,
  VERDICTS,
} from "./vocabulary.ts";

// Types

export type { OpenEnvelopeResult, VerifySignature } from "./dsse.ts";
export type { FailureCode, FailureCodeEntry } from "./failure-codes.ts";
export type { StrictJsonError, StrictJsonErrorCode } from "./locate-json-error.ts";
export type {
  AdmissionStatus,
  ExecutableAdmission,
  FailureExemption,
  ModelAdmission,
  PromotionDecision,
  ProviderDecision,
  SourceAdmission,
  TargetAdmission,
} from "./schemas/admissions.ts";
export type {
  ApprovalClaim,
  ApprovalDecision,
  ApprovalNarrowing,
  ApprovalPacket,
  ModelPair,
} from "./schemas/approvals.ts";
export type {
  CasesRun,
  LatestRun,
  LedgerEntry,
  RunResult,
  VerifyFinding,
  VerifyMany,
  VerifyResult,
} from "./schemas/command-documents.ts";
export type { GovernedEvent, LiveEvent, LiveStream, TraceEntry } from "./schemas/events.ts";
export type { Manifest, ManifestFile } from "./schemas/manifest.ts";
export type { Outcome, OutcomeEvent } from "./schemas/outcome.ts";
export type { Blocker, LossyGitState, ProcessEnd } from "./schemas/primitives.ts";
export type {
  BroughtFolders,
  EffectivePolicy,
  EligibilityDecision,
  NoEffectProof,
  Review,
  SourceDigests,
  TreeState,
} from "./schemas/proofs.ts";
export type { ChangedFile, Claims, Report, TestCounts, VerificationResult } from "./schemas/report.ts";
export type { RunBundle } from "./schemas/run-bundle.ts";
export type { Envelope, KeyRole, PublicKey, TrustedKey, TrustedKeys } from "./schemas/signatures.ts";
export type {
  AdmissionsProof,
  Comparison,
  DisposableProof,
  Ladder,
  RouteAdmissionGuard,
  RungProof,
} from "./schemas/stage-proofs.ts";
export type { StrictJsonResult } from "./strict-json.ts";
export type { BundleFacts, BundleFile } from "./verify/bundle-facts.ts";
export type { FindingCode, FindingCodeEntry } from "./verify/finding-codes.ts";
export type { PatchPaths } from "./verify/to-patch-paths.ts";
export type { OutcomeFacts, VerifyOutcomeResult } from "./verify/verify-outcome.ts";
export type {
  EventName,
  IsolationKind,
  LimitHolder,
  MutationMode,
  ProcessEndKind,
  RunStatus,
  Stage,
  StreamKind,
  TargetKind,
  Verdict,
} from "./vocabulary.ts";
