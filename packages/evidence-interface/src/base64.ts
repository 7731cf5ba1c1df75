const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const values: ReadonlyMap<number, number> = new Map(
  [...alphabet].map((letter, value) => [letter.charCodeAt(0), value]),
);

/** Standard base64 with padding (RFC 4648, section 4). */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const three = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const letters = [three >> 18, (three >> 12) & 63, (three >> 6) & 63, three & 63].map((value) => alphabet[value]);
    text += letters.join("").slice(0, Math.min(bytes.length - at, 3) + 1);
  }
  return text.padEnd(Math.ceil(bytes.length / 3) * 4, "=");
}

/**
 * The bytes of standard base64 with padding. Undefined for any text that `toBase64` does not write: other alphabets, white space, missing
 * padding, and stray bits in the last letter, which would give one value two texts.
 */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const letters = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0;
  let held = 0;
  let end = 0;
  for (let at = 0; at < letters; at += 1) {
    const value = values.get(text.charCodeAt(at));
    if (value === undefined) return undefined;
    bits = ((bits << 6) | value) & 0xfff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[end] = bits >> held;
    end += 1;
  }
  return (bits & ((1 << held) - 1)) === 0 ? bytes : undefined;
}
