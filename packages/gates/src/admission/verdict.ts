import type { AdmissionStatus } from "@cto/evidence-interface";
import { showPath } from "../schema-lookup.ts";
import type { AdmissionItem, AdmissionJudgement, ComparedRecord, RecordFile, RecordQuestion } from "./admission.ts";
import type { AdmissionRecord } from "./record-kinds.ts";
import { findDateProblems } from "./record-rules.ts";

/** What is said of one record, before it is put together with others. */
export interface Verdict<Entry extends AdmissionRecord = AdmissionRecord> {
  readonly status: AdmissionStatus;
  readonly found: RecordFile<Entry> | null;
  readonly problems: readonly string[];
  readonly hint: string;
}

export const NOTHING_MISSING = "Nothing is missing.";

/** A refusal with one or more problems. */
export function refuse<Entry extends AdmissionRecord>(
  status: Exclude<AdmissionStatus, "admitted">,
  found: RecordFile<Entry> | null,
  problems: readonly string[],
  hint: string,
): Verdict<Entry> {
  return { status, found, problems, hint };
}

/** What `found` says, if it says yes. */
export function admit<Entry extends AdmissionRecord>(found: RecordFile<Entry>): Verdict<Entry> {
  return { status: "admitted", found, problems: [], hint: NOTHING_MISSING };
}

/** What stands in every bundle must stay short, whatever somebody puts into the folder. */
const SHOWN = 20;

/** How one record is looked for and judged. */
interface Search<Entry extends AdmissionRecord> {
  /** What is looked for, for a message. */
  readonly what: string;
  readonly accept: (record: AdmissionRecord) => record is Entry;
  readonly orMissing: () => Verdict<Entry>;
  readonly judge: (found: RecordFile<Entry>) => Verdict<Entry>;
}

/** Judges the only record that is accepted. A file that cannot be read, two records, or a date ahead of the moment are invalid. */
export function judgeOnly<Entry extends AdmissionRecord>(
  { now, problems, records }: RecordQuestion,
  { accept, judge, orMissing, what }: Search<Entry>,
): Verdict<Entry> {
  const [broken] = problems;
  if (broken !== undefined) {
    const lines = problems.slice(0, SHOWN).map(({ file, message }) => `${file}: ${message}`);
    if (problems.length > SHOWN) lines.push(`and ${problems.length - SHOWN} more`);
    return refuse("invalid_admission", null, lines, `${broken.file}: ${broken.hint}`);
  }
  const matches = records.filter((one): one is RecordFile<Entry> => accept(one.record));
  const [found, second] = matches;
  if (found === undefined) return orMissing();
  if (second !== undefined) {
    const files = matches.map(({ file }) => file).join(", ");
    const problem = `${what}: expected one record, seen ${matches.length}: ${files}`;
    return refuse("invalid_admission", null, [problem], "Keep one of them and remove the others.");
  }
  const [date, ...more] = findDateProblems(found.record, now);
  if (date === undefined) return judge(found);
  const lines = [date, ...more].map(({ message, path }) => `${found.file}: ${showPath(path)} ${message}`);
  return refuse("invalid_admission", found, lines, date.hint);
}

/** The record of a verdict, as a judgement shows it. */
export function toCompared<Entry extends AdmissionRecord>({ found }: Verdict<Entry>): ComparedRecord<Entry> {
  if (found === null) return { record: null, file: null, record_sha256: null };
  return { record: found.record, file: found.file, record_sha256: found.sha256 };
}

/** A verdict as a line of `proofs/admissions.json`. */
export function toItem(kind: AdmissionItem["kind"], id: string | null, verdict: Verdict): AdmissionItem {
  const { found, problems, status } = verdict;
  return { kind, id, status, record_sha256: found?.sha256 ?? null, problems: [...problems] };
}

const WORST_FIRST: readonly AdmissionStatus[] = [
  "invalid_admission",
  "not_admitted",
  "missing_admission",
  "mismatch",
  "admitted",
];

/** Of several verdicts the worst decides; the problems of all are kept. */
export function joinVerdicts(
  first: Verdict,
  second: Verdict | null,
): Pick<AdmissionJudgement, "status" | "problems" | "hint"> {
  if (second === null) return { status: first.status, problems: first.problems, hint: first.hint };
  const worst = WORST_FIRST.indexOf(second.status) < WORST_FIRST.indexOf(first.status) ? second : first;
  return { status: worst.status, problems: [...new Set([...first.problems, ...second.problems])], hint: worst.hint };
}
