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
    const group = findGroup(program, argv);
    if (group !== null) return refuseGroup(terminal, group);
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (thrown) {
    return reportFailure(terminal, thrown);
  }
}

/** The command that was typed, if it is only a group of others: its name alone does nothing. Throws `CLI_USAGE` for a word that is none of them. */
function findGroup(program: Command, argv: readonly string[]): Command | null {
  let command = program;
  for (const word of argv) {
    if (command.commands.length === 0) return null;
    // Help, the version, and options that do not exist are commander's.
    if (word === "help" || word === "--" || (word.startsWith("-") && word !== "--json")) {
      if (word.startsWith("-") && !isHelp(word)) return null;
      continue;
    }
    if (word === "--json") continue;
    const child = command.commands.find((one) => one.name() === word);
    if (child === undefined) throw unknownCommand(command, word);
    command = child;
  }
  return command.commands.length === 0 || argv.some((word) => isHelp(word) || word === "help") ? null : command;
}
