/** Keeps the last bytes of a stream, at least `bytes` of them and at most one chunk more, without copying what it drops. */
export function createOutputTail(bytes: number): { add(chunk: Uint8Array): void; text(): string } {
  const chunks: Uint8Array[] = [];
  let total = 0;
  return {
    add(chunk) {
      chunks.push(Uint8Array.from(chunk));
      total += chunk.byteLength;
      while (chunks[0] !== undefined && total - chunks[0].byteLength >= bytes) total -= chunks.shift()?.byteLength ?? 0;
    },
    text: () => Buffer.concat(chunks).toString("utf8"),
  };
}
