import type { EngineOutcome, EngineProcessResult, EngineSession } from "@cto/engine-interface";
import { oneLine } from "@cto/errors";
import type { Claims } from "@cto/evidence-interface";
import type { FakeScript } from "./fake-script.ts";
import { createProtocolReader, type FakeEvent } from "./protocol-reader.ts";
import { toLiveEvent } from "./to-live-event.ts";

const STDERR_TAIL_BYTES = 4096;

type Terminal = Extract<FakeEvent, { readonly event: "done" | "failed" }>;

/** What was read while the process ran. */
interface Observed {
  claims: Claims;
  terminal: Terminal | undefined;
  /** The first departure from the protocol. */
  fault: string | undefined;
  stderrTail: Uint8Array;
}

/** Starts the fake on a script inside the session's sandbox, reads along, and says how it went. */
export async function runFakeScript(
  session: EngineSession,
  script: FakeScript,
  argv: readonly [string, ...string[]],
): Promise<EngineOutcome> {
  const seen: Observed = { claims: {}, terminal: undefined, fault: undefined, stderrTail: new Uint8Array() };
  const reader = createProtocolReader({
    onEvent: (event) => {
      seen.fault ??= observe(event, seen, session, script);
    },
    onFault: (message) => {
      seen.fault ??= message;
    },
  });
  const result = await session.spawn({
    argv,
    stdin: JSON.stringify(script),
    onStdout: (chunk) => reader.push(chunk),
    onStderr: (chunk) => {
      seen.stderrTail = Buffer.concat([seen.stderrTail, chunk.subarray(-STDERR_TAIL_BYTES)]).subarray(
        -STDERR_TAIL_BYTES,
      );
    },
  });
  reader.end();
  return toOutcome(result, seen);
}

/** Takes an event in; the answer is what is wrong with it, if anything. */
function observe(event: FakeEvent, seen: Observed, session: EngineSession, script: FakeScript): string | undefined {
  if (seen.terminal !== undefined) return "a protocol line came after the terminal event";
  if (event.event === "done" || event.event === "failed") {
    seen.terminal = event;
    return undefined;
  }
  if (event.event === "claim") {
    seen.claims = { ...seen.claims, ...event.claims };
    return undefined;
  }
  const step = script.steps[event.n - 1];
  if (step === undefined || !Object.hasOwn(step, event.action)) return `step ${event.n} is not in the script`;
  session.emit(toLiveEvent(event.n, step));
  return undefined;
}

function toOutcome(result: EngineProcessResult, seen: Observed): EngineOutcome {
  const { end } = result;
  const base = { end, terminal_event_seen: seen.terminal !== undefined, claims: seen.claims };
  if (end.kind === "timed-out" || end.kind === "canceled") return { ...base, kind: end.kind };
  if (end.kind === "not-started") return { ...base, kind: "crashed", message: `the fake did not start: ${end.reason}` };
  if (end.kind === "signaled") return { ...base, kind: "crashed", message: `the fake died by ${end.signal}` };
  if (seen.fault !== undefined) return { ...base, kind: "protocol-error", message: seen.fault };
  if (seen.terminal?.event === "failed") return { ...base, kind: seen.terminal.reason, message: seen.terminal.message };
  if (end.code !== 0)
    return { ...base, kind: "crashed", message: `the fake exited ${end.code}: ${lastWords(seen.stderrTail)}` };
  return { ...base, kind: "completed" };
}

function lastWords(stderr: Uint8Array): string {
  return oneLine(new TextDecoder().decode(stderr)) || "it said nothing on standard error";
}
