import type { ChildProcess } from "node:child_process";
import { Duplex, Readable, type Writable } from "node:stream";
import { CtoError } from "@cto/errors";
import { OutputPump } from "./output-pump.ts";
import type {
  ExecErrorCode,
  ProcessOutcome,
  ProcessPipe,
  RunProcessOptions,
  RunProcessResult,
} from "./process-contract.ts";
import { ProcessStopper, signalGroup } from "./process-stopper.ts";
import { spawnChild } from "./spawn-child.ts";

const KEPT_BYTES = 16 * 1024 * 1024;
/** After the exit: how long the streams may be still before something is done about it. */
const DRAIN_MS = 250;
/** What a slow sink can cost in all, in such spells. */
const DRAIN_SPELLS = 120;
/** More than the kernel can hold in all pipes of a process: what comes beyond that is written after the exit. */
const DRAIN_BYTES = 8 * 1024 * 1024;
/** setTimeout fires at once for anything longer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

type Lifeline = Extract<ProcessPipe, { kind: "lifeline" }>;

interface Streams {
  readonly stdout: OutputPump;
  readonly stderr: OutputPump;
  readonly pumps: readonly OutputPump[];
  readonly lifeline: { readonly stream: Writable; readonly softStop: string } | undefined;
}

/**
 * Runs one process to its end and tells how it ended; it never throws for anything the process does. The end is the exit of the
 * process, not the end of its streams; then the rest of its process group is killed. What moves to a group of its own is not seen.
 * Throws what a sink threw, after the process was ended, and `EXEC_END_UNKNOWN` if the platform names neither code nor signal.
 * Caller: real-time signals (32 to 64) read as exit 0 in Node, so let untrusted commands report from inside.
 */
export async function runProcess(options: RunProcessOptions): Promise<RunProcessResult> {
  const begin = performance.now();
  const isAborted = (): boolean => options.signal?.aborted === true;
  if (isAborted()) return toResult({ kind: "canceled" }, undefined, begin);
  const spawned = await spawnChild(options);
  if (spawned.kind === "failed") return toResult(spawned.outcome, undefined, begin);

  const { child, pid } = spawned;
  const exit = waitForExit(child);
  const streams = connectStreams(child, options);
  const stopper = new ProcessStopper(pid, streams.lifeline);
  let stopped: "timed-out" | "canceled" | undefined;
  const stop = (reason: "timed-out" | "canceled"): void => {
    stopped ??= reason;
    stopper.soft(options.graceMs);
  };
  const onAbort = (): void => stop("canceled");
  const timer = setTimeout(() => stop("timed-out"), Math.min(options.timeoutMs, LONGEST_TIMER_MS));
  options.signal?.addEventListener("abort", onAbort, { once: true });
  // Starting takes a moment, and an abort in it fires no event here.
  if (isAborted()) onAbort();
  for (const pump of streams.pumps) pump.done.catch(() => stopper.hard());

  const ended = await exit;
  stopper.over();
  clearTimeout(timer);
  options.signal?.removeEventListener("abort", onAbort);
  await drain(streams.pumps, pid);
  for (const stream of child.stdio) stream?.destroy();
  return toResult(stopped === undefined ? toOutcome(ended, options) : { kind: stopped }, streams, begin);
}

interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

function waitForExit(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
}

function toOutcome({ code, signal }: Exit, options: RunProcessOptions): ProcessOutcome {
  if (signal !== null) return { kind: "signaled", signal };
  if (code !== null) return { kind: "exited", code };
  throw new CtoError<ExecErrorCode>(
    "EXEC_END_UNKNOWN",
    `${options.argv[0]} ended with neither an exit code nor a signal`,
    {
      hint: "Run the command again; if it happens twice, report it with the version of Node.",
    },
  );
}

function connectStreams(child: ChildProcess, options: RunProcessOptions): Streams {
  const keep = options.maxOutputBytes ?? KEPT_BYTES;
  const stdout = new OutputPump(toReadable(child, 1), keep, options.onStdout);
  const stderr = new OutputPump(toReadable(child, 2), keep, options.onStderr);
  const pumps = [stdout, stderr];
  let lifeline: Streams["lifeline"];
  if (child.stdin !== null) feed(child.stdin, options.stdin ?? "");
  for (const [index, pipe] of (options.pipes ?? []).entries()) {
    const fd = index + 3;
    if (pipe.kind === "output") pumps.push(new OutputPump(toReadable(child, fd), 0, pipe.onChunk));
    else if (pipe.kind === "data") feed(toDuplex(child, fd), pipe.bytes);
    else lifeline = openLifeline(toDuplex(child, fd), pipe);
  }
  return { stdout, stderr, pumps, lifeline };
}

function toReadable(child: ChildProcess, fd: number): Readable {
  const stream = child.stdio[fd];
  if (stream instanceof Readable) return stream;
  throw new TypeError(`file descriptor ${fd} of the child is not readable`);
}

function toDuplex(child: ChildProcess, fd: number): Duplex {
  const stream = child.stdio[fd];
  if (stream instanceof Duplex) return stream.resume();
  throw new TypeError(`file descriptor ${fd} of the child is not a pipe`);
}

function openLifeline(stream: Duplex, { greeting, softStop }: Lifeline): Streams["lifeline"] {
  ignoreErrors(stream).write(greeting);
  return { stream, softStop };
}

function feed(stream: Writable, bytes: string | Uint8Array): void {
  ignoreErrors(stream).end(bytes);
}

/** A child need not read what it is offered: EPIPE and ECONNRESET say nothing about how it ends. */
function ignoreErrors(stream: Writable): Writable {
  return stream.on("error", () => {});
}

/**
 * Reads what is left after the exit. What holds a stream open is killed if it is of the group; from others no more is taken than what was
 * already on its way. A slow sink gets all of that.
 */
async function drain(pumps: readonly OutputPump[], pid: number): Promise<void> {
  const all = Promise.all(pumps.map((pump) => pump.done));
  const quiet = all.catch(() => {});
  const read = (): number => pumps.reduce((sum, pump) => sum + pump.bytes, 0);
  const first = read();
  let last = first;
  let over = await settledWithin(quiet, DRAIN_MS);
  signalGroup(pid, "SIGKILL");
  for (let spell = 0; !over && spell < DRAIN_SPELLS; spell += 1) {
    over = await settledWithin(quiet, DRAIN_MS);
    const isStill = read() === last && !pumps.some((pump) => pump.inSink);
    over ||= isStill || read() - first > DRAIN_BYTES;
    last = read();
  }
  for (const pump of pumps) pump.cut();
  await all;
}

async function settledWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const settled = await Promise.race([promise.then(() => true), timeout]);
  clearTimeout(timer);
  return settled;
}

function toResult(outcome: ProcessOutcome, streams: Streams | undefined, begin: number): RunProcessResult {
  return {
    outcome,
    stdout: streams?.stdout.kept ?? new Uint8Array(),
    stderr: streams?.stderr.kept ?? new Uint8Array(),
    truncated: streams !== undefined && (streams.stdout.truncated || streams.stderr.truncated),
    durationMs: performance.now() - begin,
  };
}
