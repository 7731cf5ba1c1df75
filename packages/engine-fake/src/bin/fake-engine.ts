// One file without own or foreign imports at run time: it is shown alone inside a sandbox and starts as fast as Node does.
import {
  appendFileSync,
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import type { FakeAction, FakeArguments } from "../fake-script.ts";

/** EX_USAGE of sysexits.h: the script asks for something that this engine does not know or cannot do. */
const UNSCRIPTED = 64;
const CHUNK = 256 * 1024;

interface Output {
  /** Writes one protocol line, on a line of its own. */
  say(event: string, data: object): void;
  print(fd: 1 | 2, bytes: Buffer, repeat: number): void;
  /** Hands standard output to a child; from then on nobody knows whether a line is open. */
  forChild(): 1;
  close(): void;
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function writeFully(fd: number, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; ) {
    try {
      from += writeSync(fd, bytes, from);
    } catch (error) {
      // A reader may have handed down a non-blocking pipe; full is not broken.
      if ((error as { code?: unknown }).code !== "EAGAIN") throw error;
      pause(1);
    }
  }
}

function writeRepeated(fd: number, bytes: Uint8Array, times: number): void {
  const perChunk = Math.max(1, Math.min(times, Math.floor(CHUNK / Math.max(1, bytes.length))));
  const chunk = perChunk === 1 ? bytes : Buffer.alloc(bytes.length * perChunk, bytes);
  const whole = Math.floor(times / perChunk);
  for (let done = 0; done < whole; done += 1) writeFully(fd, chunk);
  writeFully(fd, chunk.subarray(0, (times - whole * perChunk) * bytes.length));
}

function createOutput(): Output {
  let open = true;
  let lineIsOpen = false;
  return {
    say(event, data) {
      if (!open) return;
      const line = `${JSON.stringify({ fake: "v1", event, ...data })}\n`;
      writeFully(1, Buffer.from(lineIsOpen ? `\n${line}` : line));
      lineIsOpen = false;
    },
    print(fd, bytes, repeat) {
      if (bytes.length === 0 || repeat === 0) return;
      writeRepeated(fd, bytes, repeat);
      if (fd === 1) lineIsOpen = bytes.at(-1) !== 10;
    },
    forChild() {
      lineIsOpen = true;
      return 1;
    },
    close() {
      if (!open) return;
      open = false;
      closeSync(1);
      // Takes the free descriptor 1: Node aborts if a pipe of its own gets that number.
      openSync("/dev/null", "w");
    },
  };
}

type Content = { readonly text?: string | undefined; readonly base64?: string | undefined };

function bytesOf(content: Content): Buffer {
  if (content.base64 !== undefined) return Buffer.from(content.base64, "base64");
  if (typeof content.text !== "string") throw new Error("expected text or base64");
  return Buffer.from(content.text, "utf8");
}

function writeFile(args: FakeArguments["write"]): void {
  const place = bytesOf({ text: args.path, base64: args.path_base64 });
  const slash = place.lastIndexOf("/");
  if (args.mkdir !== false && slash > 0) mkdirSync(place.subarray(0, slash), { recursive: true });
  writeFileSync(place, bytesOf(args));
  // Not as an option of the write: the process's umask and an existing file would both decide otherwise.
  if (args.mode !== undefined) chmodSync(place, Number.parseInt(args.mode, 8));
}

function fillFile(path: string, bytes: number): void {
  const fd = openSync(path, "w");
  try {
    writeRepeated(fd, Buffer.from("x"), bytes);
  } finally {
    closeSync(fd);
  }
}

interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly input?: string;
  readonly stdout?: 1;
  readonly ok_to_fail?: boolean | undefined;
}

async function runCommand(command: Command): Promise<void> {
  const { spawnSync } = await import("node:child_process");
  const [file = "", ...args] = command.argv;
  const { error, status, signal } = spawnSync(file, args, {
    env: { ...process.env, ...command.env },
    stdio: ["pipe", command.stdout ?? "ignore", 2],
    input: command.input ?? "",
  });
  if (command.ok_to_fail === true) return;
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command.argv.join(" ")} ended with ${signal ?? `exit ${status}`}`);
}

async function leaveBehind(args: FakeArguments["spawn"], output: Output): Promise<void> {
  const { spawn } = await import("node:child_process");
  const [file = "", ...rest] = args.argv;
  const child = spawn(file, rest, {
    detached: true,
    stdio: ["ignore", args.keep_stdout === true ? output.forChild() : "ignore", "ignore"],
  });
  // Without a listener the event, which comes later, would end this process first.
  child.on("error", () => undefined);
  if (child.pid === undefined) throw new Error(`cannot start ${file}`);
}

async function commitAll(message: string): Promise<void> {
  const identity = ["-c", "user.name=fake", "-c", "user.email=fake@engine.invalid", "-c", "commit.gpgSign=false"];
  await runCommand({ argv: ["git", "add", "--all"] });
  await runCommand({ argv: ["git", ...identity, "commit", "--quiet", "--message", message] });
}

function dieBy(signal: FakeArguments["signal"]): void {
  process.kill(process.pid, signal);
  pause(1000);
  throw new Error(`still alive after ${signal}`);
}

function ignoreSignals(): void {
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
}

function failAs(args: FakeArguments["fail"], output: Output): void {
  output.say("failed", { reason: args.reason, message: args.message });
  process.exit(args.exit ?? 1);
}

type Actions = { readonly [A in FakeAction]: (args: FakeArguments[A], output: Output) => void | Promise<void> };

const actions: Actions = {
  patch: (text) => runCommand({ argv: ["git", "apply", "--whitespace=nowarn", "-"], input: text }),
  write: writeFile,
  append: (args) => appendFileSync(args.path, bytesOf(args)),
  delete: (path) => rmSync(path, { recursive: true }),
  chmod: (args) => chmodSync(args.path, Number.parseInt(args.mode, 8)),
  symlink: (args) => symlinkSync(args.target, args.path),
  hardlink: (args) => linkSync(args.target, args.path),
  fifo: (path) => runCommand({ argv: ["mkfifo", "--", path] }),
  rename: (args) => renameSync(args.from, args.to),
  fill: (args) => fillFile(args.path, args.bytes),
  run: (args, output) => runCommand({ ...args, stdout: output.forChild() }),
  spawn: leaveBehind,
  commit: commitAll,
  sleep: (seconds) => pause(seconds * 1000),
  print: (args, output) => output.print(args.stream === "stderr" ? 2 : 1, bytesOf(args), args.repeat ?? 1),
  claim: (claims, output) => output.say("claim", { claims }),
  // Told as they begin, like every step; there is nothing to do.
  attempt: () => {},
  use: () => {},
  fail: failAs,
  exit: (code) => process.exit(code),
  signal: dieBy,
  ignore_signals: ignoreSignals,
  close_stdout: (_, output) => output.close(),
};

function readSteps(text: string): readonly (readonly [action: FakeAction, args: never])[] {
  const script = JSON.parse(text) as { readonly schema?: unknown; readonly steps?: unknown };
  if (script.schema !== "cto.fake-script.v1") throw new Error("schema is not cto.fake-script.v1");
  if (!Array.isArray(script.steps)) throw new Error("steps is not a list");
  return script.steps.map((step: unknown, index) => {
    const entries = typeof step === "object" && step !== null ? Object.entries(step) : [];
    const [action, args] = entries[0] ?? [];
    if (entries.length !== 1 || action === undefined || !Object.hasOwn(actions, action)) {
      throw new Error(`step ${index + 1} is not exactly one known action`);
    }
    return [action as FakeAction, args as never];
  });
}

async function main(): Promise<void> {
  const output = createOutput();
  let at = "script";
  try {
    const steps = readSteps(readFileSync(0, "utf8"));
    for (const [index, [action, args]] of steps.entries()) {
      at = `step ${index + 1} (${action})`;
      output.say("step", { n: index + 1, action });
      await actions[action](args, output);
    }
    at = "end";
    output.say("done", { steps: steps.length });
    process.exit(0);
  } catch (error) {
    writeFully(2, Buffer.from(`fake-engine: ${at}: ${error instanceof Error ? error.message : String(error)}\n`));
    process.exit(UNSCRIPTED);
  }
}

await main();
