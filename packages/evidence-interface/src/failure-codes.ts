import type { EventName } from "./vocabulary.ts";

/** One row of the failure matrix. */
export interface FailureCodeEntry {
  /** The status that the code gives a run; any `fail` beats `blocked`. */
  readonly status: "fail" | "blocked";
  /** The governed event that carries the code. */
  readonly event: EventName;
  /** What happened, for a person. */
  readonly meaning: string;
  /** Who can mend it. */
  readonly mender: "engine" | "contract author" | "operator" | "target owner" | "harness";
  /** What to do: names the setting, file or command. */
  readonly hint: string;
}

type Row = (mender: FailureCodeEntry["mender"], meaning: string, hint: string) => FailureCodeEntry;

/** The rows of one status that one event carries. */
const rows =
  (status: FailureCodeEntry["status"], event: EventName): Row =>
  (mender, meaning, hint) => ({ status, event, meaning, mender, hint });

const blockedByContract = rows("blocked", "task.contract.created");
const blockedAtGate = rows("blocked", "backend.gate.blocked");
const blockedAtApproval = rows("blocked", "approval.requested");
const blockedByDenial = rows("blocked", "approval.denied");
const failedInEngine = rows("fail", "engine.completed");
const failedInDiff = rows("fail", "git.diff.checked");
const blockedInDiff = rows("blocked", "git.diff.checked");
const failedInVerification = rows("fail", "verification.completed");
const blockedInVerification = rows("blocked", "verification.completed");
const failedAtEnd = rows("fail", "run.completed");
const blockedAtEnd = rows("blocked", "run.completed");

/**
 * Every reason why a run does not pass. The table is the only source of a code's status and event.
 * Source: the failure matrix in docs/architecture.md.
 */
export const FAILURE_CODES = {
  dirty_starting_tree: blockedByContract(
    "target owner",
    "The target repository has uncommitted changes, so there is no exact baseline.",
    "Commit or stash the changes in the target (`git status` lists them), then run again.",
  ),
  gate_missing: blockedAtGate(
    "operator",
    "A gate that must be proven before the engine may start is not proven.",
    "report.md names the gate and what would prove it. At stage 1 this is the expected end: use --stage 2 to let the engine work.",
  ),
  stage_not_proven: blockedAtGate(
    "operator",
    "The engine has not proven the stage below the one that was asked for.",
    "`cto ladder --explain` lists what each rung still needs and the command that gives it; or run at a lower --stage.",
  ),
  policy_widened: blockedAtGate(
    "contract author",
    "A policy layer permits something that the layer above it does not.",
    "Narrow the key that report.md names, at its file and line; `cto policy check` finds every one before a run.",
  ),
  engine_not_admitted: blockedAtGate(
    "operator",
    "No admission record permits this engine.",
    "Have its records written: `cto admit source` and `cto admit engine`; `cto admit list` says what is missing or wrong.",
  ),
  model_not_admitted: blockedAtGate(
    "operator",
    "No admission record permits this provider and model.",
    "Decide on providers first (`cto admit decision`), then `cto admit model`; `cto admit list` says what is missing or wrong.",
  ),
  target_not_admitted: blockedAtGate(
    "target owner",
    "No admission record permits changes to this target.",
    "Use --stage 3 (a copy), or have the owner admit it: `cto admit target DIR`; `cto admit list` says what is missing or wrong.",
  ),
  sandbox_unavailable: blockedAtGate(
    "operator",
    "The sandbox cannot be built on this machine, and nothing runs outside one by accident.",
    "Run `cto doctor`; on Debian or Ubuntu: apt-get install bubblewrap. At stages 1 and 2 --isolation none may be typed instead.",
  ),
  provider_config_missing: blockedAtGate(
    "operator",
    "The engine lacks what it needs before it can start.",
    "report.md names the missing file or setting.",
  ),
  provider_auth_unavailable: blockedAtGate(
    "operator",
    "The credentials for the model provider are missing or were refused.",
    "Set the environment variable that the admission record names.",
  ),
  provider_response_shape: blockedAtGate(
    "operator",
    "The model provider answers in a shape that the engine cannot use.",
    "Check the provider's base URL and API kind in the admission record.",
  ),
  approval_missing: blockedAtApproval(
    "operator",
    "A person's approval is required, by the task contract or the stage, and there is none that counts for this exact packet.",
    "Have an approver run `cto approve PACKET` (or `cto deny PACKET`; report.md names it) with a key that `cto keys list` shows as trusted; then run again.",
  ),
  approval_expired: blockedAtApproval(
    "operator",
    "The approval was granted longer ago than approval.expires_minutes.",
    "A new packet was written: `cto approve PACKET` (report.md names it), then run again in time, or raise approval.expires_minutes.",
  ),
  approval_consumed: blockedAtApproval(
    "operator",
    "The approval was already spent by another run; claimed is spent, even if that run died.",
    "Each approval serves one run: `cto approve PACKET` with the packet that report.md names, or run again to get one.",
  ),
  approval_mismatch: blockedAtApproval(
    "operator",
    "There is an approval for this task, but of another contract, base commit, policy, engine or model.",
    "report.md says what differs. Undo that, or ask for the present state: `cto approve PACKET` with the packet that it names.",
  ),
  approval_denied: blockedByDenial(
    "operator",
    "A person said no to this packet.",
    "proofs/approval-decision.json says who and why. A denied packet (`cto deny`) stays denied; a changed contract gives a new one.",
  ),
  engine_failed: failedInEngine(
    "engine",
    "The engine said that it could not do the task.",
    "Read backend/engine.stdout.log and backend/engine.stderr.log in the run directory.",
  ),
  no_diff: failedInDiff(
    "engine",
    "The contract requires a change and the engine made none.",
    "Make the brief more concrete, or set diff_required: false if no change is a good answer.",
  ),
  disallowed_file_change: failedInDiff(
    "engine",
    "The engine changed a file that no rule of allowed_paths permits.",
    "If the change is wanted, add its path to allowed_paths in the task contract; if it is a build product, to by_products.",
  ),
  forbidden_path_change: failedInDiff(
    "engine",
    "The engine changed a path that forbidden_paths forbids.",
    "Forbidden wins over allowed: remove the rule from forbidden_paths only if you mean it.",
  ),
  protected_test_changed: failedInDiff(
    "engine",
    "The engine changed a file under protected_paths.",
    "A protected file is part of the check itself; remove it from protected_paths only if the task is to change it.",
  ),
  hidden_mutation: failedInDiff(
    "engine",
    "The engine changed something that a patch does not show: .git, an ignored file, a link, a nested repository, bytes behind a filter.",
    "report.md lists the path and the kind. A build product belongs into by_products; nothing else is permitted.",
  ),
  source_mutated: failedInDiff(
    "engine",
    "The source repository changed while the run went on.",
    "Compare proofs/tree-state.json; if you changed it yourself, run again and leave it alone meanwhile.",
  ),
  secret_leak: blockedInDiff(
    "operator",
    "The patch holds something shaped like a secret, so it is kept outside the bundle.",
    "Look at the patch in .cto/quarantine/<run-id>/; revoke the secret if it is real.",
  ),
  verification_failed: failedInVerification(
    "engine",
    "A verification command failed in the fresh checkout.",
    "Read test.log in the run directory.",
  ),
  tests_skipped: failedInVerification(
    "engine",
    "More tests were skipped, or fewer ran, than at the baseline.",
    "Compare the counts in report.md; a removed test needs a contract that says so.",
  ),
  claim_mismatch: failedInVerification(
    "engine",
    "The engine claimed more than what happened.",
    "report.md shows each claim beside the fact.",
  ),
  patch_not_applicable: failedInVerification(
    "engine",
    "The patch does not apply to a fresh checkout of the baseline, or gives another tree.",
    "Look for attributes, filters or line-ending rules that change bytes on checkout.",
  ),
  missing_test_command: blockedInVerification(
    "contract author",
    "A verification or setup command was not found inside the sandbox.",
    "Install the tool, or add its folder to sandbox.toolchains in cto/config.yaml; `cto doctor` proposes the line.",
  ),
  reviewer_rejected: blockedInVerification(
    "engine",
    "The engine's own reviewer said no.",
    "Read the review in backend/; a yes of the same reviewer would have proven nothing.",
  ),
  missing_required_event: failedAtEnd(
    "engine",
    "The engine ended without its own terminal event, so nobody knows whether it was done.",
    "Read backend/engine.stdout.log; an exit code of 0 is not an answer.",
  ),
  dirty_ending_tree: failedAtEnd(
    "engine",
    "The engine committed but left other changes, or the workspace changed after the result was taken.",
    "report.md lists the paths that are not in the engine's last commit.",
  ),
  artifact_write_failure: failedAtEnd(
    "operator",
    "The evidence could not be written in full: more than budget.artifact_bytes, or the disk refused.",
    "Raise budget.artifact_bytes in the task contract, or free disk space.",
  ),
  forbidden_action_attempted: failedAtEnd(
    "engine",
    "The engine tried an action that forbidden_actions forbids.",
    "report.md says what was tried and how it was seen.",
  ),
  timeout: blockedAtEnd(
    "contract author",
    "The engine or a command ran longer than it may.",
    "Raise budget.wall_seconds, or the command's timeout_seconds, in the task contract.",
  ),
  engine_crashed: blockedAtEnd(
    "engine",
    "The engine died: by a signal, or with a non-zero exit and no terminal event.",
    "Read backend/engine.stderr.log.",
  ),
  agent_protocol_error: blockedAtEnd(
    "engine",
    "The engine spoke, but not in the protocol that its adapter expects.",
    "Check the engine's version with `cto engines probe`.",
  ),
  provider_unavailable: blockedAtEnd(
    "operator",
    "The model provider could not be reached or did not answer.",
    "Try again later; nothing was concluded about the engine.",
  ),
  budget_exceeded: blockedAtEnd(
    "contract author",
    "The run used more than its budget of tokens or money.",
    "Raise the named field of budget in the task contract.",
  ),
  interrupted: blockedAtEnd(
    "operator",
    "The run was ended by a person, a signal or a crash of the harness.",
    "Run again; nothing was landed.",
  ),
  target_moved: blockedAtEnd(
    "target owner",
    "The target's HEAD moved while the run went on.",
    "Run again on the present HEAD.",
  ),
} as const satisfies Record<string, FailureCodeEntry>;

export type FailureCode = keyof typeof FAILURE_CODES;

/** All failure codes, sorted. */
export const FAILURE_CODE_NAMES = Object.keys(FAILURE_CODES).sort() as readonly FailureCode[];

/** True if `value` is one of the failure codes. */
export function isFailureCode(value: string): value is FailureCode {
  return Object.hasOwn(FAILURE_CODES, value);
}

/** Found before the start they close a gate; met while the engine runs they are known only at the end (gates.md, last row of the table). */
const whileRunning: ReadonlySet<FailureCode> = new Set([
  "provider_config_missing",
  "provider_auth_unavailable",
  "provider_response_shape",
]);

/** The governed events that may carry a code, the one of the table first: the provider codes may also stand in `run.completed`. */
export function failureEvents(code: FailureCode): readonly EventName[] {
  const { event } = FAILURE_CODES[code];
  return whileRunning.has(code) ? [event, "run.completed"] : [event];
}
