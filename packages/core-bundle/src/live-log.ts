import { CtoError } from "@cto/errors";
import { type LiveStream, SCHEMAS, toCanonicalJson } from "@cto/evidence-interface";
import { createForwardClock } from "./forward-clock.ts";
import { toSafeData, toSafeText } from "./safe-data.ts";

export interface LiveLogOptions {
  readonly runId: string;
  /** Milliseconds since the epoch. A clock that goes back is held at the last stamp. */
  readonly now: () => number;
  /** How many lines are already on the disk, to go on with a run whose process died. Default 0. */
  readonly previousCount?: number;
}

/** The live events of one run: everything that a watcher sees. It only makes lines. */
export interface LiveLog {
  /** Announces a stream (`stream.opened`) and returns its line. Throws `BUNDLE_LIVE_STREAM` if its id is already open. */
  open(stream: LiveStream): string;
  /** A line of an open stream. `data` may be anything: it is cleaned and bounded. Throws `BUNDLE_LIVE_STREAM` if the stream is not open. */
  append(streamId: string, kind: string, data: Readonly<Record<string, unknown>>): string;
  readonly streams: readonly LiveStream[];
  readonly count: number;
}

const dataLimits = { string: 8192, total: 65_536 };

/** Starts the live log of a run. What an engine printed is hostile: control characters go, secret shapes are redacted, strings over 8,192 code units are cut. */
export function createLiveLog(options: LiveLogOptions): LiveLog {
  const stamp = createForwardClock(options.now);
  const streams = new Map<string, LiveStream>();
  let count = options.previousCount ?? 0;
  const line = (stream: string, kind: string, data: Readonly<Record<string, unknown>>): string => {
    count += 1;
    const safe = { kind: toSafeText(kind.slice(0, 64), 64) || "note", data: toSafeData(data, dataLimits) };
    return `${toCanonicalJson({ schema: SCHEMAS.liveEvent, seq: count, at: stamp(), run_id: options.runId, stream, ...safe })}\n`;
  };
  return {
    open(stream) {
      if (streams.has(stream.id)) throw badStream(stream.id, "is already open");
      const clean: LiveStream = { ...stream, title: toSafeText(stream.title.slice(0, 160), 160) };
      streams.set(clean.id, clean);
      return line(clean.id, "stream.opened", clean);
    },
    append(streamId, kind, data) {
      if (!streams.has(streamId)) throw badStream(streamId, "was not opened");
      return line(streamId, kind, data);
    },
    get streams() {
      return [...streams.values()];
    },
    get count() {
      return count;
    },
  };
}

function badStream(id: string, what: string): CtoError<"BUNDLE_LIVE_STREAM"> {
  return new CtoError("BUNDLE_LIVE_STREAM", `The stream ${id} ${what}.`, {
    hint: "Call open() once for each stream, before append().",
    details: { stream: id },
  });
}
