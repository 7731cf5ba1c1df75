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
export { toEffectivePolicy } from "./effective-policy.ts";
export type {
  EligibilityFacts,
  EligibilityJudgement,
  GateAnswer,
  GateFact,
  GateName,
  GateResult,
} from "./eligibility.ts";
export { decideEligibility, GATE_NAMES, mutationModeOf, resolveStage, targetKindOf } from "./eligibility.ts";
export type { GatesErrorCode, TaskProblem } from "./gates-error.ts";
export type { ClaimFacts, ClaimJudgement } from "./judge-claims.ts";
export { judgeClaims } from "./judge-claims.ts";
export { judgeEffects } from "./judge-effects.ts";
export type { RunJudgement } from "./judge-run.ts";
export { exitCodeOf, judgeRun } from "./judge-run.ts";
export type { VerificationEnd, VerificationFacts, VerificationJudgement } from "./judge-verification.ts";
export { didPass, judgeVerification } from "./judge-verification.ts";
export { parseTask } from "./parse-task.ts";
export { parseTestCounts } from "./parse-test-counts.ts";
export type { PatchScanner } from "./patch-scanner.ts";
export { createPatchScanner, scanPatchForSecrets } from "./patch-scanner.ts";
export type { PathDecision, PathLists, PathPolicy } from "./path-policy.ts";
export { compilePathPolicy, DEFAULT_BY_PRODUCTS, explainPath, isByProduct } from "./path-policy.ts";
export type { PathRules } from "./path-rules.ts";
export { compilePathRules, matchPath } from "./path-rules.ts";
export { scanBytesForSecrets } from "./scan-bytes.ts";
export type { SetupStep, TaskContract, VerificationStep } from "./task-contract.ts";
export { KNOWN_ACTIONS, TASK_SCHEMA, taskJsonSchema } from "./task-contract.ts";
export type { TaskSource } from "./task-text.ts";
export { MAX_TASK_BYTES } from "./task-text.ts";
export type { TestCountReader } from "./test-count-reader.ts";
export { createTestCountReader } from "./test-count-reader.ts";
