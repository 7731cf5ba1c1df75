import type { EngineOutcome } from "@cto/engine-interface";
import {
  claimsSchema,
  type GovernedEvent,
  governedEventSchema,
  isFailureCode,
  processEndSchema,
  sourceDigestsSchema,
} from "@cto/evidence-interface";
import { addBlocker } from "./run-context.ts";
import { createRunDraft, type RunDraft } from "./run-draft.ts";

/** What can still be said of a run whose harness died: what its own event log says happened, and that it was interrupted. */
export function toDraftOfDead(eventLines: readonly string[]): RunDraft {
  const draft = createRunDraft();
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
  draft.outcome = toOutcome(dataOf("engine.completed"));
  const digests = sourceDigestsSchema.safeParse(dataOf("task.contract.created")?.source_digests);
  draft.sourceBefore = digests.success ? digests.data : null;
  return draft;
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
