import { Command, Option } from "commander";
import type { Terminal } from "./terminal.ts";

/** What a command does; answers the exit code. */
type Action = (terminal: Terminal, args: readonly string[], options: Record<string, unknown>) => Promise<number>;

/** A command is loaded when it is called: `cto --help` must not pay for the others. */
function lazily<Name extends string>(load: () => Promise<Record<Name, Action>>, name: Name): Action {
  return async (...call) => (await load())[name](...call);
}

const jsonOption = () => new Option("--json", "print one JSON document on standard output");
const example = (...lines: string[]) => `\nExample:\n${lines.map((line) => `  $ ${line}`).join("\n")}\n`;

/**
 * The command line. `bind` makes a listener of an action; `print` writes help that was asked for. Errors are thrown as `CommanderError` and
 * print nothing.
 */
export function createProgram(
  bind: (action: Action) => (...params: unknown[]) => Promise<void>,
  print: (text: string) => void,
): Command {
  const program = new Command("cto")
    .description(
      "Hands a bounded code change to a coding agent, holds it behind gates that fail closed,\nand leaves evidence that anyone can check.",
    )
    .version(__CTO_VERSION__, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .showSuggestionAfterError(true)
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

  configure(program, print);
  return program;
}

// Each command has settings of its own.
function configure(command: Command, print: (text: string) => void): void {
  command.exitOverride().configureOutput({ writeOut: print, writeErr: () => {} });
  for (const child of command.commands) configure(child, print);
}
