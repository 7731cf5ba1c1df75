/** The two ends of a line log, and how many lines it has. */
export interface LogEnds {
  /** Bytes of the first and of the last line, without LF. Of one longer than the limit only that it is longer is sure. */
  readonly first: Uint8Array;
  readonly last: Uint8Array;
  readonly lines: number;
  /** False if no LF ends the last line. */
  readonly ended: boolean;
}

const nothing = new Uint8Array(0);

/** The ends of a log that may be large, held in the space of two lines; undefined for an empty one. Chunks may be reused by their owner. */
export function toLogEnds(chunks: Iterable<Uint8Array>, limit: number): LogEnds | undefined {
  let first: Uint8Array | undefined;
  // The last complete line without its LF, and what came after it.
  let last: Uint8Array | undefined;
  let open: Uint8Array = nothing;
  let lines = 0;
  for (const given of chunks) {
    // A view of a subclass is made by its constructor, which for Node's Buffer costs more than all the rest.
    const chunk = new Uint8Array(given.buffer, given.byteOffset, given.length);
    let from = 0;
    let before = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      if (lines === 0) first = join(open, chunk.slice(0, Math.min(end, limit + 1)));
      lines += 1;
      before = from;
      from = end + 1;
    }
    if (from > 0) {
      const line = chunk.slice(before, Math.min(from - 1, before + limit + 1));
      last = before === 0 ? join(open, line) : line;
      open = nothing;
    }
    if (from < chunk.length && open.length <= limit) open = join(open, chunk.slice(from, from + limit + 1));
  }
  if (open.length > 0) return { first: first ?? open, last: open, lines: lines + 1, ended: false };
  return first === undefined ? undefined : { first, last: last ?? first, lines, ended: true };
}

function join(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length === 0) return right;
  const joined = new Uint8Array(left.length + right.length);
  joined.set(left);
  joined.set(right, left.length);
  return joined;
}
