import { type Command, Option } from "commander";
import { type FormField, RECORD_FORMS, type RecordForm } from "../admit/record-forms.ts";
import { type Bind, collect, example, jsonOption, lazily } from "./command-parts.ts";

/** Adds `cto admit` with one command for each form, and `cto admit list`. */
export function addAdmitCommands(program: Command, bind: Bind): void {
  const admit = program
    .command("admit")
    .description("write the records that permit an engine, a model, a source or a target; or list them")
    .addHelpText("after", example("cto admit list"));
  for (const form of RECORD_FORMS) addForm(admit, form, bind);
  admit
    .command("list")
    .description("every record with its status as of now, and what is wrong with it")
    .addOption(jsonOption())
    .addHelpText("after", example("cto admit list --json"))
    .action(bind(lazily(() => import("../commands/admit.ts"), "listAdmissionsCommand")));
}

function addForm(admit: Command, form: RecordForm, bind: Bind): void {
  const command = admit.command(form.kind).description(form.help);
  if (form.argument !== undefined) command.argument(`<${form.argument.name}>`, form.argument.help);
  for (const field of form.fields) command.addOption(toOption(field));
  command
    .addOption(new Option("--replace", "put it in the place of the record that says the same"))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `\nOn a terminal what is missing is asked for; elsewhere it must be given.\n${example(form.example)}`,
    )
    .action(
      bind(async (...call) => {
        const { admitCommand } = await import("../commands/admit.ts");
        return admitCommand(form.kind, ...call);
      }),
    );
}

function toOption({ help, option, reads }: FormField): Option {
  if (reads !== "list") return new Option(`--${option} <${reads === "words" ? "command" : reads}>`, help);
  return new Option(`--${option} <text>`, `${help} (repeatable)`).argParser(collect);
}

/** The name under which commander keeps the value of an option. */
export function optionName({ option }: FormField): string {
  return new Option(`--${option} <x>`).attributeName();
}
