import { oneLine, redactSecrets } from "@cto/errors";
import { type Blocker, FAILURE_CODES, type FailureCode } from "@cto/evidence-interface";

/**
 * A blocker with the event, and unless told otherwise the hint, of the failure matrix. Secrets are redacted and control characters
 * stripped; the message is cut at 1000 characters.
 */
export function toBlocker(code: FailureCode, message: string, hint?: string): Blocker {
  const entry = FAILURE_CODES[code];
  return { code, message: oneLine(redactSecrets(message), 1000), hint: hint ?? entry.hint, event: entry.event };
}

const SHOWN = 5;

/** The first five of a list and the count of the rest, for a message. Each item is made safe to show. */
export function listSome(items: readonly string[]): string {
  const shown = items.slice(0, SHOWN).map((item) => oneLine(item, 160));
  const rest = items.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
}
