import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { findTrustedKeys, verifyRunDirectory } from "@cto/bundle-store";
import { CtoError, findSecrets, messageOf, oneLine } from "@cto/errors";
import {
  type IsolationKind,
  type ModelPair,
  RUN_FILES,
  type RunResult,
  SCHEMAS,
  STAGES,
  type Stage,
  type VerifyResult,
} from "@cto/evidence-interface";
import type { TaskContract } from "@cto/gates";
import { loadTask, type ProgressEvent, type RunOutcome, type RunPorts, runTask } from "@cto/harness";
import { describeVerdict } from "../describe-verdict.ts";
import { exitCodeOfStatus } from "../exit-codes.ts";
import { listenForSignals } from "../interruption.ts";
import { programName } from "../program-name.ts";
import {
  closeDeadRuns,
  createEngines,
  createSandbox,
  entropy,
  findEngine,
  openSettingOfRun,
  optedInEngines,
  orgPolicy,
  parseIsolation,
  type Setting,
  toShownPath,
} from "../setting.ts";
import type { Terminal } from "../terminal.ts";

/** `cto run`. */
export async function runCommand(
  terminal: Terminal,
  args: readonly string[],
  options: Record<string, unknown>,
): Promise<number> {
  const engine = findEngine(String(options.engine));
  const isolation = parseIsolation(options.isolation);
  const requestedStage = parseStage(options.stage);
  if (options.ref !== undefined && options.target === undefined)
    throw new CtoError("CLI_USAGE", "--ref names a commit of the target, and there is no --target", {
      hint: "Add --stage 3 --target DIR, or leave --ref out.",
    });
  const setting = await openSettingOfRun();
  const loaded = await loadTask({ selector: args[0] ?? "", cwd: setting.cwd, caseFolders: setting.caseFolders });
  await closeDeadRuns(setting, (line) => terminal.note(line));
  const target = options.target === undefined ? null : resolve(setting.cwd, String(options.target));
  const sandbox = await createSandbox(setting, isolation, commandsOf(loaded.task));
  // The answer is needed later, and the trial takes a moment: it runs while the store is opened.
  void sandbox.probe();
  const interruption = listenForSignals(terminal);
  try {
    const outcome = await runTask(
      {
        loaded,
        engine,
        requestedStage,
        isolation,
        target:
          target === null
            ? null
            : { directory: target, ...(options.ref === undefined ? {} : { ref: String(options.ref) }) },
        model: parseModel(options.model),
        retain: options.retain === true,
      },
      toPorts(setting, sandbox, interruption.signal, (event) => showProgress(terminal, event)),
    );
    const verified = outcome.sealed ? verifyRunDirectory(outcome.directory, trustedOrNull(setting)) : null;
    for (const note of outcome.notes) terminal.note(note);
    // With --json there is one document: the outcome, or the error of a fault that names the run.
    if (outcome.fault === null || !terminal.json) showOutcome(terminal, setting, isolation, outcome, verified);
    if (outcome.fault !== null) throw toFault(setting, outcome);
    // A signal that came too late to end anything did not end the run: the exit code says what the bundle says.
    const wasEnded = !outcome.sealed || outcome.blockers.some(({ code }) => code === "interrupted");
    return (wasEnded ? interruption.exitCode() : undefined) ?? exitCodeOfStatus(outcome.status);
  } finally {
    interruption.stop();
  }
}

/** A list of keys that cannot be read is a closed gate where it matters; a run that is sealed is shown all the same. */
function trustedOrNull({ home }: Setting): ReturnType<typeof findTrustedKeys> {
  try {
    return findTrustedKeys(home);
  } catch (thrown) {
    if (CtoError.is(thrown)) return null;
    throw thrown;
  }
}

function toFault(setting: Setting, { directory, fault, runId, sealed }: RunOutcome): CtoError {
  const details = { internal: true, run_id: runId, run_dir: toShownPath(setting, directory), sealed };
  const hint = `The run is recorded as interrupted in ${details.run_dir}. Run again with CTO_DEBUG=1 for the stack and report it.`;
  return new CtoError("CLI_RUN_FAULT", `the harness failed in the middle of the run: ${messageOf(fault)}`, {
    hint,
    details,
    cause: fault,
  });
}

/** The commands that a contract names: their tool chains have to be found. */
export function commandsOf(task: TaskContract): readonly string[] {
  return [...new Set([...task.setup, ...task.verification].flatMap(({ run }) => run.slice(0, 1)))];
}

/** The pipeline's ports, as every command of this app gives them. */
export function toPorts(
  setting: Setting,
  sandbox: RunPorts["sandbox"],
  signal: AbortSignal,
  onProgress: RunPorts["onProgress"],
): RunPorts {
  const knownEngines = createEngines().map((engine) => engine.describe().id);
  const environment = { orgPolicy: orgPolicy(), optedIn: optedInEngines(), knownEngines };
  return { store: setting.store, sandbox, entropy, ctoVersion: __CTO_VERSION__, signal, onProgress, ...environment };
}

function parseStage(value: unknown): Stage | null {
  if (value === undefined) return null;
  const found = STAGES.find((stage) => String(stage) === value);
  if (found !== undefined) return found;
  throw new CtoError("CLI_USAGE", `--stage ${String(value)}: expected a whole number from 1 to 6`, {
    hint: "1 gated, 2 fixture copy (the default), 3 copied repository, 4 throwaway repository, 5 admitted target, 6 comparison.",
  });
}

/** `PROVIDER/MODEL`: the first slash parts them, as a model's own name may hold more. */
function parseModel(value: unknown): ModelPair | null {
  if (value === undefined) return null;
  const [, provider, model] = /^([^/\s]+)\/(\S+)$/.exec(String(value)) ?? [];
  if (findSecrets(String(value)).length > 0)
    throw new CtoError("CLI_USAGE", "--model: what was typed is shaped like a secret", {
      hint: "Name PROVIDER/MODEL; keys stay in the environment.",
    });
  if (provider !== undefined && model !== undefined) return { provider, model };
  throw new CtoError("CLI_USAGE", `--model ${oneLine(String(value), 80)}: expected PROVIDER/MODEL`, {
    hint: "For instance --model openai/gpt-5; `cto admit list` shows which models are admitted.",
  });
}

function showProgress(terminal: Terminal, event: ProgressEvent): void {
  if (event.state === "started") {
    terminal.note(terminal.paint("dim", `  ...  ${event.step}: ${event.note}`));
    return;
  }
  const mark = event.state === "passed" ? terminal.paint("green", "  ok ") : terminal.paint("red", "  NO ");
  terminal.note(`${mark}  ${event.step}${event.note === "" ? "" : `: ${oneLine(event.note, 100)}`}`);
}

function showOutcome(
  terminal: Terminal,
  setting: Setting,
  isolation: IsolationKind,
  outcome: RunOutcome,
  verified: VerifyResult | null,
): void {
  const verdict = verified?.verdict ?? "incomplete";
  const result: RunResult = {
    schema: SCHEMAS.runResult,
    run_id: outcome.runId,
    status: outcome.status,
    blockers: outcome.blockers.map(({ code, message, hint }) => ({ code, message, hint })),
    run_dir: toShownPath(setting, outcome.directory),
    changed_files: [...outcome.changedFiles],
    verify: { verdict },
  };
  if (terminal.json) terminal.document(result);
  terminal.say();
  const colour = outcome.status === "pass" ? "green" : outcome.status === "fail" ? "red" : "yellow";
  const walls =
    isolation === "none"
      ? "  (isolation none: nothing kept the engine and the checks from the rest of this machine)"
      : "";
  terminal.say(`${terminal.paint([colour, "bold"], outcome.status)}  ${outcome.runId}${walls}`);
  for (const { code, message, hint } of outcome.blockers) {
    terminal.say(`  ${terminal.paint("bold", code)}: ${oneLine(message, 400)}`);
    terminal.say(`    ${hint}`);
  }
  terminal.say(
    `  changed   ${outcome.changedFiles.length === 0 ? "nothing" : outcome.changedFiles.slice(0, 8).join(", ")}${outcome.changedFiles.length > 8 ? ", ..." : ""}`,
  );
  const isThere = existsSync(outcome.directory);
  terminal.say(
    `  evidence  ${isThere ? `${result.run_dir}  (${describeVerdict(verdict)})` : "none: nothing could be recorded"}`,
  );
  for (const finding of verified?.verdict === "unsigned" ? [] : (verified?.findings.slice(0, 5) ?? []))
    terminal.say(`    ${finding.code}: ${oneLine(finding.message)}`);
  if (outcome.blockers.some(({ code }) => code === "verification_failed"))
    terminal.say(`  log       ${result.run_dir}/${RUN_FILES.testLog}`);
  const next = outcome.landing === "pending" ? "accept" : "report";
  if (outcome.sealed) terminal.say(`  next      ${programName()} ${next} ${outcome.runId}`);
}
