/** A step of a run, told to whoever shows progress. */
export interface ProgressEvent {
  readonly step: "contract" | "gates" | "workspace" | "engine" | "effects" | "verification" | "evidence";
  readonly state: "started" | "passed" | "failed";
  /** One short line for people. */
  readonly note: string;
}

/** Shows progress; must not throw. */
export type OnProgress = (event: ProgressEvent) => void;
