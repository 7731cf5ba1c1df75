import { CtoError, closestWord, messageOf, oneLine, systemCode } from "@cto/errors";
import { type Command, CommanderError } from "commander";
import { EXIT } from "./exit-codes.ts";
import { createOutput } from "./output.ts";
import { createProgram } from "./program.ts";
import { createTerminal, type Terminal } from "./terminal.ts";

/** Runs one command line and answers the exit code. Never throws. A reader who leaves changes nothing; any other loss of the answer is a fault. */
export async function main(argv: readonly string[]): Promise<number> {
  const out = createOutput(process.stdout);
  const terminal = createTerminal({ json: argv.includes("--json"), out, err: createOutput(process.stderr) });
  const exitCode = await runCommandLine(terminal, argv);
  const broken = await out.settled();
  if (broken === null || broken === "EPIPE") return exitCode;
  const lost = new CtoError("CLI_OUTPUT_FAILED", `standard output cannot be written (${broken})`, {
    hint: `What the command had to do is done, with exit code ${exitCode}; only its answer is lost.`,
  });
  return showError(terminal, lost, EXIT.fault);
}

async function runCommandLine(terminal: Terminal, argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.pass;
  const program = createProgram(
    (action) =>
      async (...params: unknown[]) => {
        const command = params.at(-1) as Command;
        exitCode = await action(terminal, command.args, command.opts());
      },
    terminal.print,
  );
  try {
    const group = findBareGroup(program, argv);
    if (group !== null) return refuseBareGroup(terminal, group);
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (thrown) {
    return reportFailure(terminal, thrown);
  }
}

const helpWords: readonly string[] = ["help", "-h", "--help"];

/** The command that was typed, if it is only a group of others and no help is asked for. Throws `CLI_USAGE` for a word that is none of them. */
function findBareGroup(program: Command, argv: readonly string[]): Command | null {
  let command = program;
  for (const word of argv) {
    if (command.commands.length === 0) return null;
    if (word === "--json" || helpWords.includes(word)) continue;
    // Other options stand for commander to judge.
    if (word.startsWith("-")) return null;
    const child = command.commands.find((one) => one.name() === word);
    if (child === undefined) throw unknownCommand(command, word);
    command = child;
  }
  return command.commands.length === 0 || argv.some((word) => helpWords.includes(word)) ? null : command;
}

function unknownCommand(group: Command, word: string): CtoError {
  const names = group.commands.map((command) => command.name());
  const near = closestWord(word, names);
  return new CtoError("CLI_USAGE", `unknown command ${fullName(group)} ${oneLine(word, 80)}`, {
    hint: `${near === undefined ? "" : `Did you mean ${near}? `}\`${fullName(group)} --help\` shows what is understood: ${names.join(", ")}.`,
  });
}

function refuseBareGroup(terminal: Terminal, group: Command): number {
  const names = group.commands.map((command) => command.name());
  const error = new CtoError("CLI_USAGE", `${fullName(group)} needs a command: ${names.join(", ")}`, {
    hint: `\`${fullName(group)} --help\` says what each one does.`,
  });
  if (terminal.json) terminal.document(error.toJSON());
  group.configureOutput({ writeErr: (text) => terminal.note(text.trimEnd()) }).outputHelp({ error: true });
  return EXIT.usage;
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

function reportFailure(terminal: Terminal, thrown: unknown): number {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT.pass;
  const error = toCodedError(thrown);
  return showError(terminal, error, isInternal(error) ? EXIT.fault : EXIT.usage);
}

/** Foreign errors, translated once. */
function toCodedError(thrown: unknown): CtoError {
  if (CtoError.is(thrown)) return thrown;
  if (thrown instanceof CommanderError)
    return new CtoError("CLI_USAGE", thrown.message.replace(/^error: /, ""), {
      hint: "`cto --help` and `cto <command> --help` show what is understood.",
    });
  if (systemCode(thrown) === "ENOENT" && (thrown as NodeJS.ErrnoException).syscall === "uv_cwd")
    return new CtoError("CLI_DIRECTORY_GONE", "the working directory does not exist any more", {
      hint: "Change to a directory that exists.",
      cause: thrown,
    });
  return new CtoError("CLI_INTERNAL", `internal fault: ${messageOf(thrown)}`, {
    hint: "This is a defect of cto. Run again with CTO_DEBUG=1 for the stack and report it.",
    details: { internal: true },
    cause: thrown,
  });
}

// The store and the machine may refuse; that is not the caller's mistake in typing.
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
