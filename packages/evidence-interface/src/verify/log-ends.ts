/** The two ends of a line log: the bytes of its first and last line without their LF, and how many lines it has. */
export interface LogEnds {
  readonly first: Uint8Array;
  readonly last: Uint8Array;
  readonly lines: number;
  /** False if no LF ends the last line. */
  readonly ended: boolean;
}

/** The ends of a log that may be large; undefined for an empty one. Of lines longer than `limit` only that it is exceeded is kept. */
export function toLogEnds(chunks: Iterable<Uint8Array>, limit: number): LogEnds | undefined {
  let first: Uint8Array | undefined;
  // The last line that is complete, with its LF, and what came after it.
  let tail: Uint8Array = new Uint8Array(0);
  let lines = 0;
  for (const chunk of chunks) {
    lines += countLines(chunk);
    const joined = new Uint8Array(tail.length + chunk.length);
    joined.set(tail);
    joined.set(chunk, tail.length);
    const end = joined.lastIndexOf(10);
    if (first === undefined && end !== -1) first = joined.slice(0, joined.indexOf(10));
    const from = end < 1 ? 0 : joined.lastIndexOf(10, end - 1) + 1;
    tail = joined.subarray(from, Math.max(end + 1, from) + limit + 1);
  }
  if (tail.length === 0) return undefined;
  const end = tail.indexOf(10);
  if (end === tail.length - 1) return { first: first ?? tail, last: tail.subarray(0, end), lines, ended: true };
  return { first: first ?? tail, last: tail.subarray(end + 1), lines: lines + 1, ended: false };
}

function countLines(chunk: Uint8Array): number {
  let lines = 0;
  for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
  return lines;
}
