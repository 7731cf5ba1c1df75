import type { IsolationKind, ModelPair, NoEffectProof, Stage } from "@cto/evidence-interface";
import type { TaskContract } from "@cto/gates";

/** Who and what a run is; fixed from its first moment. */
export interface RunIdentity {
  readonly runId: string;
  readonly caseId: string | null;
  readonly task: TaskContract;
  readonly engineId: string;
  readonly stage: Stage;
  readonly isolation: IsolationKind;
  /** The model that was asked for. */
  readonly model: ModelPair | null;
  /** What the run starts from. */
  readonly subject: NoEffectProof["subject"];
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}
