import { createWorkspaceError } from "./workspace-error.ts";

/** Throws `WORKSPACE_CANCELED` once the caller's signal has aborted. */
export function throwIfCanceled(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw createWorkspaceError("WORKSPACE_CANCELED", "canceled before it was done", {
    hint: "Run again.",
    cause: signal.reason,
  });
}
