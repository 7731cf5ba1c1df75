import { SCHEMAS, type SourceAdmission } from "@cto/evidence-interface";
import type { AdmissionJudgement, RecordFile, RecordQuestion } from "./admission.ts";
import type { AdmissionRecord } from "./record-kinds.ts";
import { admit, judgeOnly, refuse, toCompared, toItem, type Verdict } from "./verdict.ts";

export type SourceJudgement = AdmissionJudgement<SourceAdmission>;

/** Judges the source admission of an id: there is one, it permits execution, and if its pin changed it names a conformance run of the present one. */
export function judgeSourceAdmission(question: RecordQuestion & { readonly id: string }): SourceJudgement {
  const verdict = judgeSource(question, question.id);
  const { hint, problems, status } = verdict;
  return { ...toCompared(verdict), status, problems, hint, items: [toItem("source", question.id, verdict)] };
}

export function judgeSource(question: RecordQuestion, id: string): Verdict<SourceAdmission> {
  return judgeOnly(question, {
    what: `source ${id}`,
    accept: isSource(id),
    orMissing: () =>
      refuse(
        "missing_admission",
        null,
        [`no source admission has the id ${id}`],
        `\`cto admit source --id ${id}\` writes it.`,
      ),
    judge: (found) => judgeFound(question, found),
  });
}

function judgeFound({ records }: RecordQuestion, found: RecordFile<SourceAdmission>): Verdict<SourceAdmission> {
  const { file, record } = found;
  const { conformance, pinned, previous } = record;
  if (record.allowed_execution === "never") {
    const problem = `${file}: allowed_execution: expected sandbox-only, seen never`;
    return refuse(
      "not_admitted",
      found,
      [problem],
      "Its approver forbids to run it; only a new approval changes that.",
    );
  }
  if (previous === null || conformance?.pinned === pinned) return admit(found);
  // A predecessor that is not there may have had any pin.
  const before = records.filter((one): one is RecordFile<SourceAdmission> => isSource(previous)(one.record));
  if (before.length > 0 && before.every((one) => one.record.pinned === pinned)) return admit(found);
  const seen = conformance === null ? "no conformance run" : conformance.pinned;
  const problem = `${file}: conformance.pinned: expected ${pinned}, as the pin is not that of ${previous}, seen ${seen}`;
  const hint = "Run the conformance suite with the present pin, then write pinned and passed_at into conformance.";
  return refuse("mismatch", found, [problem], hint);
}

function isSource(id: string) {
  return (record: AdmissionRecord): record is SourceAdmission =>
    record.schema === SCHEMAS.sourceAdmission && record.id === id;
}
