import { CtoError } from "@cto/errors";
import { type AdmissionRecord, type RecordKind, recordKindOf, toRecordSubject } from "@cto/gates";
import { readRecords, writeRecord } from "@cto/harness";
import { askAnswers } from "../admit/ask-answers.ts";
import { describeRecord, type RecordWorth } from "../admit/describe-record.ts";
import { type Answers, checkDraft, type FormProblem, toAnswers, toDraft, withDefaults } from "../admit/fill-form.ts";
import { readSubject } from "../admit/read-subject.ts";
import { RECORD_FORMS, type RecordForm } from "../admit/record-forms.ts";
import { canAsk } from "../decide/ask.ts";
import { EXIT } from "../exit-codes.ts";
import { openSetting, type Setting } from "../setting.ts";
import type { Terminal } from "../terminal.ts";

/** `cto admit engine|model|target|source|decision|exemption|promotion`. */
export async function admitCommand(
  kind: RecordKind,
  terminal: Terminal,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const form = formOf(kind);
  const setting = await openSetting();
  const now = new Date();
  const { facts, note } = await readSubject(form, args[0] ?? "", setting);
  if (note !== null) terminal.note(note);
  const given = toAnswers(form, options, facts);
  refuseWrong(form, given, now);
  const answers = canAsk() ? await askAnswers(form, given, now, terminal.note) : given;
  if (answers === null) {
    terminal.note("\nnothing was written");
    return EXIT.interrupted;
  }
  const checked = checkDraft(form, toDraft(form, withDefaults(form, answers, now)), now);
  if ("problems" in checked) throw toUsageError(form, checked.problems);
  const { record } = checked;
  refuseMovedPin(record, setting, now);
  const file = writeRecord({ home: setting.home, record, replace: options.replace === true, now });
  await showWritten(terminal, setting, file);
  return EXIT.pass;
}

/** `cto admit list`: exit 3 if a record cannot be read, as then none of them counts. */
export async function listAdmissionsCommand(terminal: Terminal): Promise<number> {
  const setting = await openSetting();
  const now = new Date();
  const facts = readRecords(setting.home, now);
  const read = await Promise.all(
    facts.records.map(async (one) => ({
      file: one.file,
      kind: recordKindOf(one.record),
      subject: toRecordSubject(one.record),
      ...(await describeRecord(one, { ...facts, now }, setting)),
    })),
  );
  const problemsByFile = new Map<string, string[]>();
  const hints = new Map<string, string>();
  for (const { file, hint, message } of facts.problems) {
    problemsByFile.set(file, [...(problemsByFile.get(file) ?? []), message]);
    hints.set(file, hints.get(file) ?? hint);
  }
  const broken = [...problemsByFile].map(([file, problems]) => {
    return {
      file,
      kind: null,
      subject: null,
      status: "invalid_admission" as const,
      means: "cannot be read, so that no record counts",
      problems,
      hint: hints.get(file) ?? null,
    };
  });
  const items = [...broken, ...read];
  if (terminal.json) terminal.document({ schema: "cto.admissions.v1", items });
  if (items.length === 0) terminal.say("no records yet: `cto admit --help` shows what can be admitted");
  for (const item of items) for (const line of linesOf(terminal, item.file, item)) terminal.say(line);
  return broken.length === 0 ? EXIT.pass : EXIT.blocked;
}

function formOf(kind: RecordKind): RecordForm {
  const form = RECORD_FORMS.find((one) => one.kind === kind);
  if (form === undefined) throw new Error(`no form for ${kind}`);
  return form;
}

/** What was typed wrongly is told before anything is asked. */
function refuseWrong(form: RecordForm, given: Answers, now: Date): void {
  const checked = checkDraft(form, toDraft(form, given), now);
  if ("record" in checked) return;
  const typed = checked.problems.filter(({ path }) =>
    [...given.keys()].some((key) => path === key || path.startsWith(`${key}[`)),
  );
  if (typed.length > 0) throw toUsageError(form, typed);
}

function toUsageError({ argument, kind }: RecordForm, problems: readonly FormProblem[]): CtoError {
  const told = problems.filter(isNews);
  const lines = told.map(({ message, option }) => (option === null ? message : `--${option}: ${message}`));
  const command = `cto admit ${kind}${argument === undefined ? "" : ` <${argument.name}>`}`;
  return new CtoError("CLI_USAGE", `the record is not complete:\n${lines.join("\n")}`, {
    hint: `\`${command} --help\` shows every option with an example. On a terminal, what is missing is asked for.`,
    details: { problems: told.map(({ message, option, path }) => ({ path, option, message })) },
  });
}

/** An id is made of other fields: while one of them is missing it is no news that there is none. */
function isNews({ message, path }: FormProblem, _: number, all: readonly FormProblem[]): boolean {
  return path !== "id" || all.length === 1 || !message.startsWith("id is missing");
}

/** A pin that is replaced in place would need no conformance run: its change would be forgotten. */
function refuseMovedPin(record: AdmissionRecord, { home }: Setting, now: Date): void {
  if (!("pinned" in record)) return;
  const before = readRecords(home, now).records.find(
    (one) => toRecordSubject(one.record) === toRecordSubject(record),
  )?.record;
  if (before === undefined || !("pinned" in before) || before.pinned === record.pinned) return;
  throw new CtoError(
    "CLI_USAGE",
    `source ${record.id} is pinned to ${before.pinned}: another pin is a record of its own`,
    {
      hint: `Add a new one, --id with a new name and --previous ${record.id}, then name it in the engine's record.`,
    },
  );
}

async function showWritten(terminal: Terminal, setting: Setting, file: string): Promise<void> {
  const now = new Date();
  const facts = readRecords(setting.home, now);
  const written = facts.records.find((one) => one.file === file);
  if (written === undefined) throw new Error(`${file} was written and cannot be read`);
  const worth = await describeRecord(written, { ...facts, now }, setting);
  if (terminal.json)
    terminal.document({
      schema: "cto.admit-result.v1",
      file,
      record: written.record,
      ...worth,
    });
  terminal.say(`wrote ${file}`);
  for (const line of linesOf(terminal, null, worth)) terminal.say(line);
}

function linesOf(
  terminal: Terminal,
  file: string | null,
  { hint, means, problems, status }: RecordWorth,
): readonly string[] {
  const colour = status === null || status === "admitted" ? "green" : "yellow";
  const word = terminal.paint(colour, status ?? "recorded");
  return [
    file === null ? `${word}: ${means}` : `${word}  ${file}: ${means}`,
    ...problems.map((problem) => `  ${problem}`),
    ...(hint === null ? [] : [`  ${hint}`]),
  ];
}
