import { constants } from "node:os";
import type { SandboxEnd } from "./sandbox.ts";

/** What is written to the lifeline (descriptor 3) at the soft stop: SIGTERM for all but pid 1. Its end means SIGKILL for all. */
export const SOFT_STOP = "T";

/** The system calls that pid 1 makes by number; without them it can be looked into by the command (other machines). */
const SYSTEM_CALLS: Readonly<Record<string, readonly [prctl: number, keyctl: number]>> = {
  x64: [157, 250],
  arm64: [167, 219],
};

/** The arguments of the init program on a machine of this kind (`process.arch`). */
export function toInitArguments(arch: string): readonly string[] {
  return (SYSTEM_CALLS[arch] ?? [0, 0]).map(String);
}

/**
 * The first bytes on the lifeline: what to start, with which environment. Ten digits of length, then NUL-separated the number of
 * arguments, the arguments, `NAME=value` pairs. Not on the command line, where every user of the host could read it.
 */
export function toInitPlan(argv: readonly string[], env: Readonly<Record<string, string>>): Uint8Array {
  const parts = [String(argv.length), ...argv, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  const body = Buffer.from(parts.join("\0"));
  return Buffer.concat([Buffer.from(String(body.length).padStart(10, "0")), body]);
}

/** What came on the report (descriptor 4): a line `started`, then how the main process ended; or a line `not-started`. */
export interface InitReport {
  readonly started: boolean;
  readonly end: SandboxEnd | undefined;
  readonly leftBehind: number | null;
}

/** Reads the report. A line that is cut or unknown counts as absent. */
export function toInitReport(text: string, command: string): InitReport {
  let started = false;
  for (const line of text.split("\n").slice(0, -1)) {
    const [word = "", first = "", second = ""] = line.split(" ");
    if (word === "started") started = true;
    if (word === "exited") return { started, end: { kind: "exited", code: Number(first) }, leftBehind: Number(second) };
    if (word === "signaled") {
      return { started, end: { kind: "signaled", signal: signalName(Number(first)) }, leftBehind: Number(second) };
    }
    if (word === "not-started") return { started, end: toNotStarted(Number(first), command), leftBehind: null };
  }
  return { started, end: undefined, leftBehind: null };
}

function signalName(number: number): string {
  for (const [name, value] of Object.entries(constants.signals)) if (value === number) return name;
  return `SIG${number}`;
}

function toNotStarted(errno: number, command: string): SandboxEnd {
  const { ENOENT, ENOTDIR, EACCES, ENOEXEC, EISDIR } = constants.errno;
  const failed = (reason: "setup-failed" | "command-not-found" | "not-executable", what: string): SandboxEnd => ({
    kind: "not-started",
    reason,
    message: `${command}: ${what}`,
  });
  if (errno === ENOENT || errno === ENOTDIR) return failed("command-not-found", "command or its interpreter not found");
  if (errno === EACCES || errno === ENOEXEC || errno === EISDIR) return failed("not-executable", "not executable");
  return failed("setup-failed", `could not be started (errno ${errno})`);
}
