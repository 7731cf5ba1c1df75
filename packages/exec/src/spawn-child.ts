import { type ChildProcess, spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { messageOf, systemCode } from "@cto/errors";
import type { ProcessOutcome, RunProcessOptions } from "./process-contract.ts";

/** A child that runs, or why there is none. The child leads a process group of its own. */
type SpawnedChild =
  | { readonly kind: "running"; readonly child: ChildProcess; readonly pid: number }
  | { readonly kind: "failed"; readonly outcome: ProcessOutcome };

/** Starts the child as the leader of a process group of its own. Why not execa: docs/adr/0004. */
export async function spawnChild(options: RunProcessOptions): Promise<SpawnedChild> {
  const [command, ...args] = options.argv;
  const hasInput = options.stdin !== undefined && options.stdin !== null;
  try {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...options.env },
      stdio: [hasInput ? "pipe" : "ignore", "pipe", "pipe", ...(options.pipes ?? []).map(() => "pipe" as const)],
      detached: true,
    });
    if (child.pid !== undefined) return { kind: "running", child, pid: child.pid };
    const problem = await new Promise<unknown>((resolve) => child.once("error", resolve));
    return { kind: "failed", outcome: await toNotStarted(options, problem) };
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
