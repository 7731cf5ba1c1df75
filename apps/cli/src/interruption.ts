import type { Terminal } from "./terminal.ts";

/** The signals that end a run, and the exit codes that say so. */
const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

// One Ctrl-C arrives twice where a package manager is in between: the terminal sends it to the group, and the manager passes it on.
const sameIntentMs = 1000;

interface Interruption {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal;
  /** The exit code of the first signal, if there was one. */
  exitCode(): number | undefined;
  stop(): void;
}

/**
 * The first SIGINT, SIGTERM or SIGHUP ends the run as interrupted, and its bundle is sealed. Another one, more than a second later, ends the
 * process at once: the sandbox kills its tree when the process is gone, and the next command closes the run.
 */
export function listenForSignals(terminal: Terminal): Interruption {
  const controller = new AbortController();
  let first: { readonly code: number; readonly at: number } | undefined;
  const listeners = Object.entries(codes).map(([name, code]) => {
    const listener = () => {
      if (first === undefined) {
        terminal.note(
          `${name}: ending the run and sealing what there is. Once more, after a second, ends cto at once; the next command then closes the run.`,
        );
        first = { code, at: performance.now() };
        controller.abort();
      } else if (performance.now() - first.at > sameIntentMs) {
        process.exit(code);
      }
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  return {
    signal: controller.signal,
    exitCode: () => first?.code,
    stop: () => {
      for (const remove of listeners) remove();
    },
  };
}
