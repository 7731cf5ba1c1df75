/** Wall time that never goes back, and durations from the monotonic clock. */
export interface Clock {
  readonly startedAt: Date;
  /** The present time; never before an earlier answer, whatever happens to the machine's clock. */
  now(): Date;
  /** Milliseconds since the clock was made; unaffected by changes of the wall clock. */
  elapsedMs(): number;
}

/** A clock anchored at one reading of the wall clock: a machine's clock that is set back while a run goes on cannot reorder its events. */
export function createClock(wall: () => number = Date.now, monotonic: () => number = () => performance.now()): Clock {
  const anchor = wall();
  const start = monotonic();
  return {
    startedAt: new Date(anchor),
    now: () => new Date(anchor + Math.floor(monotonic() - start)),
    elapsedMs: () => monotonic() - start,
  };
}
