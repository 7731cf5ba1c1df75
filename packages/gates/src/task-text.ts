import { oneLine } from "@cto/errors";
import { type GatesErrorCode, toTaskError } from "./gates-error.ts";

/** The largest task file that is read: 1 MiB. */
export const MAX_TASK_BYTES = 1024 * 1024;

/** A task file, as its text or as the bytes on disk. `file` is the name that messages begin with. */
export type TaskSource =
  | { readonly file: string; readonly text: string }
  | { readonly file: string; readonly bytes: Uint8Array };

const HINT = "Write the task contract as YAML or JSON in UTF-8, as docs/guides/first-task.md shows.";

/**
 * The text of a task file, without a byte order mark. Throws `TASK_TOO_LARGE`, `TASK_ENCODING` (UTF-16, broken UTF-8), `TASK_BINARY`
 * (control characters) or `TASK_EMPTY`.
 */
export function toTaskText(source: TaskSource): string {
  const file = oneLine(source.file);
  const refuse = (code: GatesErrorCode, message: string, line = 1) =>
    toTaskError(code, [{ file, line, column: 1, path: "", message, hint: HINT }]);

  const size = "bytes" in source ? source.bytes.length : source.text.length;
  if (size > MAX_TASK_BYTES) throw refuse("TASK_TOO_LARGE", `${size} bytes, expected at most ${MAX_TASK_BYTES}`);
  if ("bytes" in source && isUtf16(source.bytes)) throw refuse("TASK_ENCODING", "UTF-16 text, expected UTF-8");
  if ("bytes" in source && source.bytes.includes(0))
    throw refuse("TASK_BINARY", "a binary file, expected YAML or JSON text");

  const text = "bytes" in source ? decode(source.bytes) : source.text;
  if (text === undefined) throw refuse("TASK_ENCODING", "bytes that are not UTF-8, expected UTF-8 text");
  if (!text.isWellFormed()) throw refuse("TASK_ENCODING", "a lone surrogate, expected well-formed text");
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.exec(text);
  if (control !== null) {
    const line = text.slice(0, control.index).split("\n").length;
    throw refuse("TASK_BINARY", "a control character, expected YAML or JSON text", line);
  }
  const plain = text.startsWith("\ufeff") ? text.slice(1) : text;
  if (plain.trim() === "") throw refuse("TASK_EMPTY", "an empty file, expected a task contract");
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
