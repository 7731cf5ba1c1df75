import type { DocumentKind } from "./document-kind.ts";
import { checkDocument, readDocument } from "./parse-document.ts";
import type { DocumentSource } from "./source-text.ts";
import { type TaskContract, taskSchema } from "./task-contract.ts";
import { findRuleBreaches } from "./task-rules.ts";

export const TASK_DOCUMENT: DocumentKind<typeof taskSchema> = {
  area: "TASK",
  noun: "task contract",
  guide: "docs/guides/first-task.md",
  schema: taskSchema,
  findBreaches: findRuleBreaches,
};

/**
 * Reads a task contract from YAML 1.2 or JSON and fills in every default. Throws one CtoError for all problems of the file:
 * `TASK_EMPTY`, `TASK_BINARY`, `TASK_ENCODING`, `TASK_TOO_LARGE`, `TASK_SYNTAX` or `TASK_INVALID`, with `details.problems`; every line of
 * its message reads `file:line:column: what, expected what`. The result is frozen and holds JSON values only.
 */
export function parseTask(source: DocumentSource): TaskContract {
  return checkDocument(readDocument(source, TASK_DOCUMENT), TASK_DOCUMENT);
}
