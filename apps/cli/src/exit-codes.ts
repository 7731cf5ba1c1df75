import type { RunStatus } from "@cto/evidence-interface";

/** The exit codes of every command. 130 and 143 mean: ended by SIGINT or SIGTERM. */
export const EXIT = { pass: 0, fail: 1, usage: 2, blocked: 3, fault: 4, interrupted: 130 } as const;

/** The exit code of a run's status. */
export function exitCodeOfStatus(status: RunStatus): number {
  return EXIT[status];
}
