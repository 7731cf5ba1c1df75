import { effectivePolicySchema, eligibilityDecisionSchema, STAGES, type Stage } from "@cto/evidence-interface";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DEFAULT_BY_PRODUCTS,
  decideEligibility,
  type EligibilityFacts,
  GATE_NAMES,
  mutationModeOf,
  parseTask,
  resolveStage,
  targetKindOf,
  toEffectivePolicy,
} from "./index.ts";

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

const facts: EligibilityFacts = {
  decisionId: "d1",
  task: taskOf(),
  requestedStage: null,
  engine: { ...open, id: "fake" },
  sandbox: { ...open, kind: "bubblewrap" },
  approval: null,
};

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
    const { reasons } = decideEligibility({ ...facts, engine: { answer: "fail", reason, id: "fake" } }).decision;
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
      "isolation none at stage 3",
      { requestedStage: 3, sandbox: { ...open, kind: "none" } },
      "gate_missing: gate isolation-permitted-at-stage: fail, isolation none is permitted at stages 1 and 2 only, not at 3",
    ],
    [
      "no sandbox",
      { sandbox: { ...shut, kind: "bubblewrap" } },
      "sandbox_unavailable: gate sandbox-available: fail, not there",
    ],
    ["no engine", { engine: { ...shut, id: "fake" } }, "provider_config_missing: gate engine-ready: fail, not there"],
    [
      "an engine that nobody could probe",
      { engine: { ...unknown, id: "fake" } },
      "provider_config_missing: gate engine-ready: undetermined, nobody looked",
    ],
    [
      "no approval",
      { task: taskOf({ approval: { required: true } }) },
      "approval_missing: gate approval: fail, the contract or the stage requires an approval and there is none",
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

  test("at stage 1 is always refused with gate_missing, whatever was left untried", () => {
    const untried = { engine: { ...unknown, id: "fake" }, sandbox: { ...unknown, kind: "bubblewrap" } } as const;
    expect(blockersOf({ requestedStage: 1, ...untried })).toEqual([
      "gate_missing: gate stage-permits-execution: fail, at stage 1 no engine is started",
    ]);
    expect(decideEligibility({ ...facts, requestedStage: 1, ...untried }).decision.missing_gates).toEqual([
      "stage-permits-execution",
      "sandbox-available",
      "engine-ready",
    ]);
  });

  test("at stage 4 asks for an approval even if the contract does not", () => {
    const stageFour = { requestedStage: 4, task: taskOf({ stage: 4 }), implementedStages: [4] } as const;
    expect(decideEligibility({ ...facts, ...stageFour }).eligible).toBe(false);
    expect(decideEligibility({ ...facts, ...stageFour, approval: open }).eligible).toBe(true);
  });

  test("is one function of its facts: only all passes open, and every decision fits its schema", () => {
    const answer = fc.constantFrom(open, shut, unknown);
    const stage = fc.constantFrom(...STAGES);
    fc.assert(
      fc.property(
        answer,
        answer,
        fc.option(answer),
        fc.option(stage),
        stage,
        fc.constantFrom("bubblewrap", "none"),
        (engine, sandbox, approval, requestedStage, contract, kind) => {
          const task = taskOf({ stage: contract });
          const judged = decideEligibility({
            ...facts,
            task,
            requestedStage,
            approval,
            engine: { ...engine, id: "fake" },
            sandbox: { ...sandbox, kind },
          });
          expect(eligibilityDecisionSchema.parse(judged.decision)).toEqual(judged.decision);
          expect(judged.eligible).toBe(judged.blockers.length === 0);
          if (judged.eligible)
            expect([engine, sandbox, judged.stage >= 2 && judged.stage <= Math.min(contract, 3)]).toEqual([
              open,
              open,
              true,
            ]);
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

test("the effective policy names the layer of every rule and fits its schema", () => {
  const task = taskOf({
    forbidden_paths: ["a/"],
    protected_paths: ["test/"],
    forbidden_actions: ["push"],
    by_products: ["out/"],
  });
  const policy = toEffectivePolicy(task, 2);
  expect(effectivePolicySchema.parse(policy)).toEqual(policy);
  expect(policy.rules.map(({ dimension, layer, value }) => [dimension, layer, value])).toEqual([
    ["allowed_paths", "task", "src/"],
    ["forbidden_paths", "built-in", ".git/"],
    ["forbidden_paths", "task", "a/"],
    ["protected_paths", "task", "test/"],
    ["forbidden_actions", "task", "push"],
    ...DEFAULT_BY_PRODUCTS.map((pattern) => ["by_products", "built-in", pattern]),
    ["by_products", "task", "out/"],
    ["network", "task", "none"],
    ["budget", "task", { wall_seconds: 900, tokens: null, usd: null, artifact_bytes: 2147483648 }],
    ["stage", "task", 3],
  ]);
});
