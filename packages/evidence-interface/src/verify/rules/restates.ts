/**
 * What the harness leaves in event data where it cleans them: a redacted secret, a cut, a control character. Such a text says no more than
 * what stands before the mark.
 */
const cleaned = /\[redacted:[a-z-]+\]|\[cut: \d+ more characters\]|\ufffd/;

type Fields = Readonly<Record<string, unknown>>;

/** True if `said`, a value out of event data, is `known`, or what is left of `known` after event data were cleaned. Extra fields say nothing. */
export function restates(said: unknown, known: unknown): boolean {
  if (said === known) return true;
  if (typeof known === "string") return typeof said === "string" && isCleaned(said, known);
  if (Array.isArray(known)) return Array.isArray(said) && restatesList(said, known);
  if (typeof known !== "object" || known === null || typeof said !== "object" || said === null) return false;
  for (const key in known) {
    if (restates((said as Fields)[key], (known as Fields)[key])) continue;
    if ((said as Fields).cut !== true || Object.hasOwn(said, key)) return false;
  }
  return true;
}

function isCleaned(said: string, known: string): boolean {
  const mark = said.search(cleaned);
  return mark !== -1 && known.startsWith(said.slice(0, mark));
}

function restatesList(said: readonly unknown[], known: readonly unknown[]): boolean {
  for (let index = 0; index < said.length; index += 1) {
    if (index < known.length && restates(said[index], known[index])) continue;
    const item = said[index];
    const isCut = index < known.length && typeof item === "string" && /^\[cut: \d+ more\]$/.test(item);
    return isCut && index === said.length - 1;
  }
  return said.length === known.length;
}
