import { Command } from "commander";
import { addAdmitCommands } from "./program/add-admit-commands.ts";
import { addDecisionCommands } from "./program/add-decision-commands.ts";
import { addRuleCommands } from "./program/add-rule-commands.ts";
import { addRunCommands } from "./program/add-run-commands.ts";
import { type Bind, example } from "./program/command-parts.ts";

/**
 * The command line. `bind` makes a listener of an action; `print` writes help that was asked for. Errors are thrown as `CommanderError` and
 * print nothing.
 */
export function createProgram(bind: Bind, print: (text: string) => void): Command {
  const program = new Command("cto")
    .description(
      "Hands a bounded code change to a coding agent, holds it behind gates that fail closed,\nand leaves evidence that anyone can check.",
    )
    .version(__CTO_VERSION__, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .showSuggestionAfterError(true)
    .addHelpText("after", example("cto run r1-string-slugify", "cto verify latest", "cto report latest"));

  addRunCommands(program, bind);
  addRuleCommands(program, bind);
  addAdmitCommands(program, bind);
  addDecisionCommands(program, bind);
  configure(program, print);
  return program;
}

// Each command has settings of its own.
function configure(command: Command, print: (text: string) => void): void {
  command.exitOverride().configureOutput({ writeOut: print, writeErr: () => {} });
  for (const child of command.commands) configure(child, print);
}
