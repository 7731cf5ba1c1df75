/**
 * What the harness leaves in event data where it cleans them: a redacted secret, a cut, a control character. Such a text says no more than
 * what stands before the mark.
 */
const cleaned = /\[redacted:[a-z-]+\]|\[cut: \d+ more|\ufffd/;

/** True if `said`, a value out of event data, is `known`, or what is left of `known` after event data were cleaned. Extra fields say nothing. */
export function restates(said: unknown, known: unknown): boolean {
  if (said === known) return true;
  if (typeof known === "string") return typeof said === "string" && isCleaned(said, known);
  if (Array.isArray(known)) return Array.isArray(said) && restatesList(said, known);
  if (typeof known !== "object" || known === null || typeof said !== "object" || said === null) return false;
  const fields = said as Readonly<Record<string, unknown>>;
  return Object.entries(known).every(
    ([key, value]) => restates(fields[key], value) || (fields.cut === true && !Object.hasOwn(fields, key)),
  );
}

function isCleaned(said: string, known: string): boolean {
  const mark = said.search(cleaned);
  return mark !== -1 && known.startsWith(said.slice(0, mark));
}

function restatesList(said: readonly unknown[], known: readonly unknown[]): boolean {
  const last = said.at(-1);
  const isCut = said.length <= known.length && typeof last === "string" && /^\[cut: \d+ more\]$/.test(last);
  if (!isCut && said.length !== known.length) return false;
  return said.every((item, index) => restates(item, known[index]) || (isCut && index === said.length - 1));
}
