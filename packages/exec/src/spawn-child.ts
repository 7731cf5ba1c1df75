import type { ChildProcess } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { messageOf, systemCode } from "@cto/errors";
import { execa } from "execa";
import type { ProcessOutcome, RunProcessOptions } from "./process-contract.ts";

/** A child that runs, or why there is none. The child leads a process group of its own. */
type SpawnedChild =
  | { readonly kind: "running"; readonly child: ChildProcess; readonly pid: number }
  | { readonly kind: "failed"; readonly outcome: ProcessOutcome };

/** Starts the child through execa. Its timeout, kill and promise are not used: they end with the streams and know no group. */
export async function spawnChild(options: RunProcessOptions): Promise<SpawnedChild> {
  const [command, ...args] = options.argv;
  const hasInput = options.stdin !== undefined && options.stdin !== null;
  try {
    const subprocess = execa(command, args, {
      cwd: options.cwd,
      env: options.env,
      extendEnv: false,
      stdio: [hasInput ? "pipe" : "ignore", "pipe", "pipe", ...(options.pipes ?? []).map(() => "pipe" as const)],
      encoding: "buffer",
      buffer: false,
      detached: true,
      cleanup: false,
      reject: false,
      verbose: "none",
    });
    if (subprocess.pid !== undefined) {
      return { kind: "running", child: subprocess, pid: subprocess.pid };
    }
    const result = await subprocess;
    return { kind: "failed", outcome: await toNotStarted(options, result.cause ?? result) };
  } catch (thrown) {
    return { kind: "failed", outcome: await toNotStarted(options, thrown) };
  }
}

async function toNotStarted(options: RunProcessOptions, thrown: unknown): Promise<ProcessOutcome> {
  const [command] = options.argv;
  const failed = (reason: "command-not-found" | "not-executable" | "spawn-failed", message: string) =>
    ({ kind: "not-started", reason, message }) as const;
  // The kernel answers ENOENT and EACCES for the directory and for the command alike.
  const cwdProblem = await access(options.cwd, constants.X_OK).then(
    () => undefined,
    (problem: unknown) => `cannot enter the working directory: ${messageOf(problem)}`,
  );
  if (cwdProblem !== undefined) return failed("spawn-failed", cwdProblem);
  switch (systemCode(thrown)) {
    case "ENOENT":
    case "ENOTDIR":
      return failed("command-not-found", `${command}: command or its interpreter not found`);
    case "EACCES":
    case "ENOEXEC":
    case "EISDIR":
      return failed("not-executable", `${command}: not executable`);
    default:
      return failed("spawn-failed", `${command}: ${messageOf(thrown)}`);
  }
}
