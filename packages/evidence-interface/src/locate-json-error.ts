export type StrictJsonErrorCode =
  | "JSON_NOT_UTF8"
  | "JSON_BOM"
  | "JSON_SYNTAX"
  | "JSON_NOT_FINITE"
  | "JSON_TRAILING_DATA"
  | "JSON_DUPLICATE_KEY"
  | "JSON_LONE_SURROGATE"
  | "JSON_TOO_DEEP";

/** The first thing wrong with a JSON text. Line and column count from 1, the offset from 0, in UTF-16 code units of the text. */
export interface StrictJsonError {
  readonly code: StrictJsonErrorCode;
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const wordPattern = /true|false|null/y;
const notFinitePattern = /[+-]?(?:NaN|Infinity)/y;
const spacePattern = /[ \t\n\r]*/y;

/** A fault found while reading; private to this file and caught in it. */
class Fault extends Error {
  readonly code: StrictJsonErrorCode;
  readonly offset: number;

  constructor(code: StrictJsonErrorCode, offset: number, message: string) {
    super(message);
    this.code = code;
    this.offset = offset;
  }
}

/** Where and why a text is not strict JSON, for a text that is already known to be refused. Slow and exact; `JSON_SYNTAX` at 0 if it finds nothing. */
export function locateJsonError(text: string, depthLimit: number): StrictJsonError {
  let fault = new Fault("JSON_SYNTAX", 0, "not a JSON text");
  try {
    checkText(text, depthLimit);
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    fault = thrown;
  }
  const before = text.slice(0, fault.offset);
  const line = before.split("\n").length;
  return {
    code: fault.code,
    message: fault.message,
    line,
    column: fault.offset - before.lastIndexOf("\n"),
    offset: fault.offset,
  };
}

function checkText(text: string, depthLimit: number): void {
  if (text.startsWith("\ufeff")) throw new Fault("JSON_BOM", 0, "the text begins with a byte order mark");
  const end = skipSpace(text, skipValue(text, skipSpace(text, 0), depthLimit));
  if (end < text.length) throw new Fault("JSON_TRAILING_DATA", end, "there is more after the value");
}

/** Reads the value that begins at `at` and returns the offset after it. */
function skipValue(text: string, at: number, depthLeft: number): number {
  const first = text.charAt(at);
  if (first === "{" || first === "[") {
    if (depthLeft === 0) throw new Fault("JSON_TOO_DEEP", at, "arrays and objects are nested too deeply");
    return first === "{" ? skipObject(text, at, depthLeft) : skipArray(text, at, depthLeft);
  }
  if (first === '"') return takeString(text, at).end;
  const notFinite = matchAt(notFinitePattern, text, at);
  if (notFinite !== undefined) throw new Fault("JSON_NOT_FINITE", at, `${notFinite} is not a JSON number`);
  const number = matchAt(numberPattern, text, at);
  if (number !== undefined) {
    if (!Number.isFinite(Number(number))) throw new Fault("JSON_NOT_FINITE", at, "a number is too large");
    return at + number.length;
  }
  const word = matchAt(wordPattern, text, at);
  if (word === undefined)
    throw new Fault(
      "JSON_SYNTAX",
      at,
      at < text.length ? "expected a value" : "the text ends where a value is expected",
    );
  return at + word.length;
}

function skipArray(text: string, start: number, depthLeft: number): number {
  let at = skipSpace(text, start + 1);
  if (text[at] === "]") return at + 1;
  for (;;) {
    at = skipSpace(text, skipValue(text, at, depthLeft - 1));
    if (text[at] === "]") return at + 1;
    at = skipSpace(text, expectMark(text, at, ",", "expected , or ]"));
  }
}

function skipObject(text: string, start: number, depthLeft: number): number {
  const keys = new Set<string>();
  let at = skipSpace(text, start + 1);
  if (text[at] === "}") return at + 1;
  for (;;) {
    if (text[at] !== '"') throw new Fault("JSON_SYNTAX", at, "expected a key in double quotes");
    const key = takeString(text, at);
    if (keys.has(key.value)) throw new Fault("JSON_DUPLICATE_KEY", at, "a key stands twice in one object");
    keys.add(key.value);
    at = expectMark(text, skipSpace(text, key.end), ":", "expected : after a key");
    at = skipSpace(text, skipValue(text, skipSpace(text, at), depthLeft - 1));
    if (text[at] === "}") return at + 1;
    at = skipSpace(text, expectMark(text, at, ",", "expected , or }"));
  }
}

function takeString(text: string, at: number): { readonly value: string; readonly end: number } {
  const end = endOfString(text, at) + 1;
  let value: string;
  try {
    value = JSON.parse(text.slice(at, end));
  } catch {
    throw new Fault("JSON_SYNTAX", at, "a string has no end, a control character or an unknown escape");
  }
  if (!value.isWellFormed()) throw new Fault("JSON_LONE_SURROGATE", at, "a string has a lone surrogate");
  return { value, end };
}

function expectMark(text: string, at: number, mark: string, message: string): number {
  if (text[at] !== mark) throw new Fault("JSON_SYNTAX", at, message);
  return at + 1;
}

function skipSpace(text: string, at: number): number {
  return at + (matchAt(spacePattern, text, at)?.length ?? 0);
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** The offset of the quote that closes the string which opens at `start`; the length of the text if it has no end. Linear. */
export function endOfString(text: string, start: number): number {
  let at = text.indexOf('"', start + 1);
  while (at !== -1) {
    let before = at - 1;
    while (text.charCodeAt(before) === 92) before -= 1;
    if ((at - before) % 2 === 1) return at;
    at = text.indexOf('"', at + 1);
  }
  return text.length;
}
