const escapes: Readonly<Record<number, string>> = {
  7: "a",
  8: "b",
  9: "t",
  10: "n",
  11: "v",
  12: "f",
  13: "r",
  34: '"',
  92: "\\",
};
const unescapes: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, "\\": 92 };
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossyDecoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * A file name's bytes as evidence text. Names that are valid UTF-8 and plain stand as they are; names with control characters, a
 * double quote, a backslash, bidirectional overrides or invalid UTF-8 stand in git's C-style quoted form (`"src/a\377b"`), so that
 * every name has exactly one text and no text can disturb a terminal.
 */
export function toPathText(bytes: Uint8Array): string {
  let text: string | undefined;
  try {
    text = decoder.decode(bytes);
  } catch {
    text = undefined;
  }
  if (
    text !== undefined &&
    !/["\\\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/.test(text)
  )
    return text;
  let quoted = '"';
  for (const byte of bytes) {
    const letter = escapes[byte];
    if (letter !== undefined) quoted += `\\${letter}`;
    else if (byte < 32 || byte > 126) quoted += `\\${byte.toString(8).padStart(3, "0")}`;
    else quoted += String.fromCharCode(byte);
  }
  return `${quoted}"`;
}

/** The bytes behind a path text, also for the forms that git itself prints. Undefined if the quoting is broken. */
export function fromPathText(text: string): Uint8Array | undefined {
  if (!text.startsWith('"')) return encoder.encode(text);
  if (text.length < 2 || !text.endsWith('"')) return undefined;
  const bytes: number[] = [];
  const inner = text.slice(1, -1);
  for (let index = 0; index < inner.length; ) {
    const char = inner.charAt(index);
    if (char === '"') return undefined;
    if (char !== "\\") {
      const point = inner.codePointAt(index) ?? 0;
      const unit = String.fromCodePoint(point);
      bytes.push(...encoder.encode(unit));
      index += unit.length;
      continue;
    }
    const octal = /^[0-3][0-7]{2}/.exec(inner.slice(index + 1, index + 4));
    if (octal !== null) {
      bytes.push(Number.parseInt(octal[0], 8));
      index += 4;
      continue;
    }
    const plain = unescapes[inner.charAt(index + 1)];
    if (plain === undefined) return undefined;
    bytes.push(plain);
    index += 2;
  }
  return Uint8Array.from(bytes);
}

/** The name that rules are matched against: the decoded path, with U+FFFD where the bytes are not UTF-8. Undefined if the quoting is broken. */
export function pathTextToName(text: string): string | undefined {
  if (!text.startsWith('"')) return text;
  const bytes = fromPathText(text);
  return bytes === undefined ? undefined : lossyDecoder.decode(bytes);
}
