import type { TestCounts } from "@cto/evidence-interface";
import { createTapReader } from "./tap-reader.ts";

/** Reads test counts from the output of a command while it comes. */
export interface TestCountReader {
  /** Takes the next piece, cut wherever it may be: UTF-8 bytes or text. Nothing is counted any more once `counts` was asked. */
  push(chunk: Uint8Array | string): void;
  /** Ends the reading. Undefined if the output is not read, or holds no counts. */
  counts(): TestCounts | undefined;
}

/** UTF-16 code units of a line that are looked at. */
const MAX_LINE = 64 * 1024;

/**
 * A reader for the output of a verification step, `reads` as in the contract. Only `tap` stands in the output; for anything else there are no
 * counts. Equals `parseTestCounts` on the whole output, however it is cut. Memory is bounded whatever the input: of a line the first 64 Ki
 * code units are read, and what is indented by more than 1024 counts as indented by 1024.
 */
export function createTestCountReader(reads: string): TestCountReader {
  return reads === "tap" ? createTapOutputReader() : { push: () => {}, counts: () => undefined };
}

function createTapOutputReader(): TestCountReader {
  const tap = createTapReader();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let line = "";
  let isFirst = true;
  let result: { readonly counts: TestCounts | undefined } | undefined;

  const endLine = (): void => {
    tap.addLine(isFirst ? line.replace(/^\ufeff/, "") : line);
    isFirst = false;
    line = "";
  };
  const addText = (text: string): void => {
    for (let start = 0; start < text.length; ) {
      const feed = text.indexOf("\n", start);
      const end = feed < 0 ? text.length : feed;
      line += text.slice(start, Math.min(end, start + MAX_LINE - line.length));
      if (feed >= 0) endLine();
      start = end + 1;
    }
  };
  return {
    push(chunk) {
      if (result !== undefined) return;
      if (typeof chunk === "string") addText(decoder.decode() + chunk);
      else addText(decoder.decode(chunk, { stream: true }));
    },
    counts() {
      if (result === undefined) {
        addText(decoder.decode());
        endLine();
        result = { counts: tap.finish() };
      }
      return result.counts;
    },
  };
}
