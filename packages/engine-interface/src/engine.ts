import type { Claims, ProcessEnd } from "@cto/evidence-interface";

/** The version of this contract. An adapter states it; the harness refuses any other. */
export const ENGINE_CONTRACT = "cto.engine.v1";

/** A claim that the evidence knows: a key of `Claims`, which is open to others. */
export type ClaimKind = keyof { [Key in keyof Claims as string extends Key ? never : Key]: unknown };

/** What an engine is, before anything runs. */
export interface EngineDescription {
  /** Must be `ENGINE_CONTRACT`. */
  readonly contract: typeof ENGINE_CONTRACT;
  /** Stable, lower-case, unique: `fake`, `codex`. Stands in bundles, records and file names. */
  readonly id: string;
  /** One line for people. */
  readonly title: string;
  /** True if the engine needs a model endpoint. The harness then admits one before the engine starts, or blocks. */
  readonly needs_model: boolean;
  /** The kinds of claims that the engine can make; others must stay absent. */
  readonly claims: readonly ClaimKind[];
}

/** A path of the host that must be visible, read-only, inside the sandbox. */
export interface EngineMount {
  readonly host: string;
  readonly inside: string;
}

/** The answer of a probe. It runs no task and changes nothing. */
export type EngineProbe =
  | {
      readonly kind: "ready";
      readonly version: string;
      /** Absolute path on the host of the file that will be executed; the harness takes its digest before the run and again after. */
      readonly executable: string;
      /** What the sandbox must show besides the tool chain. Must contain the executable unless the tool chain does. */
      readonly mounts: readonly EngineMount[];
    }
  | { readonly kind: "missing"; readonly message: string; readonly hint: string };

/** The part of a task contract that an engine may know. */
export interface EngineTask {
  readonly id: string;
  readonly title: string;
  readonly brief: string;
  readonly allowed_paths: readonly string[];
  readonly forbidden_paths: readonly string[];
  readonly forbidden_actions: readonly string[];
  readonly verification: readonly { readonly id: string; readonly run: readonly string[] }[];
}

/** A command to start inside the sandbox. Paths are paths inside. */
export interface EngineSpawnRequest {
  readonly argv: readonly [string, ...string[]];
  /** Added to the sandbox's clean environment. Must hold no secret but the session's own model token. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed. Without it standard input is empty. */
  readonly stdin?: string | Uint8Array;
  /** Called for every chunk as it arrives. It must not block; a throw ends the process. */
  readonly onStdout?: (chunk: Uint8Array) => void;
  readonly onStderr?: (chunk: Uint8Array) => void;
}

/** How a sandboxed process ended. All processes that it left behind are gone by then. */
export interface EngineProcessResult {
  readonly end: ProcessEnd;
  /** How many processes had to be killed after the main one ended; null where it cannot be known. */
  readonly left_behind: number | null;
  /** True if output was cut at the artifact budget. */
  readonly truncated: boolean;
}

/** The model that was admitted for this run. The token is worthless outside of it. */
export interface ModelEndpoint {
  readonly base_url: string;
  readonly token: string;
  readonly provider: string;
  readonly model: string;
}

/** An event for people who watch: shown live, kept in the bundle, believed only where it speaks against the engine. */
export interface EngineEvent {
  /**
   * `message`, `command`, `tool`, `file`, `claim`, `note` or another short word. Two are listened to: `attempt` with `data.name`, an action that the engine
   * tried (held against `forbidden_actions`), and `usage` with `data.input_tokens`, `output_tokens` and perhaps `usd`, added up against the budget.
   */
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** All that an engine is given. Nothing else of the host is reachable through it. */
export interface EngineSession {
  readonly contract: typeof ENGINE_CONTRACT;
  readonly run_id: string;
  /** The work tree as the engine's processes see it: an absolute path inside the sandbox, and their working directory. */
  readonly workspace: string;
  readonly task: EngineTask;
  /** The text of `<engine id>.yaml` beside the task file, if there is one: settings or a script for this engine. */
  readonly input: { readonly file: string; readonly text: string } | null;
  /** Null if the engine needs no model. */
  readonly model: ModelEndpoint | null;
  /** Starts a process inside the sandbox. Raw output is already kept under `backend/`; the callbacks are for reading along. */
  spawn(request: EngineSpawnRequest): Promise<EngineProcessResult>;
  /** Shows an event to whoever watches. Unsafe text is cleaned by the harness. */
  emit(event: EngineEvent): void;
  /** Aborted on timeout and on cancel; processes are ended by the harness, the adapter only has to return. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
}

interface OutcomeBase {
  /** How the engine's process ended. */
  readonly end: ProcessEnd;
  /** True only if the engine's own terminal event was seen; an exit code is not one. */
  readonly terminal_event_seen: boolean;
  readonly claims: Claims;
}

/** How the engine says it went, told apart by who could mend it. Never trusted beyond its kind. */
export type EngineOutcome = OutcomeBase &
  (
    | { readonly kind: "completed" }
    | { readonly kind: "failed"; readonly message: string }
    | { readonly kind: "reviewer-rejected"; readonly message: string }
    | { readonly kind: "protocol-error"; readonly message: string }
    | { readonly kind: "provider-unavailable"; readonly message: string }
    | { readonly kind: "provider-auth"; readonly message: string }
    | { readonly kind: "provider-config"; readonly message: string }
    | { readonly kind: "provider-response-shape"; readonly message: string }
    | { readonly kind: "timed-out" }
    | { readonly kind: "canceled" }
    | { readonly kind: "crashed"; readonly message: string }
  );

/** An adapter. One object serves many runs and keeps no state between them. */
export interface Engine {
  describe(): EngineDescription;
  /** Finds the executable and its version. Called by the harness before every run; must not write, and must end within 10 s. */
  doProbe(input: EngineSession["input"]): Promise<EngineProbe>;
  /** Tries to make the change, once. Must return when `session.signal` aborts; must not throw for anything that an engine can cause. */
  doRun(session: EngineSession): Promise<EngineOutcome>;
}
