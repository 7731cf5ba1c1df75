import { PROOF_FILES, SCHEMAS } from "@cto/evidence-interface";
import { compareLanes, findCountingPass, LANE_ENGINES, toLadder, toRouteAdmissionGuard } from "@cto/gates";
import { recordsOf } from "../run/read-rules.ts";
import type { RunContext } from "../run/run-context.ts";
import type { AskedGates } from "./ask-gates.ts";
import { readEvidence, toQuestion } from "./ask-rung.ts";

/**
 * Stage 6: compares the lanes on this task from bundles that verify now, the engine's own being the stage 5 pass that holds its rung, and says what stands
 * between it and being a default. Nothing is started, and nothing acts on either proof. Only for a run whose other gates were open.
 */
export async function compareStages(context: RunContext, asked: AskedGates): Promise<void> {
  if (asked.rung?.fact.answer !== "pass") return;
  const { ports, rules, task, writer } = context;
  const evidence = [...readEvidence(context)];
  const lanes = LANE_ENGINES.map((engine) => ({
    engine,
    unavailable: ports.knownEngines.includes(engine) ? null : `this version has no adapter for ${engine}`,
  }));
  const { subject, ...rest } = toQuestion(context);
  const pass = findCountingPass({ ...rest, subject, stage: 5, task_id: task.id, evidence });
  const candidate = { engine: subject.engine.id, pass };
  const comparison = compareLanes({ task_id: task.id, lanes, evidence, candidate });
  const { items } = toLadder({ ...rest, subjects: [subject], evidence });
  const item = items.find(({ target_id }) => target_id === subject.target_id) ?? null;
  const [decision, another] = recordsOf(rules.records, SCHEMAS.promotionDecision);
  // Of two decisions nobody can say which one holds.
  const guard = toRouteAdmissionGuard({
    item,
    comparison,
    decision: another === undefined ? (decision ?? null) : null,
  });
  await Promise.all([
    writer.writeDocument(PROOF_FILES.comparison, comparison),
    writer.writeDocument(PROOF_FILES.routeGuard, guard),
  ]);
}
