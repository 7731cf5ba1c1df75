import { toCanonicalJson } from "../canonical-json.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** True if the bytes are the canonical JSON of the value and one LF. */
export function isCanonical(bytes: Uint8Array, value: unknown): boolean {
  return decoder.decode(bytes) === `${toCanonicalJson(value)}\n`;
}
