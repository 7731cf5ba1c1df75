import { createHash } from "node:crypto";
import type { RunWriter } from "@cto/bundle-store";
import { createEventChain, createLiveLog, type EventChain, type LiveLog } from "@cto/core-bundle";
import type { JsonObject } from "@cto/errors";
import { type Blocker, EVENT_ORDER, type EventName, type LiveStream, SCHEMAS } from "@cto/evidence-interface";
import type { Clock } from "./clock.ts";

/** Lower-case hex SHA-256. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** The three line logs of a run, written as things happen. */
export interface RunRecord {
  readonly chain: EventChain;
  readonly live: LiveLog;
  /** Appends a governed event, with the codes of the blockers that it carries, and shows it live. */
  event(name: EventName, data: JsonObject, blockers?: readonly Blocker[]): void;
  /** True if this event, or one that stands after it, has been written. */
  reached(name: EventName): boolean;
  openStream(stream: LiveStream): void;
  show(streamId: string, kind: string, data: Readonly<Record<string, unknown>>): void;
  /** Runs an action of the harness and leaves its duration and outcome in the trace. */
  timed<T>(action: string, work: () => Promise<T>): Promise<T>;
  /** Waits until everything so far is on the disk. */
  sync(): Promise<void>;
}

/** The stream of the harness's own steps; every run has it. */
const governed: LiveStream = { id: "run", kind: "summary", transport: "events", title: "Governed events" };

/** Starts the logs of a run, or goes on with those of a dead one. */
export function createRunRecord(options: {
  readonly writer: RunWriter;
  readonly clock: Clock;
  readonly previous?: { readonly eventLines: readonly string[]; readonly liveCount: number };
}): RunRecord {
  const { writer, clock, previous } = options;
  const now = () => clock.now().getTime();
  const chain = createEventChain({ runId: writer.runId, now, sha256, previous: previous?.eventLines ?? [] });
  const live = createLiveLog({ runId: writer.runId, now, previousCount: previous?.liveCount ?? 0 });
  writer.appendLive(live.open(governed));
  return {
    chain,
    live,
    event(name, data, blockers = []) {
      writer.appendEvent(chain.append(name, { ...data, blockers: blockers.map(({ code }) => code) }));
      writer.appendLive(live.append(governed.id, name, { ...data, blockers: blockers.map(({ code }) => code) }));
    },
    reached: (name) => chain.last !== null && EVENT_ORDER.indexOf(chain.last) >= EVENT_ORDER.indexOf(name),
    openStream(stream) {
      writer.appendLive(live.open(stream));
    },
    show(streamId, kind, data) {
      writer.appendLive(live.append(streamId, kind, data));
    },
    async timed(action, work) {
      const startedAt = clock.elapsedMs();
      const at = clock.now().toISOString();
      const note = (outcome: "ok" | "error") => {
        const duration = Math.round((clock.elapsedMs() - startedAt) * 1000) / 1000;
        writer.appendTrace(
          `${JSON.stringify({ schema: SCHEMAS.trace, at, action, duration_ms: duration, outcome, data: {} })}\n`,
        );
      };
      try {
        const result = await work();
        note("ok");
        return result;
      } catch (thrown) {
        note("error");
        throw thrown;
      }
    },
    sync: () => writer.syncEvents(),
  };
}
