import { addBlocker, type RunContext, RunEnded } from "../run/run-context.ts";

/** Ends a run before its engine: something that the contract asks for cannot be had. Writes `backend.gate.blocked`. */
export function refuseStart(context: RunContext, gate: string, reason: string, hint: string): never {
  const { draft, record, request } = context;
  addBlocker(draft, "gate_missing", reason, hint);
  record.event(
    "backend.gate.blocked",
    { backend: request.engine.describe().id, gate, reason, mutation_mode: "none", case_executed: false },
    draft.blockers.filter(({ event }) => event === "backend.gate.blocked"),
  );
  throw new RunEnded(`refused at the gate ${gate}`);
}
