import { oneLine } from "@cto/errors";
import { type ProcessOutcome, runProcess } from "@cto/exec";
import { type GitPlace, toGitEnvironment } from "./git-environment.ts";
import { createGitError } from "./git-error.ts";

export interface GitRequest {
  /** Subcommand and arguments. The caller uses `-z` and `--end-of-options` where names of others go in or come out. */
  readonly args: readonly [string, ...string[]];
  readonly place: GitPlace;
  readonly stdin?: string | Uint8Array;
  /** Configuration of command scope, on top of the hardening. */
  readonly config?: Readonly<Record<string, string>>;
  /** Exit statuses that are answers; without it only 0. */
  readonly exitCodes?: readonly number[];
  /** Receives standard output as it comes; `stdout` of the result is then empty. A throw ends git and is passed on. */
  readonly onStdout?: (chunk: Uint8Array) => void;
  /** How much standard output may be collected; more is `GIT_OUTPUT_TRUNCATED`. 64 MiB unless told. */
  readonly maxOutputBytes?: number;
  /** Ten minutes unless told. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** The git to run: a name or an absolute path. `git` unless told. */
  readonly git?: string;
}

export interface GitResult {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  /** The beginning of standard error, not cleaned. */
  readonly stderr: string;
}

const collectedBytes = 64 * 1024 * 1024;
const keptWhileStreaming = 64 * 1024;

/**
 * Runs git behind the hardening of `toGitEnvironment` and checks how it ended. Throws `GIT_NOT_FOUND`, `GIT_FAILED` (an exit status not
 * among `exitCodes`, or a signal), `GIT_TIMED_OUT`, `GIT_CANCELED`, `GIT_OUTPUT_TRUNCATED`.
 */
export async function runGit(request: GitRequest): Promise<GitResult> {
  const { args, place, onStdout } = request;
  const result = await runProcess({
    argv: [request.git ?? "git", "--no-pager", ...args],
    cwd: place.kind === "directory" ? place.path : (place.workTree ?? place.gitDir),
    env: toGitEnvironment(place, request.config),
    stdin: request.stdin ?? null,
    timeoutMs: request.timeoutMs ?? 600_000,
    graceMs: 2_000,
    maxOutputBytes: onStdout === undefined ? (request.maxOutputBytes ?? collectedBytes) : keptWhileStreaming,
    ...(onStdout === undefined ? {} : { onStdout }),
    signal: request.signal,
  });
  const stderr = new TextDecoder().decode(result.stderr);
  const exitCode = toExitCode(request, result.outcome, stderr);
  if (result.truncated && onStdout === undefined) {
    throw createGitError("GIT_OUTPUT_TRUNCATED", `git ${args[0]} printed more than is read`, {
      hint: "The repository is larger than this call allows for; report it with the number of files.",
      details: { args: [...args] },
    });
  }
  return { exitCode, stdout: onStdout === undefined ? result.stdout : new Uint8Array(), stderr };
}

function toExitCode(request: GitRequest, outcome: ProcessOutcome, stderr: string): number {
  const name = `git ${request.args[0]}`;
  const details = { args: [...request.args], stderr: oneLine(stderr, 1_000) };
  switch (outcome.kind) {
    case "exited":
      if ((request.exitCodes ?? [0]).includes(outcome.code)) return outcome.code;
      throw createGitError("GIT_FAILED", `${name} ended with ${outcome.code}: ${oneLine(stderr) || "no message"}`, {
        hint: "Run the same git command in that repository to see what it lacks.",
        details: { ...details, exit_code: outcome.code },
      });
    case "signaled":
      throw createGitError("GIT_FAILED", `${name} was killed by ${outcome.signal}`, {
        hint: "Look for a memory limit or for somebody who ends processes, then run again.",
        details: { ...details, signal: outcome.signal },
      });
    case "timed-out":
      throw createGitError("GIT_TIMED_OUT", `${name} did not end in time`, {
        hint: "Check that the repository lies on a disk that answers, then run again.",
        details,
      });
    case "canceled":
      throw createGitError("GIT_CANCELED", `${name} was canceled`, { hint: "Run again.", details });
    case "not-started":
      if (outcome.reason === "spawn-failed") {
        throw createGitError("GIT_FAILED", `${name} could not be started: ${outcome.message}`, {
          hint: "Check that the directory exists and may be entered.",
          details,
        });
      }
      throw createGitError("GIT_NOT_FOUND", "git is not installed where it is looked for", {
        hint: "Install git (Debian, Ubuntu: apt-get install git; macOS: xcode-select --install).",
        details: { ...details, message: outcome.message },
      });
  }
}
