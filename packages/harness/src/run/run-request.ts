import type { Store } from "@cto/bundle-store";
import type { Engine } from "@cto/engine-interface";
import type { Blocker, IsolationKind, RunStatus, Stage } from "@cto/evidence-interface";
import type { Sandbox } from "@cto/sandbox";
import type { LoadedTask } from "../case/load-task.ts";
import type { OnProgress } from "./progress.ts";

/** One governed run, as asked for. */
export interface RunRequest {
  readonly loaded: LoadedTask;
  readonly engine: Engine;
  /** What the person typed; null if nothing: then the contract's own stage, at most 2. */
  readonly requestedStage: Stage | null;
  /** The repository to copy, for stage 3; absolute path. */
  readonly target: { readonly directory: string; readonly ref?: string } | null;
  readonly isolation: IsolationKind;
}

/** What the pipeline needs from the outside. */
export interface RunPorts {
  readonly store: Store;
  readonly sandbox: Sandbox;
  /** Random bytes for the run id. */
  readonly entropy: (bytes: number) => Uint8Array;
  /** Stands in run.json. */
  readonly ctoVersion: string;
  /** Aborted by SIGINT, SIGTERM or a caller: the run ends as `blocked`, `interrupted`, with a complete bundle. */
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** How a run ended. The bundle in `directory` says the same. */
export interface RunOutcome {
  readonly runId: string;
  /** Absolute path of the run directory. */
  readonly directory: string;
  readonly status: RunStatus;
  readonly blockers: readonly Blocker[];
  readonly changedFiles: readonly string[];
  /** False only if the disk refused even the manifest: the directory stays incomplete and the next command closes it. */
  readonly sealed: boolean;
  /** Sentences about something that was found and mended while sealing. Usually empty. */
  readonly notes: readonly string[];
  /** An unexpected fault inside the harness; the bundle is sealed as interrupted all the same. */
  readonly fault: unknown;
}
