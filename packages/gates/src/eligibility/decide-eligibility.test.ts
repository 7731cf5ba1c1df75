import { eligibilityDecisionSchema, type IsolationKind, STAGES, type Stage } from "@cto/evidence-interface";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decideEligibility,
  type EligibilityFacts,
  GATE_NAMES,
  type GateFact,
  mutationModeOf,
  needsApproval,
  type ObservedGate,
  parseTask,
  requiredRung,
  resolveStage,
  startsEngine,
  targetKindOf,
} from "../index.ts";

const taskOf = (more: Record<string, unknown> = {}) =>
  parseTask({
    file: "task.json",
    text: JSON.stringify({
      schema: "cto.task.v1",
      id: "r1",
      title: "T",
      brief: "B",
      stage: 3,
      allowed_paths: ["src/"],
      verification: [{ id: "tests", run: ["true"] }],
      ...more,
    }),
  });

const open = { answer: "pass", reason: null } as const;
const shut = { answer: "fail", reason: "not there" } as const;
const unknown = { answer: "undetermined", reason: "nobody looked" } as const;

const allOpen = {
  "policy-layers": open,
  "engine-admitted": open,
  "model-admitted": open,
  "target-admitted": open,
  "engine-ready": open,
  "stage-proven": open,
  "sandbox-available": open,
  approval: open,
} as const;
const facts: EligibilityFacts = {
  decisionId: "d1",
  task: taskOf(),
  requestedStage: null,
  engineId: "fake",
  isolation: "bubblewrap",
  permittedStage: 6,
  observed: allOpen,
};
const observing = (more: EligibilityFacts["observed"]): EligibilityFacts["observed"] => ({ ...allOpen, ...more });

const blockersOf = (more: Partial<EligibilityFacts>) =>
  decideEligibility({ ...facts, ...more }).blockers.map(({ code, message }) => `${code}: ${message}`);

describe("eligibility", () => {
  test("selects the engine only when every gate passed", () => {
    const judged = decideEligibility(facts);
    expect(judged.decision).toEqual({
      schema: "cto.eligibility-decision.v1",
      decision_id: "d1",
      task_id: "r1",
      selected_backend: "fake",
      denied_backends: [],
      risk_class: "low",
      required_gates: [...GATE_NAMES],
      passed_gates: [...GATE_NAMES],
      missing_gates: [],
      allowed_mutation_mode: "fixture-copy",
      approval_required: false,
      reasons: ["every gate of stage 2 is proven"],
      escalation_path: null,
    });
    expect([judged.eligible, judged.stage, judged.blockers]).toEqual([true, 2, []]);
  });

  test("gives a reason in one short line without secrets, however it was told", () => {
    const reason = `no\u001b engine: npm_${"a1".repeat(18)} ${"x".repeat(5000)}`;
    const { reasons } = decideEligibility({
      ...facts,
      observed: observing({ "engine-ready": { answer: "fail", reason } }),
    }).decision;
    expect(reasons).toEqual([
      expect.stringMatching(/^gate engine-ready: fail, no\ufffd engine: \[redacted:npm-token\] x{10,990}\.\.\.x+$/),
    ]);
    expect(reasons[0]?.length).toBeLessThanOrEqual(1000);
  });

  test.each<[string, Partial<EligibilityFacts>, string]>([
    [
      "a stage above the contract's",
      { requestedStage: 3, task: taskOf({ stage: 2 }) },
      "gate_missing: gate stage-permitted-by-contract: fail, stage 3 was asked for, the contract permits 2 at most",
    ],
    [
      "a stage above the policy's",
      { requestedStage: 3, permittedStage: 2 },
      "gate_missing: gate stage-permitted-by-policy: fail, stage 3 was asked for, the policy permits 2 at most",
    ],
    [
      "isolation none at stage 3",
      { requestedStage: 3, isolation: "none" },
      "gate_missing: gate isolation-permitted-at-stage: fail, isolation none is permitted at stages 1 and 2 only, not at 3",
    ],
    [
      "isolation none where an approval counts",
      { isolation: "none", task: taskOf({ approval: { required: true } }) },
      "gate_missing: gate isolation-permitted-at-stage: fail, without isolation the engine could sign its own approval",
    ],
    [
      "a policy that widens",
      { observed: observing({ "policy-layers": { ...shut, code: "policy_widened" } }) },
      "policy_widened: gate policy-layers: fail, not there",
    ],
    [
      "a policy that cannot be read",
      { observed: observing({ "policy-layers": shut }) },
      "gate_missing: gate policy-layers: fail, not there",
    ],
    [
      "no sandbox",
      { observed: observing({ "sandbox-available": shut }) },
      "sandbox_unavailable: gate sandbox-available: fail, not there",
    ],
    [
      "no engine",
      { observed: observing({ "engine-ready": shut }) },
      "provider_config_missing: gate engine-ready: fail, not there",
    ],
    [
      "an engine that nobody could probe",
      { observed: observing({ "engine-ready": unknown }) },
      "provider_config_missing: gate engine-ready: undetermined, nobody looked",
    ],
    [
      "an approval of another kind",
      { observed: observing({ approval: { ...shut, code: "approval_denied" } }) },
      "approval_denied: gate approval: fail, not there",
    ],
  ])("refuses %s", (_what, more, blocker) => {
    const { eligible, decision } = decideEligibility({ ...facts, ...more });
    expect(blockersOf(more)).toEqual([blocker]);
    expect([
      eligible,
      decision.selected_backend,
      decision.allowed_mutation_mode,
      decision.denied_backends[0]?.backend,
    ]).toEqual([false, null, "none", "fake"]);
  });

  test.each([1, 6] as const)("at stage %i is always refused with gate_missing, whatever was left unasked", (stage) => {
    const more = { requestedStage: stage, task: taskOf({ stage: 6 }), observed: { "engine-ready": open } };
    expect(blockersOf(more)).toEqual([
      `gate_missing: gate stage-permits-execution: fail, at stage ${stage} no engine is started`,
    ]);
    expect(decideEligibility({ ...facts, ...more }).decision.missing_gates).toEqual([
      "policy-layers",
      "stage-permits-execution",
      "engine-admitted",
      "model-admitted",
      "target-admitted",
      "stage-proven",
      "sandbox-available",
      "approval",
    ]);
  });

  test.each(Object.keys(allOpen) as ObservedGate[])("stays shut if nobody asked %s", (gate) => {
    const { [gate]: _, ...rest } = allOpen;
    const judged = decideEligibility({ ...facts, observed: rest });
    expect([judged.eligible, judged.decision.missing_gates]).toEqual([false, [gate]]);
  });

  test("is one function of its facts: only all passes open, and every decision fits its schema", () => {
    const answer = fc.option(fc.constantFrom<GateFact>(open, open, open, shut, unknown), { nil: undefined });
    const stage = fc.constantFrom(...STAGES);
    const observed = fc.record(
      Object.fromEntries(Object.keys(allOpen).map((gate) => [gate, answer])) as Record<ObservedGate, typeof answer>,
    );
    fc.assert(
      fc.property(
        observed,
        fc.option(stage),
        stage,
        stage,
        fc.constantFrom<IsolationKind>("bubblewrap", "none"),
        (answers, requestedStage, contract, permittedStage, isolation) => {
          const known = Object.fromEntries(Object.entries(answers).filter(([, fact]) => fact !== undefined));
          const task = taskOf({ stage: contract });
          const judged = decideEligibility({
            ...facts,
            task,
            requestedStage,
            permittedStage,
            isolation,
            observed: known,
          });
          expect(eligibilityDecisionSchema.parse(judged.decision)).toEqual(judged.decision);
          expect(judged.eligible).toBe(judged.blockers.length === 0);
          const mayRun = startsEngine(judged.stage) && judged.stage <= Math.min(contract, permittedStage);
          const allPass = Object.values(answers).every((fact) => fact?.answer === "pass");
          const walled = isolation === "bubblewrap" || judged.stage === 2;
          expect(judged.eligible).toBe(mayRun && allPass && walled);
        },
      ),
    );
  });
});

describe("stages", () => {
  test("2 is the default, 1 where the contract permits no more", () => {
    const stageOf = (stage: Stage, requestedStage: Stage | null) => resolveStage({ task: { stage }, requestedStage });
    expect([stageOf(5, null), stageOf(1, null), stageOf(2, 3)]).toEqual([2, 1, 3]);
  });

  test("4 and 5 ask for an approval even if the contract does not", () => {
    const needed = (required: boolean) =>
      STAGES.map((stage) => needsApproval({ approval: { required, expires_minutes: 1 } }, stage));
    expect(needed(false)).toEqual([false, false, false, true, true, false]);
    expect(needed(true)).toEqual(STAGES.map(() => true));
  });

  test("3 and up ask for the rung below, of the fake 4 and up", () => {
    expect(STAGES.map((stage) => requiredRung(stage, "codex"))).toEqual([null, null, 2, 3, 4, 5]);
    expect(STAGES.map((stage) => requiredRung(stage, "fake"))).toEqual([null, null, null, 3, 4, 5]);
  });

  test("decide what may change and on what", () => {
    expect(STAGES.map((stage) => `${mutationModeOf(stage)} ${targetKindOf(stage)}`)).toEqual([
      "none none",
      "fixture-copy fixture",
      "repository-copy copied",
      "disposable disposable",
      "owned-clone owned",
      "none none",
    ]);
  });
});
