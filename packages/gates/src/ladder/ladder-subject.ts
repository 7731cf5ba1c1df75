import type { ModelPair } from "@cto/evidence-interface";
import type { RunFacts } from "./run-facts.ts";

/** The exact program with the exact model under the standing policy. */
export interface LadderIdentity {
  readonly engine: { readonly id: string; readonly version: string; readonly executable_sha256: string };
  readonly model: ModelPair | null;
  readonly standing_policy_digest: string;
}

/** What stands on a rung. Stages 1 and 2 hold for every target, so there `target_id` is of no account; from stage 3 on null proves nothing. */
export interface LadderSubject extends LadderIdentity {
  readonly target_id: string | null;
}

/** The identity of a run; null where the run was refused before its engine was known. */
export function toIdentity({ engine, model, standing_policy_digest }: RunFacts): LadderIdentity | null {
  const { id, version, executable_sha256 } = engine;
  if (version === null || executable_sha256 === null || standing_policy_digest === null) return null;
  return { engine: { id, version, executable_sha256 }, model, standing_policy_digest };
}

/** A text that two identities share only if they are the same. */
export function toIdentityKey({ engine, model, standing_policy_digest }: LadderIdentity): string {
  return JSON.stringify([
    engine.id,
    engine.version,
    engine.executable_sha256,
    model?.provider ?? null,
    model?.model ?? null,
    standing_policy_digest,
  ]);
}
