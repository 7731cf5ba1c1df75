import { comparisonSchema, type PromotionDecision, routeAdmissionGuardSchema, SCHEMAS } from "@cto/evidence-interface";
import { describe, expect, test } from "vitest";
import { compareLanes, type LadderEvidence, type RunFacts, toLadder, toRouteAdmissionGuard } from "../index.ts";
import { codex, digestOf, ended, fake, fullEvidence, lost, run, type Verified } from "./__fixtures__/ladder-kit.ts";

const lanes = [
  { engine: "fake", unavailable: null },
  { engine: "case", unavailable: "this cto has no adapter for case" },
  { engine: "codex", unavailable: null },
];
const compare = (evidence: readonly LadderEvidence[]) => {
  const comparison = compareLanes({ task_id: "task-a", lanes, evidence });
  expect(comparisonSchema.parse(comparison)).toEqual(comparison);
  return comparison;
};
const both = (more: Partial<RunFacts> = {}) => [run(2, "by-codex", more), run(2, "by-fake", {}, fake)];
const differencesOf = (evidence: readonly LadderEvidence[]) =>
  Object.fromEntries(
    compare(evidence).aspects.flatMap(({ aspect, differences }) =>
      differences.length > 0 ? [[aspect, differences]] : [],
    ),
  );

describe("a comparison", () => {
  test("is complete if all that have a bundle are equal and the others have a reason", () => {
    expect(compare(both())).toEqual({
      schema: SCHEMAS.comparison,
      task_id: "task-a",
      lanes: [
        {
          engine: "fake",
          run_id: "by-fake",
          manifest_sha256: digestOf("by-fake"),
          stage: 2,
          status: "pass",
          codes: [],
          missing: null,
        },
        {
          engine: "case",
          run_id: null,
          manifest_sha256: null,
          stage: null,
          status: null,
          codes: [],
          missing: "this cto has no adapter for case",
        },
        {
          engine: "codex",
          run_id: "by-codex",
          manifest_sha256: digestOf("by-codex"),
          stage: 2,
          status: "pass",
          codes: [],
          missing: null,
        },
      ],
      aspects: ["report-shape", "events", "allowed-paths", "failure-closure", "artifacts"].map((aspect) => ({
        aspect,
        equal: true,
        differences: [],
      })),
      complete: true,
      runtime_default_activation: false,
    });
  });

  test("is not complete without any bundle that verifies", () => {
    const { complete, lanes: rows } = compare([
      lost(run(2, "by-fake", {}, fake)),
      run(2, "bare", { isolation: "none" }),
    ]);
    expect(complete).toBe(false);
    expect(rows.map(({ missing }) => missing)).toEqual([
      "no bundle of fake for this task verifies",
      "this cto has no adapter for case",
      "no bundle of codex for this task verifies",
    ]);
  });

  test.each<[string, Partial<RunFacts>, object]>([
    [
      "a report field",
      { report_fields: ["run_id", "schema", "status", "usage"] },
      { "report-shape": ["only codex has the report field usage"] },
    ],
    ["an event", { events: ["run.started"] }, { events: ["only fake has the event run.completed"] }],
    [
      "what was allowed",
      { allowed: { writes: false, forbidden: true } },
      { "allowed-paths": ["only fake has allowed_writes_passed: true", "only codex has allowed_writes_passed: false"] },
    ],
    [
      "how it ended",
      { status: "fail", codes: ["no_diff"] },
      {
        "failure-closure": [
          "only fake has status pass",
          "only codex has status fail",
          "only codex has the code no_diff",
        ],
      },
    ],
    ["a process that was left", { processes_left: 1 }, { "failure-closure": ["run by-codex left 1 processes"] }],
    ["a file", { artifacts: ["manifest.json", "report.json"] }, { artifacts: ["only fake has the file backend/"] }],
  ])("tells %s", (_, more, differences) => {
    expect(differencesOf(both(more))).toEqual(differences);
    expect(compare(both(more)).complete).toBe(false);
  });

  test("leaves the field out that only runs beside the fake have", () => {
    expect(differencesOf(both({ report_fields: ["comparison", "run_id", "schema", "status"] }))).toEqual({});
  });

  test("does not let a pass hide a violation on the same task", () => {
    expect(differencesOf([...both(), ended(2, "older", "hidden_mutation")])).toEqual({
      "failure-closure": ["run older ended hidden_mutation"],
    });
  });

  test("takes the stage that most lanes share, the newest pass there, and runs of one contract", () => {
    const evidence = [
      run(3, "higher", {}, fake),
      ended(2, "newest", "no_diff"),
      run(2, "edited", { task_digest: digestOf("edited") }),
      ...both(),
      run(2, "oldest", {}, fake),
    ];
    expect(compare(evidence).lanes.map(({ run_id }) => run_id)).toEqual(["by-fake", null, "by-codex"]);
    expect(
      compare([run(3, "higher", {}, fake), run(2, "lower", {})]).lanes.map(({ missing, run_id }) => run_id ?? missing),
    ).toEqual([
      "higher",
      "this cto has no adapter for case",
      "the best of codex for this task is lower, pass at stage 2; the lanes are compared at stage 3",
    ]);
    const edited = run(2, "edited", { task_digest: digestOf("edited") });
    expect(compare([run(2, "by-fake", {}, fake), edited]).lanes[2]?.missing).toBe(
      "the best of codex for this task is edited, pass at stage 2, for another text of this task's contract",
    );
    const there = { target_id: digestOf("elsewhere") };
    expect(compare([run(3, "here", {}, fake), run(3, "there", there)]).lanes[2]?.missing).toBe(
      "the best of codex for this task is there, pass at stage 3, on another target",
    );
  });

  test("for a candidate takes its own pass that counts, and what others have there", () => {
    const pass = run(5, "accepted");
    const evidence = [
      run(5, "newer, not accepted"),
      run(5, "fake-elsewhere", { target_id: digestOf("elsewhere") }, fake),
      ended(5, "fake-failed", "no_diff", fake),
      pass,
      run(5, "fake-here", {}, fake),
      ...both(),
    ];
    const against = (items: readonly LadderEvidence[], own: Verified | null = pass) => {
      const candidate = { engine: "codex", pass: own };
      const comparison = compareLanes({ task_id: "task-a", lanes, evidence: items, candidate });
      expect(comparisonSchema.parse(comparison)).toEqual(comparison);
      return comparison;
    };
    const shown = (items: readonly LadderEvidence[], own: Verified | null = pass) =>
      against(items, own).lanes.map(({ missing, run_id }) => run_id ?? missing);
    const noCase = "this cto has no adapter for case";
    expect(shown(evidence)).toEqual(["fake-here", noCase, "accepted"]);
    expect(shown([pass, ...both()])).toEqual([
      "the best of fake for this task is by-fake, pass at stage 2; the lanes are compared at stage 5",
      noCase,
      "accepted",
    ]);
    expect(against([pass, ...both()]).complete).toBe(true);
    expect(shown(both(), null)).toEqual([
      "the best of fake for this task is by-fake, pass at stage 2; there is nothing to compare it with",
      noCase,
      "no accepted pass of codex at stage 5 on this target for this task counts now",
    ]);
    expect(against(evidence, null).complete).toBe(false);
  });

  test("does not let a pass hide a run whose effects nobody could judge", () => {
    const hidden = run(2, "hidden", { codes: ["interrupted"], allowed: { writes: null, forbidden: null } });
    expect(differencesOf([...both(), hidden])).toEqual({
      "failure-closure": [
        "run hidden started its engine and ended interrupted, and what it changed could not be judged",
      ],
    });
  });
});

describe("the route admission guard", () => {
  const decision: PromotionDecision = {
    schema: SCHEMAS.promotionDecision,
    id: "promote-codex",
    decision_status: "core_promotion_requested",
    ready_for_review: true,
    evidence: ["stage 6"],
    blockers: [],
    next_decision: "the board's",
    runtime_default_activation: false,
  };
  const item =
    toLadder({ subjects: [codex], evidence: fullEvidence(), outcomeOf: () => "accepted", exemptions: [] }).items[1] ??
    null;
  const guard = (more: object) => {
    const made = toRouteAdmissionGuard({ item, comparison: compare(both()), decision, ...more });
    expect(routeAdmissionGuardSchema.parse(made)).toEqual(made);
    return made;
  };

  test("says eligible at most, and activates nothing", () => {
    expect(guard({})).toEqual({
      schema: SCHEMAS.routeAdmissionGuard,
      guard_status: "candidate_default_eligible",
      blocked_reason: null,
      checks: [
        { check: "stage-5-proven", passed: true, detail: "proven up to stage 6" },
        { check: "two-tasks-accepted", passed: true, detail: "2 tasks were accepted at stage 5" },
        { check: "comparison-complete", passed: true, detail: "2 of 3 lanes have a bundle; nothing differs" },
        { check: "promotion-requested", passed: true, detail: "the promotion decision promote-codex asks for it" },
      ],
      runtime_default_activation: false,
    });
  });

  test.each<[string, object, string]>([
    ["nothing on the ladder", { item: null }, "stage-5-proven: proven up to stage 0"],
    [
      "lanes that differ",
      { comparison: compare(both({ events: [] })) },
      "comparison-complete: 2 of 3 lanes have a bundle; events differ",
    ],
    [
      "nobody's word",
      { decision: null },
      "promotion-requested: no person has asked for a promotion: `cto admit promotion` records it",
    ],
    [
      "no decision yet",
      { decision: { ...decision, decision_status: "not_decided" } },
      "promotion-requested: the promotion decision promote-codex says not_decided",
    ],
    [
      "a decision with blockers",
      { decision: { ...decision, blockers: ["no budget"] } },
      "promotion-requested: the promotion decision promote-codex names blockers: no budget",
    ],
    [
      "a decision that is not ready",
      { decision: { ...decision, ready_for_review: false } },
      "promotion-requested: the promotion decision promote-codex is not ready for review",
    ],
  ])("is blocked by %s", (_, more, reason) => {
    expect(guard(more)).toMatchObject({
      guard_status: "blocked",
      blocked_reason: reason,
      runtime_default_activation: false,
    });
  });
});
