export type { ApprovalRecord } from "./approvals/approval-folder.ts";
export { APPROVAL_FILES, readApprovalFolder } from "./approvals/approval-folder.ts";
export type { ApprovalRow, ApprovalStore } from "./approvals/approval-store.ts";
export type { WriteDecisionOptions } from "./approvals/write-decision.ts";
export { checkOpenForDecision, writeDecision } from "./approvals/write-decision.ts";
export { readBundleFacts } from "./bundle-facts-reader.ts";
export { createExclusive, replaceDurably } from "./create-exclusive.ts";
export type {
  Derive,
  Evidence,
  EvidenceCache,
  EvidenceOptions,
  VerifiedBundle,
} from "./evidence/evidence.ts";
export { iterateEvidence, readEvidenceOf } from "./evidence/iterate-evidence.ts";
export { findHome } from "./find-home.ts";
export type { BuildInterrupted, CloseOutcome, InterruptedRun, UnsealedState } from "./interrupted-runs.ts";
export type { KeyRow, KeyStore } from "./keys/key-store.ts";
export type { Signer } from "./keys/private-key.ts";
export { PUBLIC_KEY_SCHEMA, parsePublicKey, verifyEd25519 } from "./keys/public-key.ts";
export { findTrustedKeys, readTrustedKeys, revokeKey, trustKey } from "./keys/trusted-keys.ts";
export type { Ledger } from "./ledger.ts";
export type { OutcomeDraft, OutcomeStore } from "./outcomes/outcome-store.ts";
export type { OutcomeReading, ReadOutcomeOptions } from "./outcomes/verify-outcome-folder.ts";
export { toOutcomeRun } from "./outcomes/verify-outcome-folder.ts";
export type { PlainFile } from "./read-plain-file.ts";
export { readPlainFile } from "./read-plain-file.ts";
export type { ResolvedRun } from "./resolve-run.ts";
export { runIdOfDirectory } from "./resolve-run.ts";
export type { RunRow, RunRowStatus } from "./run-index.ts";
export type { CreateRunOptions, RunFile, RunLog, RunWriter, SealOptions, SealResult } from "./run-writer.ts";
export type { Store, StoreOptions } from "./store.ts";
export { openStore } from "./store.ts";
export type { StoreErrorCode } from "./store-error.ts";
export { verifyRunDirectory } from "./verify-run-directory.ts";
