import type { EngineOutcome } from "@cto/engine-interface";
import {
  claimsSchema,
  type GovernedEvent,
  governedEventSchema,
  isFailureCode,
  type ModelPair,
  processEndSchema,
  sourceDigestsSchema,
} from "@cto/evidence-interface";
import { compilePolicy, type TaskContract, toTaskLayer } from "@cto/gates";
import { addBlocker } from "./run-context.ts";
import { createRunDraft, type RunDraft } from "./run-draft.ts";

/** What can still be said of a run whose harness died: what its own event log says happened, and that it was interrupted. */
export function toDraftOfDead(eventLines: readonly string[], task: TaskContract): RunDraft {
  const draft = createRunDraft(compilePolicy([toTaskLayer(task, { file: "proofs/task.json" })]));
  const events = eventLines.map((line) => governedEventSchema.parse(JSON.parse(line)));
  const dataOf = (name: GovernedEvent["event"]) => events.find(({ event }) => event === name)?.data;
  for (const { data } of events) {
    for (const code of Array.isArray(data.blockers) ? data.blockers : []) {
      if (typeof code === "string" && isFailureCode(code)) addBlocker(draft, code, "recorded before the harness died");
    }
  }
  addBlocker(draft, "interrupted", "the harness died before the run was done; the next command closed it");
  const started = dataOf("engine.started");
  draft.processStarted = started !== undefined;
  draft.engineVersion = textOrNull(started?.version);
  draft.engineSha256 = textOrNull(started?.executable_sha256);
  draft.engineInputSha256 = textOrNull(started?.input_sha256);
  draft.outcome = toOutcome(dataOf("engine.completed"));
  draft.targetId = textOrNull(dataOf("task.contract.created")?.target_id);
  draft.approval = toApprovalStatus((name) => dataOf(name) !== undefined);
  const digests = sourceDigestsSchema.safeParse(dataOf("task.contract.created")?.source_digests);
  draft.sourceBefore = digests.success ? digests.data : null;
  return draft;
}

/** The model that a dead run was asked to use; null if there was none. What it used of it is not known. */
export function readModelOfDead(eventLines: readonly string[]): ModelPair | null {
  const [first] = eventLines;
  if (first === undefined) return null;
  const pair = governedEventSchema.parse(JSON.parse(first)).data.model as Partial<ModelPair> | null | undefined;
  const [provider, model] = [textOrNull(pair?.provider), textOrNull(pair?.model)];
  return provider === null || model === null ? null : { provider, model };
}

/** `approval.granted` is written once the claim is: from then on the approval is spent. */
function toApprovalStatus(has: (name: GovernedEvent["event"]) => boolean): RunDraft["approval"] {
  if (has("approval.granted")) return "consumed";
  if (has("approval.denied")) return "denied";
  return has("approval.requested") ? "requested" : "not-required";
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** The engine's end as it was recorded. Its kind mattered for blockers only, and those stand in the events. */
function toOutcome(data: GovernedEvent["data"] | undefined): EngineOutcome | null {
  if (data === undefined) return null;
  const end = processEndSchema.safeParse(data.end);
  const claims = claimsSchema.safeParse(data.claims);
  if (!end.success) return null;
  return { kind: "completed", end: end.data, terminal_event_seen: true, claims: claims.success ? claims.data : {} };
}
