import { CtoError, messageOf } from "@cto/errors";
import { Command, CommanderError, Option } from "commander";
import { EXIT } from "./exit-codes.ts";
import { createTerminal, type Terminal } from "./terminal.ts";

type Action = (terminal: Terminal, args: readonly string[], options: Record<string, unknown>) => Promise<number>;

/** Runs one command line and answers the exit code. Never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  process.stdout.on("error", endQuietlyOnClosedPipe);
  const json = argv.includes("--json");
  const terminal = createTerminal({ json });
  let exitCode: number = EXIT.pass;
  const program = createProgram((action) => async (...params: unknown[]) => {
    const command = params.at(-1) as Command;
    exitCode = await action(terminal, command.args, command.opts());
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (thrown) {
    return reportFailure(terminal, thrown);
  }
}

function endQuietlyOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(process.exitCode ?? EXIT.pass);
  throw error;
}

function reportFailure(terminal: Terminal, thrown: unknown): number {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return EXIT.pass;
    return showError(
      terminal,
      new CtoError("CLI_USAGE", thrown.message.replace(/^error: /, ""), {
        hint: "`cto --help` and `cto <command> --help` show what is understood.",
      }),
      EXIT.usage,
    );
  }
  if (CtoError.is(thrown)) return showError(terminal, thrown, isInternal(thrown) ? EXIT.fault : EXIT.usage);
  const fault = new CtoError("CLI_INTERNAL", `internal fault: ${messageOf(thrown)}`, {
    hint: "This is a defect of cto. Run again with CTO_DEBUG=1 for the stack and report it.",
    cause: thrown,
  });
  return showError(terminal, fault, EXIT.fault);
}

// The working directory, the store and the machine may refuse; that is not the caller's mistake in typing.
function isInternal(error: CtoError): boolean {
  return error.details.internal === true || /^(?:GIT_FAILED|EXEC_|STORE_WRITE_FAILED)/.test(error.code);
}

function showError(terminal: Terminal, error: CtoError, exitCode: number): number {
  if (terminal.json) terminal.document(error.toJSON());
  terminal.note(`${terminal.paint("red", "error")} ${error.code}: ${error.message}`);
  if (error.hint !== "") terminal.note(`  ${error.hint}`);
  if (process.env.CTO_DEBUG === "1")
    terminal.note(String(error.stack ?? "") + (error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : ""));
  return exitCode;
}

/** A command is loaded when it is called: `cto --help` must not pay for the others. */
function lazily<Name extends string>(load: () => Promise<Record<Name, Action>>, name: Name): Action {
  return async (...call) => (await load())[name](...call);
}

const jsonOption = () => new Option("--json", "print one JSON document on standard output");
const example = (...lines: string[]) => `\nExample:\n${lines.map((line) => `  $ ${line}`).join("\n")}\n`;

function createProgram(bind: (action: Action) => (...params: unknown[]) => Promise<void>): Command {
  const program = new Command("cto")
    .description(
      "Hands a bounded code change to a coding agent, holds it behind gates that fail closed,\nand leaves evidence that anyone can check.",
    )
    .version(__CTO_VERSION__, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .addHelpText("after", example("cto run r1-string-slugify", "cto verify latest", "cto report latest"));

  program
    .command("run")
    .description("run one task: contract, workspace, engine, gates, verification, evidence")
    .argument("<case-or-task>", "a case id (`cto cases list`), or the path of a task.yaml")
    .option("--engine <id>", "the engine that makes the change", "fake")
    .option("--stage <n>", "1 gated, 2 fixture copy, 3 copied repository (3 and up must be typed)")
    .option("--target <dir>", "the git repository to copy, for stage 3")
    .option("--ref <rev>", "the commit of the target to start from (default: its HEAD)")
    .option("--isolation <kind>", "bubblewrap, or none (stages 1 and 2 only; recorded in the evidence)", "bubblewrap")
    .addOption(jsonOption())
    .addHelpText("after", example("cto run r1-string-slugify", "cto run task.yaml --stage 3 --target ../other-repo"))
    .action(bind(lazily(() => import("./commands/run.ts"), "runCommand")));

  program
    .command("verify")
    .description("check bundles: digests, event chain, meaning; never writes")
    .argument("[run]", "a run id, a prefix of one, a run directory, or latest")
    .option("--all", "every run in .cto/runs")
    .option("--require-signature", "an unsigned bundle is not enough (exit 3)")
    .addOption(jsonOption())
    .addHelpText("after", example("cto verify latest", "cto verify --all --json"))
    .action(bind(lazily(() => import("./commands/verify.ts"), "verifyCommand")));

  program
    .command("report")
    .description("print the report of a run, for a person")
    .argument("[run]", "a run id, a prefix of one, a run directory, or latest", "latest")
    .addOption(jsonOption())
    .addHelpText("after", example("cto report latest"))
    .action(bind(lazily(() => import("./commands/report.ts"), "reportCommand")));

  const runs = program
    .command("runs")
    .description("list, show or remove runs")
    .addHelpText("after", example("cto runs list", "cto runs show latest"));
  runs
    .command("list")
    .description("every run, newest first")
    .addOption(jsonOption())
    .addHelpText("after", example("cto runs list --json"))
    .action(bind(lazily(() => import("./commands/runs.ts"), "listRunsCommand")));
  runs
    .command("show")
    .description("one run: identity, status, blockers, files")
    .argument("[run]", "a run id, a prefix of one, or latest", "latest")
    .addOption(jsonOption())
    .addHelpText("after", example("cto runs show latest"))
    .action(bind(lazily(() => import("./commands/runs.ts"), "showRunCommand")));
  runs
    .command("rm")
    .description("remove a run's directory; the ledger keeps a tombstone")
    .argument("<run>", "a run id, a prefix of one, or latest")
    .addOption(jsonOption())
    .addHelpText("after", example("cto runs rm r1-string-slugify-20260101t120000000z-1a2b3c4d"))
    .action(bind(lazily(() => import("./commands/runs.ts"), "removeRunCommand")));

  const cases = program
    .command("cases")
    .description("list cases, or run them and compare with what they expect")
    .addHelpText("after", example("cto cases list", "cto cases run"));
  cases
    .command("list")
    .description("the cases in cto/cases and the built-in ones")
    .addOption(jsonOption())
    .addHelpText("after", example("cto cases list"))
    .action(bind(lazily(() => import("./commands/cases.ts"), "listCasesCommand")));
  cases
    .command("run")
    .description("run cases and compare status, code, event and exit code with their expect.yaml")
    .argument("[ids...]", "case ids; all of them without any")
    .option("--engine <id>", "the engine that makes the change", "fake")
    .addOption(jsonOption())
    .addHelpText("after", example("cto cases run", "cto cases run failure-no-diff --json"))
    .action(bind(lazily(() => import("./commands/cases.ts"), "runCasesCommand")));

  const engines = program
    .command("engines")
    .description("list engines, or probe one")
    .addHelpText("after", example("cto engines list"));
  engines
    .command("list")
    .description("the engines that this cto knows, and the stages that each may run at")
    .addOption(jsonOption())
    .addHelpText("after", example("cto engines list --json"))
    .action(bind(lazily(() => import("./commands/engines.ts"), "listEnginesCommand")));
  engines
    .command("probe")
    .description("find an engine's executable, version and digest; runs no task")
    .argument("<id>", "an engine id")
    .addOption(jsonOption())
    .addHelpText("after", example("cto engines probe fake"))
    .action(bind(lazily(() => import("./commands/engines.ts"), "probeEngineCommand")));

  program
    .command("doctor")
    .description("what works on this machine, what is missing, and how to get it")
    .addOption(jsonOption())
    .addHelpText("after", example("cto doctor"))
    .action(bind(lazily(() => import("./commands/doctor.ts"), "doctorCommand")));

  inheritExit(program);
  return program;
}

// Sub-commands do not inherit these settings from their parent once they were created before them.
function inheritExit(command: Command): void {
  for (const child of command.commands) {
    child.exitOverride().configureOutput({ writeErr: () => {} });
    inheritExit(child);
  }
}
