import { CtoError, type JsonObject } from "@cto/errors";
import {
  EVENT_ORDER,
  type EventName,
  type GovernedEvent,
  governedEventSchema,
  SCHEMAS,
  toCanonicalJson,
} from "@cto/evidence-interface";
import { createForwardClock } from "./forward-clock.ts";
import { toSafeData } from "./safe-data.ts";

export interface EventChainOptions {
  readonly runId: string;
  /** Milliseconds since the epoch. A clock that goes back is held at the last stamp. */
  readonly now: () => number;
  /** Lower-case hex SHA-256 of the text's UTF-8 bytes. */
  readonly sha256: (text: string) => string;
  /** Complete lines that are already on the disk, to go on with a run whose process died. */
  readonly previous?: readonly string[];
}

/** The governed events of one run, chained. It only makes lines; the caller appends each to the log before the step that it announces. */
export interface EventChain {
  /** The next line, in canonical JSON with its LF. Throws `BUNDLE_EVENT_ORDER` if `event` may not stand here. */
  append(event: EventName, data: JsonObject): string;
  readonly count: number;
  /** SHA-256 of the last line without its LF; 64 zeros before the first. */
  readonly head: string;
  readonly last: EventName | null;
}

// A line stays below the verifier's limit of 1 MiB even if every character is escaped or takes several bytes.
const dataLimits = { string: 8192, total: 160_000 };

/**
 * Starts, or with `previous` continues, the event chain of a run. The order is `EVENT_ORDER` of `@cto/evidence-interface`. Data are
 * cleaned: no control characters, no secret shapes, strings of at most 8,192 code units.
 * Throws `BUNDLE_EVENT_LINE` if the last of `previous` is not an event of this run.
 */
export function createEventChain(options: EventChainOptions): EventChain {
  const { runId, sha256 } = options;
  const previous = options.previous ?? [];
  const lastLine = previous.at(-1);
  const resumed = lastLine === undefined ? undefined : parseLastLine(lastLine, runId, previous.length);
  const stamp = createForwardClock(options.now, resumed?.at);
  let count = previous.length;
  let head = lastLine === undefined ? "0".repeat(64) : sha256(lastLine.replace(/\n$/, ""));
  let last: EventName | null = resumed?.event ?? null;
  return {
    append(event, data) {
      assertOrder(last, event);
      const entry = {
        schema: SCHEMAS.event,
        seq: count + 1,
        at: stamp(),
        run_id: runId,
        event,
        data: toSafeData(data, dataLimits),
        prev: head,
      };
      const text = toCanonicalJson(entry);
      count += 1;
      head = sha256(text);
      last = event;
      return `${text}\n`;
    },
    get count() {
      return count;
    },
    get head() {
      return head;
    },
    get last() {
      return last;
    },
  };
}

function parseLastLine(line: string, runId: string, count: number): GovernedEvent {
  const parsed = governedEventSchema.safeParse(parseJson(line));
  if (parsed.success && parsed.data.run_id === runId && parsed.data.seq === count) return parsed.data;
  throw new CtoError("BUNDLE_EVENT_LINE", `Line ${count} of the event log is not event ${count} of run ${runId}.`, {
    hint: "The event log was changed by something else; leave the run as it is and start a new one.",
    details: { run_id: runId, line: count },
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function assertOrder(last: EventName | null, event: EventName): void {
  const first = last === null && event !== "run.started";
  const step = last === null ? 1 : EVENT_ORDER.indexOf(event) - EVENT_ORDER.indexOf(last);
  const again = step === 0 && event === "backend.gate.blocked";
  const bothAnswers = last === "approval.granted" && event === "approval.denied";
  if (!first && (step > 0 || again) && !bothAnswers) return;
  throw new CtoError("BUNDLE_EVENT_ORDER", `The event ${event} may not follow ${last ?? "nothing"}.`, {
    hint: "Append governed events in the order of EVENT_ORDER, run.started first, each once (backend.gate.blocked once for each closed gate).",
    details: { event, last },
  });
}
