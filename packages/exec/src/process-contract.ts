/** Receives one chunk of output. Reading stops until a returned promise settles; a throw or rejection ends the process. */
export type ChunkSink = (chunk: Uint8Array) => void | Promise<void>;

/** An extra pipe. The first of `pipes` is file descriptor 3 of the child, the next one 4, and so on. */
export type ProcessPipe =
  /** The child reads these bytes, then end of file. */
  | { readonly kind: "data"; readonly bytes: string | Uint8Array }
  /** The child writes; the chunks arrive here and are not kept. */
  | { readonly kind: "output"; readonly onChunk: ChunkSink }
  /**
   * The child reads `greeting`, then nothing until the pipe reaches its end: when this process dies, whatever the cause, and at the
   * hard stop. `softStop` is written to it at the soft stop, in place of SIGTERM.
   */
  | { readonly kind: "lifeline"; readonly greeting: string | Uint8Array; readonly softStop: string };

export interface RunProcessOptions {
  /** Command and arguments. A command without a slash is looked up on the PATH of `env`. No shell is involved. */
  readonly argv: readonly [string, ...string[]];
  /** Absolute path of an existing directory. */
  readonly cwd: string;
  /** The whole environment of the child; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed. Without it standard input is empty. */
  readonly stdin?: string | Uint8Array | null;
  readonly onStdout?: ChunkSink;
  readonly onStderr?: ChunkSink;
  /** How much of each stream is kept for the result, in bytes; 16 MiB unless told. More output never ends the process. */
  readonly maxOutputBytes?: number;
  /** From the start to the soft stop. Infinity is allowed. */
  readonly timeoutMs: number;
  /** From the soft stop (SIGTERM to the process group) to the hard one (SIGKILL to the group). */
  readonly graceMs: number;
  /** Stops the process like the timeout does. */
  readonly signal?: AbortSignal | undefined;
  readonly pipes?: readonly ProcessPipe[];
}

/** How a process ended. `timed-out` and `canceled` mean that it was stopped from here, whatever it made of it. */
export type ProcessOutcome =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: string }
  | { readonly kind: "timed-out" }
  | { readonly kind: "canceled" }
  | {
      readonly kind: "not-started";
      readonly reason: "command-not-found" | "not-executable" | "spawn-failed";
      readonly message: string;
    };

export interface RunProcessResult {
  readonly outcome: ProcessOutcome;
  /** What was kept of the output: its beginning, at most `maxOutputBytes` for each stream. */
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** True if `stdout` or `stderr` is not all that was written. */
  readonly truncated: boolean;
  readonly durationMs: number;
}

/** The error codes of this package. */
export type ExecErrorCode = "EXEC_END_UNKNOWN";
