import { oneLine } from "@cto/errors";
import type { DocumentKind } from "./document-kind.ts";
import { type DocumentReason, toDocumentError } from "./gates-error.ts";

/** The largest task or policy file that is read: 1 MiB. */
export const MAX_TASK_BYTES = 1024 * 1024;

/** A file that a person writes, as its text or as the bytes on disk. `file` is the name that messages begin with. */
export type DocumentSource =
  | { readonly file: string; readonly text: string }
  | { readonly file: string; readonly bytes: Uint8Array };

/**
 * The text of a file, without a byte order mark. Throws with the area of its kind `*_TOO_LARGE`, `*_ENCODING` (UTF-16, broken UTF-8), `*_BINARY`
 * (control characters) or `*_EMPTY`.
 */
export function toSourceText(source: DocumentSource, { area, guide, noun }: Omit<DocumentKind, "schema">): string {
  const file = oneLine(source.file);
  const hint = `Write the ${noun} as YAML or JSON in UTF-8, as ${guide} shows.`;
  const refuse = (reason: DocumentReason, message: string, line = 1) =>
    toDocumentError(`${area}_${reason}`, [{ file, line, column: 1, path: "", message, hint }]);

  const size = "bytes" in source ? source.bytes.length : source.text.length;
  if (size > MAX_TASK_BYTES) throw refuse("TOO_LARGE", `${size} bytes, expected at most ${MAX_TASK_BYTES}`);
  if ("bytes" in source && isUtf16(source.bytes)) throw refuse("ENCODING", "UTF-16 text, expected UTF-8");
  if ("bytes" in source && source.bytes.includes(0))
    throw refuse("BINARY", "a binary file, expected YAML or JSON text");

  const text = "bytes" in source ? decode(source.bytes) : source.text;
  if (text === undefined) throw refuse("ENCODING", "bytes that are not UTF-8, expected UTF-8 text");
  if (!text.isWellFormed()) throw refuse("ENCODING", "a lone surrogate, expected well-formed text");
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.exec(text);
  if (control !== null) {
    const line = text.slice(0, control.index).split("\n").length;
    throw refuse("BINARY", "a control character, expected YAML or JSON text", line);
  }
  const plain = text.startsWith("\ufeff") ? text.slice(1) : text;
  if (plain.trim() === "") throw refuse("EMPTY", `an empty file, expected a ${noun}`);
  return plain;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A byte order mark, or NULs in every other byte, as ASCII has them in UTF-16. */
function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  const head = bytes.subarray(0, Math.min(bytes.length - (bytes.length % 2), 64));
  if (head.length < 4) return false;
  const zeros = [0, 0];
  for (const [index, byte] of head.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  return Math.max(even, odd) === head.length / 2 && Math.min(even, odd) === 0;
}
