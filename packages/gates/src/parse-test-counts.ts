import type { TestCounts } from "@cto/evidence-interface";
import { readJunit } from "./read-junit.ts";
import { createTestCountReader } from "./test-count-reader.ts";

/**
 * The test counts that a verification step reads: `reads` as in the contract, `text` the output (tap) or the file (junit:<path>), whole.
 * Undefined if nothing is read or nothing could be: the text holds no counts, or is cut off. Counts are recorded; the exit status decides.
 */
export function parseTestCounts(reads: string, text: string): TestCounts | undefined {
  if (reads.startsWith("junit:")) return readJunit(text);
  const reader = createTestCountReader(reads);
  reader.push(text);
  return reader.counts();
}
