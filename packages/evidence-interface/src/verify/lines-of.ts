/** One line without its LF. Of a line longer than the limit only the first `limit` + 1 bytes are there. */
export interface Line {
  readonly bytes: Uint8Array;
  /** False for a last line that no LF ends. */
  readonly ended: boolean;
}

const nothing = new Uint8Array(0);

/** Cuts chunks into lines at LF and nothing else, holding one line at a time. A line's bytes are good until the next one is asked for. */
export function* linesOf(chunks: Iterable<Uint8Array>, limit: number): Generator<Line> {
  let carry: Uint8Array = nothing;
  let open = false;
  for (const given of chunks) {
    // A view of a subclass is made by its constructor, which for Node's Buffer costs more than all the rest.
    const chunk = new Uint8Array(given.buffer, given.byteOffset, given.length);
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const bytes = open
        ? append(carry, chunk.subarray(from, end), limit)
        : chunk.subarray(from, Math.min(end, from + limit + 1));
      yield { bytes, ended: true };
      carry = nothing;
      open = false;
      from = end + 1;
    }
    if (from === chunk.length) continue;
    carry = append(carry, chunk.slice(from, from + limit + 1), limit);
    open = true;
  }
  if (open) yield { bytes: carry, ended: false };
}

function append(carry: Uint8Array, piece: Uint8Array, limit: number): Uint8Array {
  if (carry.length === 0) return piece.subarray(0, limit + 1);
  if (carry.length > limit) return carry;
  const joined = new Uint8Array(Math.min(carry.length + piece.length, limit + 1));
  joined.set(carry);
  joined.set(piece.subarray(0, joined.length - carry.length), carry.length);
  return joined;
}
