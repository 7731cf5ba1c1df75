import { type FailureCode, ladderSchema } from "@cto/evidence-interface";
import { describe, expect, test } from "vitest";
import {
  decideRung,
  type LadderEvidence,
  type LadderSubject,
  type OutcomeOf,
  type RunFacts,
  toLadder,
} from "../index.ts";
import {
  codex,
  digestOf,
  ended,
  exemption,
  failures,
  fake,
  fullEvidence,
  lost,
  run,
  type Verified,
} from "./__fixtures__/ladder-kit.ts";
import { accepted, decide, rules, rungOf, without } from "./__fixtures__/ladder-questions.ts";

describe("the rung of an engine", () => {
  test("is 6 with every pass, failure class, acceptance and comparison, and no more is ever said than eligible", () => {
    const ladder = toLadder({ subjects: [codex], evidence: fullEvidence(), ...rules });
    expect(ladderSchema.parse(ladder)).toEqual(ladder);
    const { rungs, ...item } = ladder.items[1] ?? { rungs: [] };
    expect(item).toEqual({
      ...codex,
      proven_stage: 6,
      repeatability_count: 2,
      candidate_default_eligible: true,
      runtime_default_activation: false,
    });
    expect(rungs.map(({ missing, proven, stage, tasks }) => [stage, proven, tasks, missing])).toEqual([
      [1, true, 1, []],
      [2, true, 1, []],
      [3, true, 1, []],
      [4, true, 1, []],
      [5, true, 2, []],
      [6, true, 1, []],
    ]);
    expect(rungs[1]?.bundles.slice(0, 3)).toEqual([
      { run_id: "two", manifest_sha256: digestOf("two"), proves: "pass of task-a at stage 2" },
      { run_id: "two-fake", manifest_sha256: digestOf("two-fake"), proves: "the fake on task-a, compared with" },
      {
        run_id: "codex-2-no-diff",
        manifest_sha256: digestOf("codex-2-no-diff"),
        proves: "failure class no_diff at stage 2",
      },
    ]);
    expect(ladder.left_out).toEqual([]);
  });

  test("holds at stages 1 and 2 for every target, and from 3 on for one", () => {
    const elsewhere = { ...codex, target_id: digestOf("another target") };
    expect(rungOf(fullEvidence(), elsewhere)).toBe(2);
    expect(decide(fullEvidence(), 2, { ...codex, target_id: null }).proven).toBe(true);
    expect(decide(fullEvidence(), 3, { ...codex, target_id: null })).toMatchObject({
      proven: false,
      missing: ["stage 3 is proven on one target: name it with --target DIR"],
    });
  });

  test.each<[string, LadderSubject]>([
    ["another version", { ...codex, engine: { ...codex.engine, version: "1.2.4" } }],
    ["another executable", { ...codex, engine: { ...codex.engine, executable_sha256: digestOf("rebuilt") } }],
    ["another model", { ...codex, model: { provider: "acme", model: "large-2" } }],
    ["no model", { ...codex, model: null }],
    ["another standing policy", { ...codex, standing_policy_digest: digestOf("stricter") }],
  ])("is 0 for %s", (_, subject) => {
    expect(rungOf(fullEvidence(), subject)).toBe(0);
  });

  test.each([
    ["one", 0],
    ["two", 1],
    ["two-fake", 1],
    ["three", 2],
    ["four", 3],
    ["five-a", 5],
    // What is lost may have been a violation, so older passes of its stage go with it: five-b takes five-a along.
    ["five-b", 4],
    ["six", 5],
  ])("falls when the bundle %s is lost, to %i", (runId, rung) => {
    for (const state of ["missing", "broken", "removed"] as const)
      expect(rungOf(fullEvidence().map((item) => (item.run_id === runId ? lost(item, state) : item)))).toBe(rung);
  });

  test.each(([2, 3, 4, 5] as const).flatMap((stage) => failures(stage).map(({ run_id }) => [run_id, stage] as const)))(
    "does not reach its stage without the failure class of %s, unless a record says why",
    (runId, stage) => {
      const evidence = without(runId);
      const { missing, proven } = decide(evidence, stage);
      const code = runId.replace(`codex-${stage}-`, "").replaceAll("-", "_");
      expect(proven).toBe(false);
      expect(missing).toEqual([
        expect.stringContaining(`no run at stage ${stage} that ended ${code}: run cases that end so`),
      ]);
      expect(missing[0]).toContain(`\`cto admit exemption --engine codex --stage ${stage} --code ${code}\``);
      const exempt = (engine: string, at: number) =>
        decideRung({
          subject: codex,
          stage,
          evidence,
          outcomeOf: accepted,
          exemptions: [exemption(at, code as FailureCode, engine)],
        }).proven;
      expect([exempt("codex", stage), exempt("fake", stage), exempt("codex", stage === 2 ? 3 : 2)]).toEqual([
        true,
        false,
        false,
      ]);
    },
  );

  test("is not held by runs without isolation", () => {
    const bare = fullEvidence().map((item) => ({ ...item, value: { ...item.value, isolation: "none" as const } }));
    const ladder = toLadder({ subjects: [codex], evidence: bare, ...rules });
    expect(ladder.items.map(({ proven_stage }) => proven_stage)).toEqual([0, 0]);
    expect(ladder.left_out).toHaveLength(bare.length);
    expect(ladder.left_out[0]).toEqual({ run_id: "six", reason: "it ran without isolation" });
  });

  test("is not held by a run that does not say which executable it was for", () => {
    const evidence = fullEvidence().map((item) =>
      item.run_id === "one"
        ? { ...item, value: { ...item.value, engine: { id: "codex", version: null, executable_sha256: null } } }
        : item,
    );
    const ladder = toLadder({ subjects: [codex], evidence, ...rules });
    expect(ladder.items[0]?.proven_stage).toBe(0);
    expect(ladder.left_out).toEqual([{ run_id: "one", reason: "it does not say which engine executable it was for" }]);
  });
});

describe("a violation", () => {
  test("ends the count of older passes at its stage, and a newer pass begins it again", () => {
    const [six, ...rest] = fullEvidence();
    const violation = ended(3, "bad", "hidden_mutation", { ...codex, engine: { ...codex.engine, version: "0.9.0" } });
    const after = [violation, ...(six === undefined ? [] : [six]), ...rest];
    expect(rungOf(after)).toBe(2);
    expect(decide(after, 3).missing).toEqual([
      "run bad ended hidden_mutation, so nothing older counts at stage 3: run `cto run <case> --engine codex --model acme/large-1 --stage 3 --target DIR` again",
    ]);
    expect(rungOf([run(3, "three-again"), ...after])).toBe(6);
  });

  test("of another engine does not count, and what cannot be verified counts for all", () => {
    expect(rungOf([ended(2, "bad", "secret_leak", fake), ...fullEvidence()])).toBe(6);
    expect(rungOf([lost(run(2, "gone", {}, fake)), ...fullEvidence()])).toBe(1);
  });

  test("without isolation, on another target or under another policy counts", () => {
    const other: LadderSubject = { ...codex, standing_policy_digest: digestOf("old"), target_id: digestOf("else") };
    const bad = ended(4, "bad", "forbidden_action_attempted", other);
    expect(rungOf([{ ...bad, value: { ...bad.value, isolation: "none" } }, ...fullEvidence()])).toBe(3);
  });

  test("shows no failure class besides", () => {
    const both = run(2, "both", { status: "fail", codes: ["hidden_mutation", "no_diff"] });
    const evidence = [...without("codex-2-no-diff"), both];
    expect(rungOf(evidence)).toBe(1);
  });

  test("may be behind a broken ledger, a lost bundle of no known stage, or one that the ledger does not have", () => {
    const gap = {
      state: "gap",
      run_id: null,
      mode: null,
      reason: "Line 3 of ledger.ndjson is no ledger entry",
    } as const;
    expect(rungOf([gap, ...fullEvidence()])).toBe(0);
    expect(decide([gap, ...fullEvidence()], 1).missing[0]).toMatch(
      /^Line 3 of ledger.ndjson is no ledger entry, so nothing older/,
    );
    const unlisted = { state: "unlisted", run_id: "odd", reason: "run odd is not in the ledger" } as const;
    expect(rungOf([{ ...unlisted, value: null }, ...fullEvidence()])).toBe(0);
    expect(rungOf([{ ...unlisted, value: ended(2, "odd", "source_mutated").value }, ...fullEvidence()])).toBe(1);
    expect(rungOf([{ ...unlisted, value: run(2, "odd").value }, ...fullEvidence()])).toBe(6);
  });

  test.each<[string, Partial<RunFacts>]>([
    ["allowed writes", { allowed: { writes: null, forbidden: true } }],
    ["forbidden paths", { allowed: { writes: true, forbidden: null } }],
  ])("is what an engine did if it was started and its %s were never judged", (_, more) => {
    const hidden = run(3, "hidden", { status: "fail", codes: ["artifact_write_failure"], ...more });
    expect(rungOf([hidden, ...fullEvidence()])).toBe(2);
    expect(decide([hidden, ...fullEvidence()], 3).missing[0]).toMatch(
      /^run hidden started its engine and ended artifact_write_failure, and what it changed could not be judged, so nothing older counts at stage 3/,
    );
    const instead = [...without("codex-3-artifact-write-failure"), hidden];
    expect(decide(instead, 3).missing[0]).toMatch(/^no run at stage 3 that ended artifact_write_failure/);
    const refused = run(3, "refused", { ...more, status: "blocked", codes: ["timeout"], process_started: false });
    expect(rungOf([refused, ...fullEvidence()])).toBe(6);
    expect(rungOf([{ ...hidden, value: { ...hidden.value, engine: fake.engine } }, ...fullEvidence()])).toBe(6);
  });

  test("counts from a run that was recovered after a crash, and nothing else of such a run does", () => {
    const recovered = (item: Verified): LadderEvidence => {
      const { run_id, value } = item;
      return { state: "recovered", run_id, value, reason: `run ${run_id} was recovered` };
    };
    expect(rungOf([recovered(ended(3, "bad", "hidden_mutation")), ...fullEvidence()])).toBe(2);
    for (const [runId, rung] of [
      ["one", 0],
      ["two-fake", 1],
      ["codex-3-timeout", 2],
      ["five-a", 5],
      ["six", 5],
    ] as const)
      expect(rungOf(fullEvidence().map((item) => (item.run_id === runId ? recovered(item) : item)))).toBe(rung);
    expect(
      toLadder({ subjects: [codex], evidence: [recovered(run(2, "two"))], outcomeOf: accepted, exemptions: [] })
        .left_out,
    ).toEqual([{ run_id: "two", reason: "run two was recovered" }]);
  });

  test("that is older than the pass does not matter", () => {
    expect(rungOf([...fullEvidence(), ended(2, "bad", "hidden_mutation"), lost(run(3, "gone"))])).toBe(6);
  });
});

describe("the gate", () => {
  test("stops reading as soon as the rung is proven", () => {
    let read = 0;
    const evidence = [...fullEvidence(), ...Array.from({ length: 100 }, (_, index) => run(2, `old-${index}`))];
    function* counted() {
      for (const item of evidence) {
        read += 1;
        yield item;
      }
    }
    expect(decide(counted(), 6).proven).toBe(true);
    expect(read).toBe(fullEvidence().length);
  });

  test("names every bundle that holds the answer, and nothing is missing exactly if it is proven", () => {
    const { bundles, missing, proven } = decide(fullEvidence(), 5);
    expect([proven, missing]).toEqual([true, []]);
    expect(bundles.map(({ run_id }) => run_id)).toEqual([
      "one",
      "two",
      "two-fake",
      ...failures(2).map(({ run_id }) => run_id),
      "three",
      ...failures(3).map(({ run_id }) => run_id),
      "four",
      ...failures(4).map(({ run_id }) => run_id),
      "five-b",
      "five-a",
      ...failures(5).map(({ run_id }) => run_id),
    ]);
    const nothing = decide([], 3);
    expect(nothing.proven).toBe(false);
    expect(nothing.missing).toHaveLength(5);
  });

  test("asks for an outcome once", () => {
    let asked = 0;
    const outcomeOf: OutcomeOf = () => {
      asked += 1;
      return null;
    };
    decideRung({ subject: codex, stage: 6, evidence: fullEvidence(), outcomeOf, exemptions: [] });
    expect(asked).toBe(2);
  });
});
