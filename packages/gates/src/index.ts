export type {
  AdmissionItem,
  AdmissionJudgement,
  RecordFacts,
  RecordFile,
  RecordQuestion,
} from "./admission/admission.ts";
export type { AdmissionErrorCode, AdmissionProblem } from "./admission/admission-error.ts";
export type { EngineIdentity, EngineJudgement, EngineQuestion } from "./admission/judge-engine-admission.ts";
export { BUILT_IN_ENGINE, judgeEngineAdmission } from "./admission/judge-engine-admission.ts";
export type { ModelJudgement, ModelQuestion } from "./admission/judge-model-admission.ts";
export { judgeModelAdmission } from "./admission/judge-model-admission.ts";
export type { SourceJudgement } from "./admission/judge-source-admission.ts";
export { judgeSourceAdmission } from "./admission/judge-source-admission.ts";
export type { TargetJudgement, TargetQuestion } from "./admission/judge-target-admission.ts";
export { judgeTargetAdmission } from "./admission/judge-target-admission.ts";
export type { RecordSource } from "./admission/parse-record.ts";
export { MAX_RECORD_BYTES, parseRecord } from "./admission/parse-record.ts";
export type { AdmissionRecord, RecordKind } from "./admission/record-kinds.ts";
export { RECORD_KINDS, recordKindOf, toRecordFileName, toRecordSubject } from "./admission/record-kinds.ts";
export type { ApprovalAnswer, StoredApproval } from "./approval/find-approval.ts";
export { findApproval } from "./approval/find-approval.ts";
export type { DecisionFacts, OpenedDecision } from "./approval/open-decision.ts";
export { openDecision } from "./approval/open-decision.ts";
export type { PacketFacts } from "./approval/to-approval-packet.ts";
export { toApprovalPacket } from "./approval/to-approval-packet.ts";
export { toBlocker } from "./blocker.ts";
export type {
  ChangeKind,
  DiskChange,
  EffectDecision,
  EffectFacts,
  EntryChange,
  EntryKind,
  GitChange,
  SecretFinding,
  TreeChange,
} from "./effect-facts.ts";
export type {
  AdmissionWord,
  EngineGateFacts,
  PolicyWord,
} from "./eligibility/admission-gates.ts";
export { judgeEngineGate, judgeModelGate, judgeTargetGate } from "./eligibility/admission-gates.ts";
export type {
  EligibilityFacts,
  EligibilityJudgement,
  GateAnswer,
  GateFact,
  GateName,
  GateResult,
  ObservedGate,
} from "./eligibility/decide-eligibility.ts";
export { decideEligibility, GATE_NAMES, OPEN_GATE } from "./eligibility/decide-eligibility.ts";
export {
  mutationModeOf,
  needsApproval,
  requiredRung,
  resolveStage,
  startsEngine,
  targetKindOf,
} from "./eligibility/stage-rules.ts";
export type { DocumentProblem, GatesErrorCode } from "./gates-error.ts";
export type { ClaimFacts, ClaimJudgement } from "./judge-claims.ts";
export { judgeClaims } from "./judge-claims.ts";
export { judgeEffects } from "./judge-effects.ts";
export type { RunJudgement } from "./judge-run.ts";
export { exitCodeOf, judgeRun } from "./judge-run.ts";
export type { VerificationEnd, VerificationFacts, VerificationJudgement } from "./judge-verification.ts";
export { didPass, judgeVerification } from "./judge-verification.ts";
export type { CompareLanesOptions, Lane } from "./ladder/compare-lanes.ts";
export { compareLanes, LANE_ENGINES } from "./ladder/compare-lanes.ts";
export type { DecideRungOptions, RungDecision } from "./ladder/decide-rung.ts";
export { decideRung } from "./ladder/decide-rung.ts";
export type { FindCountingPassOptions } from "./ladder/find-counting-pass.ts";
export { findCountingPass } from "./ladder/find-counting-pass.ts";
export type { LadderEvidence, OutcomeOf } from "./ladder/ladder-evidence.ts";
export type { LadderIdentity, LadderSubject } from "./ladder/ladder-subject.ts";
export type { BundleDocuments, RunFacts } from "./ladder/run-facts.ts";
export { isRunFacts, toRunFacts } from "./ladder/run-facts.ts";
export { toStandingPolicyDigest } from "./ladder/standing-policy-digest.ts";
export type { LadderItem, ToLadderOptions } from "./ladder/to-ladder.ts";
export { toLadder } from "./ladder/to-ladder.ts";
export type { RouteAdmissionGuardFacts } from "./ladder/to-route-admission-guard.ts";
export { toRouteAdmissionGuard } from "./ladder/to-route-admission-guard.ts";
export { parseTask } from "./parse-task.ts";
export { parseTestCounts } from "./parse-test-counts.ts";
export type { PatchScanner } from "./patch-scanner.ts";
export { createPatchScanner, scanPatchForSecrets } from "./patch-scanner.ts";
export type { CompiledPolicy } from "./policy/compile-policy.ts";
export { compilePolicy, DEFAULT_BY_PRODUCTS } from "./policy/compile-policy.ts";
export { effectiveNetwork, effectiveStage, toEffectiveBudget } from "./policy/effective-limits.ts";
export { toEffectivePolicy, toPolicyBeforeApproval, toStandingPolicy } from "./policy/effective-policy.ts";
export type { LimitDecision, LimitName } from "./policy/explain-limit.ts";
export { explainLimit, LIMIT_NAMES } from "./policy/explain-limit.ts";
export type { NameDecision } from "./policy/explain-name.ts";
export { explainAction, explainEngine, explainModel, explainTarget } from "./policy/explain-name.ts";
export type { Widening } from "./policy/find-widenings.ts";
export { findWidenings } from "./policy/find-widenings.ts";
export type { PolicySource } from "./policy/parse-policy.ts";
export { parsePolicy } from "./policy/parse-policy.ts";
export type { PathDecision } from "./policy/path-policy.ts";
export { explainPath, isByProduct } from "./policy/path-policy.ts";
export type { PathRules } from "./policy/path-rules.ts";
export { compilePathRules, matchPath } from "./policy/path-rules.ts";
export { policyJsonSchema } from "./policy/policy-document.ts";
export { KNOWN_ACTIONS } from "./policy/policy-fields.ts";
export type { PolicyLayer, PolicyLayerName, PolicyPlaces, PolicySays, RuleOrigin } from "./policy/policy-layer.ts";
export { readTaskPlaces } from "./policy/read-task-places.ts";
export { toApprovalLayer, toTargetLayer, toTaskLayer } from "./policy/to-policy-layer.ts";
export { scanBytesForSecrets } from "./scan-bytes.ts";
export type { DocumentSource } from "./source-text.ts";
export { MAX_TASK_BYTES } from "./source-text.ts";
export type { SetupStep, TaskContract, VerificationStep } from "./task-contract.ts";
export { TASK_SCHEMA, taskJsonSchema } from "./task-contract.ts";
export type { TestCountReader } from "./test-count-reader.ts";
export { createTestCountReader } from "./test-count-reader.ts";
