import { createInterface } from "node:readline";
import { CtoError } from "@cto/errors";
import { type Answers, checkDraft, findField, missingFields, toDraft, toValue, withDefaults } from "./fill-form.ts";
import type { FormField, RecordForm } from "./record-forms.ts";

/**
 * Asks on the terminal for every field that still needs a value, each until its answer fits. Answers null after Ctrl-C; after the end of the input
 * (Ctrl-D) what was answered so far.
 */
export async function askAnswers(
  form: RecordForm,
  given: Answers,
  now: Date,
  note: (line: string) => void,
): Promise<Answers | null> {
  const answers = new Map(given);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  let isCanceled = false;
  let isClosed = false;
  lines.on("SIGINT", () => {
    isCanceled = true;
    lines.close();
  });
  lines.on("close", () => {
    isClosed = true;
  });
  // Not question(): it loses the lines after the first one of a text that is pasted.
  const typed = lines[Symbol.asyncIterator]();
  try {
    for (;;) {
      const [field] = missingFields(form, withDefaults(form, answers, now));
      if (field === undefined) return answers;
      // What was typed ahead is still read after the end.
      lines.setPrompt(`${field.help}${field.reads === "list" ? ", with commas between" : ""}: `);
      if (!isClosed) lines.prompt();
      const line = await typed.next();
      if (line.done === true) return isCanceled ? null : answers;
      const value = toValue(line.value.trim(), field.reads);
      const problem = findProblem(form, new Map(answers).set(field.key, value), field, now);
      if (problem === null) answers.set(field.key, value);
      else note(`  ${problem}`);
    }
  } finally {
    lines.close();
  }
}

/** What is wrong with the answer to a field, as the record's own parser sees it. */
function findProblem(form: RecordForm, answers: Answers, field: FormField, now: Date): string | null {
  try {
    const checked = checkDraft(form, toDraft(form, withDefaults(form, answers, now)), now);
    if ("record" in checked) return null;
    return checked.problems.find(({ path }) => findField(form, path) === field)?.message ?? null;
  } catch (thrown) {
    if (CtoError.is(thrown) && thrown.code === "ADMISSION_SECRET") return thrown.message;
    throw thrown;
  }
}
