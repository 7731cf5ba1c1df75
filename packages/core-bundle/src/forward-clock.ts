/** Time stamps that never go back: where the clock does, the last stamp stands still. `now` gives milliseconds since the epoch. */
export function createForwardClock(now: () => number, last?: string): () => string {
  let latest = last === undefined ? Number.NEGATIVE_INFINITY : Date.parse(last);
  return () => {
    latest = Math.max(latest, now());
    return new Date(latest).toISOString();
  };
}
