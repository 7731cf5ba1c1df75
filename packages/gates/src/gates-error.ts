import { CtoError } from "@cto/errors";

/** Every code that this package throws. */
export type GatesErrorCode =
  | "TASK_EMPTY"
  | "TASK_BINARY"
  | "TASK_ENCODING"
  | "TASK_TOO_LARGE"
  | "TASK_SYNTAX"
  | "TASK_INVALID"
  | "POLICY_EMPTY"
  | "POLICY_BINARY"
  | "POLICY_ENCODING"
  | "POLICY_TOO_LARGE"
  | "POLICY_SYNTAX"
  | "POLICY_INVALID"
  | "PATH_RULE_INVALID";

/** What the files are that people write, and what keeps one from being read. */
export type DocumentArea = "TASK" | "POLICY";
export type DocumentReason = "EMPTY" | "BINARY" | "ENCODING" | "TOO_LARGE" | "SYNTAX" | "INVALID";

/** Something wrong at one place of a task or policy file. Lines and columns count from 1; `path` reads `verification[0].run`. */
export interface DocumentProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

const SHOWN = 20;
const KEPT = 100;

/** One error for all problems of a file, in the order of the file. There must be at least one. */
export function toDocumentError(code: GatesErrorCode, problems: readonly DocumentProblem[]): CtoError<GatesErrorCode> {
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  const lines = sorted
    .slice(0, SHOWN)
    .map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);
  if (sorted.length > SHOWN) lines.push(`and ${sorted.length - SHOWN} more`);
  return new CtoError(code, lines.join("\n"), {
    hint: sorted[0]?.hint ?? "Correct the file.",
    details: { problems: sorted.slice(0, KEPT).map((problem) => ({ ...problem })) },
  });
}
