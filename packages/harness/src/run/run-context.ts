import type { RunWriter } from "@cto/bundle-store";
import { CtoError } from "@cto/errors";
import type { Stage } from "@cto/evidence-interface";
import { type TaskContract, toBlocker } from "@cto/gates";
import type { Repository } from "@cto/git-state";
import type { Checkout, Snapshot } from "@cto/workspace";
import type { SourceCopy } from "../steps/copy-source.ts";
import type { Clock } from "./clock.ts";
import type { PlaceHider } from "./place-hider.ts";
import type { RunRules } from "./read-rules.ts";
import type { RunDraft } from "./run-draft.ts";
import type { RunIdentity } from "./run-identity.ts";
import type { RunRecord } from "./run-record.ts";
import type { RunPorts, RunRequest } from "./run-request.ts";
import { toBudgetHint } from "./to-budget-hint.ts";

/** Where a run works, outside its bundle. Removed when the run has ended. */
export interface RunFolders {
  /** `.cto/tmp/<run id>`. */
  readonly scratch: string;
  readonly baseline: string;
  readonly workspace: string;
  readonly freshCheckout: string;
  readonly baselineCheckout: string;
  readonly patch: string;
}

/** What every step of one run shares. */
export interface RunContext {
  readonly request: RunRequest;
  readonly ports: RunPorts;
  readonly identity: RunIdentity;
  readonly task: TaskContract;
  readonly stage: Stage;
  readonly repository: Repository | null;
  readonly rules: RunRules;
  /** The highest stage that the policy layers permit. */
  readonly permittedStage: number;
  /** The smallest of what the policy layers and the contract permit. */
  readonly budget: TaskContract["budget"];
  /** Digest of the contract as stored. */
  readonly taskDigest: string;
  /** Digest of the policy as stored at the start, without an approval's narrowing. */
  readonly policyBeforeApproval: string;
  readonly runId: string;
  readonly clock: Clock;
  readonly writer: RunWriter;
  readonly record: RunRecord;
  readonly draft: RunDraft;
  readonly folders: RunFolders;
  readonly hider: PlaceHider;
  /** Work that goes on beside the steps; the scratch folder is removed only after all of it has ended. */
  readonly background: Promise<unknown>[];
  /** The copies of the source in the making; null where the run will not get that far. A failure waits until somebody looks. */
  readonly copying: Promise<SourceCopy> | null;
  /** Aborted when the run must end early: interrupted, or over its artifact budget. Every process listens to it. */
  readonly stop: AbortSignal;
  /** Ends the engine alone, when it used more than its budget: the run goes on and keeps its work. */
  readonly endEngine: AbortController;
}

/** The workspace once it stands, and its state before the engine. */
export interface PreparedWorkspace {
  readonly checkout: Checkout;
  readonly before: Snapshot;
  readonly branch: string | null;
  /** Refs in `.git/packed-refs`; undefined if it cannot be read. */
  readonly packedRefs: ReadonlyMap<string, string> | undefined;
}

/** Ends the pipeline early; the reason is already a blocker of the draft. */
export class RunEnded extends Error {}

/** Throws `RunEnded` once the run has to end early, and notes why. Steps call it before they start something that takes time. */
export function endIfStopped(context: RunContext): void {
  if (context.ports.signal.aborted) {
    addBlocker(context.draft, "interrupted", "the run was interrupted before it was done");
    throw new RunEnded("interrupted");
  }
  if (context.writer.budgetExceeded) {
    noteBudget(context);
    throw new RunEnded("artifact budget exceeded");
  }
}

/** Notes that the evidence is larger than the contract permits. */
export function noteBudget(context: RunContext): void {
  const { budget, draft } = context;
  const limit = budget.artifact_bytes;
  addBlocker(
    draft,
    "artifact_write_failure",
    `the run wrote more than budget.artifact_bytes (${limit} bytes) of evidence`,
    toBudgetHint(context, "artifact_bytes"),
  );
}

/** Adds a blocker unless its code is there already: the first reason stands. */
export function addBlocker(draft: RunDraft, ...args: Parameters<typeof toBlocker>): void {
  const blocker = toBlocker(...args);
  if (!draft.blockers.some(({ code }) => code === blocker.code)) draft.blockers.push(blocker);
}

/** Adds finished blockers under the same rule. */
export function addBlockers(
  draft: RunDraft,
  blockers: RunDraft["blockers"] | readonly RunDraft["blockers"][number][],
): void {
  for (const blocker of blockers) {
    if (!draft.blockers.some(({ code }) => code === blocker.code)) draft.blockers.push(blocker);
  }
}

/** True if writing failed because the disk is full, a quota or a size limit is reached, or the device refuses. */
export function isDiskRefusal(thrown: unknown): boolean {
  for (let at = thrown; typeof at === "object" && at !== null; at = (at as { cause?: unknown }).cause) {
    if (CtoError.is(at) && at.code === "STORE_WRITE_FAILED") return true;
    const { code, message } = at as { code?: unknown; message?: unknown };
    if (["ENOSPC", "EDQUOT", "EFBIG", "EIO"].includes(String(code))) return true;
    if (typeof message === "string" && /No space left on device|Disk quota exceeded|File too large/i.test(message))
      return true;
  }
  return false;
}
