export type { ApplyPatchOptions, PatchApplication } from "./apply-patch.ts";
export { applyPatch } from "./apply-patch.ts";
export type { CheckOutOptions } from "./check-out.ts";
export { checkOut } from "./check-out.ts";
export type { CompareTreesOptions } from "./compare-snapshots.ts";
export { compareSnapshots, compareTrees } from "./compare-snapshots.ts";
export type { BaselineSource, CreateBaselineOptions } from "./create-baseline.ts";
export { createBaseline } from "./create-baseline.ts";
export type { CreateDisposableOptions, DisposableState } from "./disposable-repository.ts";
export { createDisposable, readDisposableState } from "./disposable-repository.ts";
export { isPlainFolder } from "./is-plain-folder.ts";
export type { Landing, LandResultOptions } from "./land-result.ts";
export { landResult, readBranch } from "./land-result.ts";
export type { LandingCommit } from "./landing-commit.ts";
export { toLandingCommitId } from "./landing-commit.ts";
export { readPackedRefs } from "./read-packed-refs.ts";
export { readRemotes } from "./read-remotes.ts";
export type { WorkspaceHead } from "./read-workspace-head.ts";
export { readWorkspaceHead } from "./read-workspace-head.ts";
export { removeTree } from "./remove-tree.ts";
export type { SnapshotOptions } from "./take-snapshot.ts";
export { takeSnapshot } from "./take-snapshot.ts";
export type {
  Baseline,
  ChangeKind,
  Checkout,
  DiskChange,
  EntryKind,
  Snapshot,
  SnapshotEntry,
  TreeChange,
} from "./workspace-contract.ts";
export type { WorkspaceErrorCode } from "./workspace-error.ts";
export type { PatchRequest, WrittenPatch } from "./write-patch.ts";
export { writePatch } from "./write-patch.ts";
export type { ResultTree, ResultTreeOptions } from "./write-result-tree.ts";
export { writeResultTree } from "./write-result-tree.ts";
