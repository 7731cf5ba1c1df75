import type { Store } from "@cto/bundle-store";
import type { Engine } from "@cto/engine-interface";
import type { Blocker, IsolationKind, ModelPair, Report, RunStatus, Stage } from "@cto/evidence-interface";
import type { Sandbox } from "@cto/sandbox";
import type { LoadedTask } from "../case/load-task.ts";
import type { OnProgress } from "./progress.ts";

/** One governed run, as asked for. */
export interface RunRequest {
  readonly loaded: LoadedTask;
  readonly engine: Engine;
  /** What the person typed; null if nothing: then the contract's own stage, at most 2. */
  readonly requestedStage: Stage | null;
  /** The repository that the change is for, for stage 3 and up; absolute path. */
  readonly target: { readonly directory: string; readonly ref?: string } | null;
  readonly isolation: IsolationKind;
  /** The model that the engine shall use; null if none was named. */
  readonly model: ModelPair | null;
  /** Keep the throwaway repository of stage 4. */
  readonly retain: boolean;
}

/** What the pipeline needs from the outside. */
export interface RunPorts {
  readonly store: Store;
  readonly sandbox: Sandbox;
  /** Random bytes for the run id. */
  readonly entropy: (bytes: number) => Uint8Array;
  /** Stands in run.json. */
  readonly ctoVersion: string;
  /** The organisation's policy file, if the environment names one; else the default place is looked at. */
  readonly orgPolicy: string | null;
  /** Engines that the environment opts in. */
  readonly optedIn: readonly string[];
  /** Ids of all engines that have an adapter, for comparisons. */
  readonly knownEngines: readonly string[];
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
  /** `pending` after a pass at stage 5: a person has to accept or reject it. */
  readonly landing: Report["landing"];
  /** False only if the disk refused even the manifest: the directory stays incomplete and the next command closes it. */
  readonly sealed: boolean;
  /** Sentences about something that was found and mended while sealing. Usually empty. */
  readonly notes: readonly string[];
  /** An unexpected fault inside the harness; the bundle is sealed as interrupted all the same. */
  readonly fault: unknown;
}
