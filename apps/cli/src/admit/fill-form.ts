import { CtoError } from "@cto/errors";
import { ALWAYS_FORBIDDEN_ACTIONS } from "@cto/evidence-interface";
import { type AdmissionProblem, type AdmissionRecord, parseRecord } from "@cto/gates";
import { optionName } from "../program/add-admit-commands.ts";
import { type FormField, NOW_KEY, type Reads, type RecordForm } from "./record-forms.ts";

/** The values of a form by key. What is not known is absent. */
export type Answers = ReadonlyMap<string, unknown>;

/** A problem of a record, and the option that mends it; null if no option does. */
export interface FormProblem extends AdmissionProblem {
  readonly option: string | null;
}

/** What was typed, and what is known of the subject of the record; an option wins. */
export function toAnswers(
  form: RecordForm,
  options: Readonly<Record<string, unknown>>,
  facts: Readonly<Record<string, unknown>>,
): Answers {
  const typed = form.fields.flatMap((field): readonly [string, unknown][] => {
    const value = options[optionName(field)];
    return value === undefined ? [] : [[field.key, typeof value === "string" ? toValue(value, field.reads) : value]];
  });
  return new Map([...Object.entries(facts), ...typed]);
}

/** The value of a typed text. What does not fit stays text, which the record's schema refuses. */
export function toValue(text: string, reads: Reads): unknown {
  if (reads === "list") return text.split(",").flatMap((item) => item.trim() || []);
  if (reads === "words")
    return text.trimStart().startsWith("[") ? toJson(text) : text.split(/\s+/).filter((word) => word !== "");
  if (reads === "number") return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
  if (reads === "flag") return FLAGS.get(text) ?? text;
  return text;
}

const FLAGS = new Map([
  ["true", true],
  ["yes", true],
  ["y", true],
  ["false", false],
  ["no", false],
  ["n", false],
]);

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The answers with everything that is not asked for: what stands in for an absent value. */
export function withDefaults(form: RecordForm, answers: Answers, now: Date): Answers {
  const known = new Map(answers).set(NOW_KEY, now.toISOString());
  for (const { key, otherwise } of form.fields) {
    if (known.has(key)) continue;
    const value = typeof otherwise === "function" ? otherwise(known) : otherwise;
    if (value !== undefined) known.set(key, value);
  }
  return known;
}

/** The fields that still need a value. */
export function missingFields(form: RecordForm, known: Answers): readonly FormField[] {
  return form.fields.filter(({ key, optional }) => optional !== true && !known.has(key));
}

/** The record as far as it is known: fixed values, those of its subject, then those of the form in its order. */
export function toDraft(form: RecordForm, known: Answers): Readonly<Record<string, unknown>> {
  const asked = new Set(form.fields.map(({ key }) => key));
  const draft = new Map<string, unknown>(Object.entries(form.fixed));
  for (const [key, value] of known) if (!asked.has(key) && !key.startsWith("$")) draft.set(key, value);
  for (const { key, optional } of form.fields) {
    const [parent = "", child] = key.split(".");
    if (child === undefined) {
      if (known.has(key)) draft.set(key, known.get(key));
    } else {
      // An object that is needed is there even if it is empty, so that each of its fields is named as missing.
      const before = draft.get(parent) ?? (optional === true ? null : {});
      draft.set(parent, known.has(key) ? { ...before, [child]: known.get(key) } : before);
    }
  }
  const actions = draft.get("forbidden_actions");
  if (Array.isArray(actions)) draft.set("forbidden_actions", [...new Set([...ALWAYS_FORBIDDEN_ACTIONS, ...actions])]);
  return Object.fromEntries(draft);
}

/** The record of a draft, or all that is wrong with it. Throws `ADMISSION_SECRET` for what must not be written down. */
export function checkDraft(
  form: RecordForm,
  draft: Readonly<Record<string, unknown>>,
  now: Date,
): { readonly record: AdmissionRecord } | { readonly problems: readonly FormProblem[] } {
  try {
    return { record: parseRecord({ file: "the record", text: JSON.stringify(draft), now }) };
  } catch (thrown) {
    if (!CtoError.is(thrown) || thrown.code !== "ADMISSION_INVALID") throw thrown;
    const problems = thrown.details.problems as unknown as readonly AdmissionProblem[];
    return {
      problems: problems.map((problem) => ({ ...problem, option: findField(form, problem.path)?.option ?? null })),
    };
  }
}

/** The field of a form that a problem's path belongs to: `allowed_paths[1]` to `allowed_paths`, `licence` to its first one. */
export function findField(form: RecordForm, path: string): FormField | undefined {
  const plain = path.replace(/\[\d+\]/g, "");
  return form.fields.find(({ key }) => key === plain) ?? form.fields.find(({ key }) => key.startsWith(`${plain}.`));
}
