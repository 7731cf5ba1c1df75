import { join, resolve } from "node:path";
import { readTrustedKeys } from "@cto/bundle-store";
import { CtoError } from "@cto/errors";
import type { Outcome } from "@cto/evidence-interface";
import { decideOutcome, findTargets, type OutcomeDecision, type PendingRun, readPendingRun } from "@cto/harness";
import { confirmSigning } from "../decide/ask.ts";
import { chooseSigner } from "../decide/choose-signer.ts";
import { parseReason } from "../decide/parse-reason.ts";
import { toPendingRunText } from "../decide/pending-run-text.ts";
import { EXIT } from "../exit-codes.ts";
import { findRun } from "../find-run.ts";
import { closeDeadRuns, openSetting, type Setting, toShownPath } from "../setting.ts";
import type { Terminal } from "../terminal.ts";

type Action = (terminal: Terminal, args: readonly string[], options: Record<string, unknown>) => Promise<number>;

/** `cto accept`. */
export const acceptCommand: Action = (terminal, args, options) => decide("accepted", terminal, args, options);

/** `cto reject`. */
export const rejectCommand: Action = (terminal, args, options) => decide("rejected", terminal, args, options);

async function decide(
  outcome: Outcome["outcome"],
  terminal: Terminal,
  args: readonly string[],
  options: Record<string, unknown>,
): Promise<number> {
  const reason = parseReason(options.reason);
  const setting = await openSetting();
  const { store } = setting;
  await closeDeadRuns(setting, (line) => terminal.note(line));
  const runId = findOwnRun(setting, args[0] ?? "");
  const trustedKeys = readTrustedKeys(store.home).keys;
  const pending = readPendingRun(store, runId, trustedKeys);
  if (pending.kind === "refused") return showDecision(terminal, { setting, runId, target: null }, pending);
  const signer = chooseSigner(store, options.key, setting.cwd);
  const target = await findTarget(setting, pending, options.target);

  const shown = target === null ? null : toShownPath(setting, target);
  for (const line of toPendingRunText(pending, shown)) terminal.say(line);
  const isDecided = store.outcomes.read(runId, { run: pending.run, trustedKeys }).kind !== "none";
  if (options.yes !== true && !isDecided) {
    const refusal = await confirmSigning(terminal, outcome === "accepted" ? "accept" : "reject", signer.publicKey.name);
    if (refusal !== null) return refusal;
  }
  // Not before the person has answered.
  const now = new Date();
  const decision = await decideOutcome({ runId, outcome, reason, signer, store, targetDirectory: target, now });
  return showDecision(terminal, { setting, runId, target }, decision);
}

function findOwnRun({ cwd, store }: Setting, selector: string): string {
  const { directory, runId } = findRun(store, selector, cwd);
  if (directory === join(store.root, "runs", runId)) return runId;
  throw new CtoError("CLI_USAGE", "the run is not one of this home", {
    hint: "A run is decided where it was made: cto runs list.",
    details: { selector },
  });
}

/** The repository of `--target`, else the one admitted target that is what the run was for; null if there is none. Throws `CLI_USAGE` if there are several. */
async function findTarget(setting: Setting, pending: PendingRun, typed: unknown): Promise<string | null> {
  if (typed !== undefined) return resolve(setting.cwd, String(typed));
  const [only = null, ...others] = await findTargets(setting.home, pending, new Date());
  if (others.length === 0) return only;
  throw new CtoError("CLI_USAGE", `${others.length + 1} admitted targets are clones of the run's repository`, {
    hint: `Say which one: --target DIR. They are ${[only ?? "", ...others].map((path) => toShownPath(setting, path)).join(", ")}.`,
  });
}

interface Shown {
  readonly setting: Setting;
  readonly runId: string;
  /** Absolute path. */
  readonly target: string | null;
}

function showDecision(terminal: Terminal, { runId, setting, target }: Shown, decision: OutcomeDecision): number {
  const head = { schema: "cto.outcome-result.v1", run_id: runId, kind: decision.kind };
  if (decision.kind === "refused") {
    const { code, hint, message } = decision;
    if (terminal.json) terminal.document({ ...head, code, message, hint });
    terminal.say(`${terminal.paint("yellow", "not done")} ${code}: ${message}`);
    terminal.say(`  ${hint}`);
    terminal.say(
      `  nothing was changed; the work stays in ${toShownPath(setting, join(setting.store.root, "runs", runId))}`,
    );
    return EXIT.blocked;
  }
  const { approver, landing, outcome, recorded_at } = decision.outcome;
  const undo = landing === null || target === null ? null : toUndo(toShownPath(setting, target), landing);
  const record = toShownPath(setting, join(setting.store.root, "outcomes", runId));
  if (terminal.json) {
    const branch = landing?.branch ?? null;
    const commit = landing?.commit ?? null;
    const recovered = decision.kind === "recorded" && decision.recovered;
    terminal.document({
      ...head,
      outcome,
      recorded_at,
      keyid: approver.keyid,
      branch,
      commit,
      undo,
      record,
      recovered,
    });
  }
  const before = decision.kind === "already" ? "already " : "";
  terminal.say(`${terminal.paint("green", `${before}${outcome}`)} by ${approver.name} at ${recorded_at}`);
  if (decision.kind === "recorded" && decision.recovered)
    terminal.say("  an earlier accept had been cut short; it is finished now");
  if (landing !== null)
    terminal.say(`  branch  ${landing.branch.slice("refs/heads/".length)}\n  commit  ${landing.commit}`);
  if (undo !== null) terminal.say(`  undo    ${undo}`);
  terminal.say(`  record  ${record}`);
  return EXIT.pass;
}

/** Removes the branch, if it still is at this commit. */
function toUndo(directory: string, { branch, commit }: NonNullable<Outcome["landing"]>): string {
  const quoted = /^[\w./-]+$/.test(directory) ? directory : `'${directory.replaceAll("'", `'\\''`)}'`;
  return `git -C ${quoted} update-ref -d ${branch} ${commit}`;
}
