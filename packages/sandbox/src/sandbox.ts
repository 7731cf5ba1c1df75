import type { IsolationKind, LimitHolder } from "@cto/evidence-interface";

/** A directory or file of the host, shown inside. */
export interface SandboxMount {
  readonly host: string;
  readonly inside: string;
  readonly writable: boolean;
}

/** One process inside the walls. */
export interface SandboxRequest {
  readonly argv: readonly [string, ...string[]];
  /** The work tree on the host; it is the working directory and, besides `/tmp` and HOME, the only writable place. */
  readonly workspace: string;
  /** Read-only mounts besides the tool chain. */
  readonly mounts: readonly SandboxMount[];
  /** Added to the clean environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string | Uint8Array | null;
  readonly onStdout: (chunk: Uint8Array) => void;
  readonly onStderr: (chunk: Uint8Array) => void;
  /** Ends the process: soft stop, then after `graceMs` the kill of the whole tree. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly graceMs: number;
}

/** What happened, reported from inside. */
export interface SandboxResult {
  readonly end: SandboxEnd;
  /** Processes that were still there when the main one ended, and were killed; null where it cannot be known. */
  readonly leftBehind: number | null;
  /** From the start of the walls to their end. */
  readonly durationMs: number;
}

export type SandboxEnd =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: string }
  | { readonly kind: "timed-out" }
  | { readonly kind: "canceled" }
  | {
      readonly kind: "not-started";
      readonly reason: "setup-failed" | "command-not-found" | "not-executable";
      readonly message: string;
    };

/** Whether the walls can be built here. */
export type SandboxProbe =
  | { readonly kind: "ready"; readonly version: string; readonly limits: Readonly<Record<string, LimitHolder>> }
  | { readonly kind: "unavailable"; readonly message: string; readonly hint: string };

/** A tool chain outside `/usr`, shown read-only at a neutral place that does not tell where it lives on the host. */
export interface Toolchain {
  readonly name: string;
  /** Absolute path on the host, symbolic links resolved. */
  readonly root: string;
  /** Absolute path inside: `/opt/cto/<name>`, or `/opt/cto/<name>/<file>` where the tool chain is one file. */
  readonly inside: string;
  /** Directories inside that go in front of PATH, in order. */
  readonly path: readonly string[];
  /** Directories inside with shared libraries that its executables look for at their place on the host. */
  readonly libraries: readonly string[];
}

/** The port. `none` has the same shape and no walls. */
export interface Sandbox {
  readonly kind: IsolationKind;
  /** The tool chains that it was made with. */
  readonly toolchains: readonly Toolchain[];
  /** Where a process sees its work tree. */
  workspaceInside(workspaceOnHost: string): string;
  /** Where a process sees a mount: its `inside` behind walls, its `host` path without. */
  mountInside(mount: { readonly host: string; readonly inside: string }): string;
  /** Starts something trivial. The answer is kept for the life of the object. */
  probe(): Promise<SandboxProbe>;
  /**
   * Finds a command as the sandboxed process would, on its PATH, and follows its links; the host path is for taking a digest.
   * `mounts` are those of the request: without them, what only they show is not found. Undefined if there is none.
   */
  resolveCommand(
    command: string,
    workspaceOnHost: string,
    mounts?: readonly SandboxMount[],
  ): Promise<{ readonly inside: string; readonly host: string } | undefined>;
  /** Runs one process to its end. Throws only what a sink threw; by then everything inside has ended. */
  run(request: SandboxRequest): Promise<SandboxResult>;
}

/** The error codes of this package. */
export type SandboxErrorCode = "SANDBOX_TOOLCHAIN_INVALID";
