import { oneLine, redactSecrets } from "@cto/errors";
import { type Blocker, FAILURE_CODES, type FailureCode } from "@cto/evidence-interface";

/**
 * A blocker with the event, and unless told otherwise the hint, of the failure matrix. In message and hint secrets are redacted and control
 * characters stripped; each is cut at 1000 characters.
 */
export function toBlocker(code: FailureCode, message: string, hint?: string): Blocker {
  const entry = FAILURE_CODES[code];
  return {
    code,
    message: toShown(message, 1000),
    hint: hint === undefined ? entry.hint : toShown(hint, 1000),
    event: entry.event,
  };
}

const SHOWN = 5;

/** The first five of a list and the count of the rest, for a message. Each item is made safe to show. */
export function listSome(items: readonly string[], separator = ", "): string {
  const shown = items.slice(0, SHOWN).map((item) => toShown(item, 160));
  const rest = items.length - shown.length;
  return rest > 0 ? `${shown.join(separator)} and ${rest} more` : shown.join(separator);
}

/** One line of at most `max` characters. A secret goes before the cut, which might leave half of it. */
export function toShown(text: string, max: number): string {
  return oneLine(redactSecrets(text), max);
}
