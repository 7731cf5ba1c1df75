import { CtoError } from "@cto/errors";

/** What a record file is refused with. */
export type AdmissionErrorCode =
  | "ADMISSION_TOO_LARGE"
  | "ADMISSION_SYNTAX"
  | "ADMISSION_VERSION"
  | "ADMISSION_INVALID"
  | "ADMISSION_SECRET";

/** Something wrong with a record file. `path` reads `licence.status`, empty for the whole file; the message names it too. */
export interface AdmissionProblem {
  readonly file: string;
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

const SHOWN = 20;
const KEPT = 100;

/** One error for all problems of a record file. There must be at least one. */
export function toAdmissionError(
  code: AdmissionErrorCode,
  problems: readonly AdmissionProblem[],
): CtoError<AdmissionErrorCode> {
  const lines = problems.slice(0, SHOWN).map(({ file, message }) => `${file}: ${message}`);
  if (problems.length > SHOWN) lines.push(`and ${problems.length - SHOWN} more`);
  return new CtoError(code, lines.join("\n"), {
    hint: problems[0]?.hint ?? "Correct the record file.",
    details: { problems: problems.slice(0, KEPT).map((problem) => ({ ...problem })) },
  });
}
