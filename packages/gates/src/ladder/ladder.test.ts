import { type FailureCode, ladderSchema, type Stage } from "@cto/evidence-interface";
import { describe, expect, test } from "vitest";
import {
  decideRung,
  findCountingPass,
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

const accepted: OutcomeOf = () => "accepted";
const rules = { outcomeOf: accepted, exemptions: [] };

const decide = (evidence: Iterable<LadderEvidence>, stage: Stage, subject: LadderSubject = codex) =>
  decideRung({ subject, stage, evidence, ...rules });
const rungOf = (evidence: Iterable<LadderEvidence>, subject: LadderSubject = codex, more: object = {}) =>
  toLadder({ subjects: [subject], evidence, ...rules, ...more }).items[1]?.proven_stage;
const without = (...runIds: readonly string[]) => fullEvidence().filter(({ run_id }) => !runIds.includes(run_id));

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

describe("a pass", () => {
  test("at stage 2 needs the fake on the same contract, passed and verified, unless it is the fake's", () => {
    const swap = (more: object) =>
      fullEvidence().map((item) =>
        item.run_id === "two-fake" ? { ...item, value: { ...item.value, ...more } } : item,
      );
    expect(rungOf(swap({ task_digest: digestOf("edited") }))).toBe(1);
    expect(rungOf(swap({ status: "fail", codes: ["no_diff"] }))).toBe(1);
    expect(rungOf(swap({ isolation: "none" }))).toBe(1);
    expect(rungOf(swap({ engine: codex.engine }))).toBe(1);
    expect(decide(without("two-fake"), 2).missing).toEqual([
      "run two was compared with two-fake, which is no pass of the fake on this task that verifies now: `cto run task-a --engine codex --model acme/large-1 --stage 2` again",
    ]);
    const alone = [run(2, "alone"), ...without("two", "two-fake")];
    expect(decide(alone, 2).missing).toEqual([
      "run alone was not compared with the fake: `cto run task-a --engine codex --model acme/large-1 --stage 2` again, so that it is",
    ]);
    expect(rungOf(fullEvidence(fake), fake)).toBe(6);
  });

  test("at stage 5 needs a person's acceptance", () => {
    const decideFive = (outcomeOf: OutcomeOf) =>
      decideRung({ subject: codex, stage: 5, evidence: without("five-b"), outcomeOf, exemptions: [] }).missing;
    expect(decideFive(accepted)).toEqual([]);
    expect(decideFive(() => null)).toEqual([
      "operator_outcome_missing: run five-a waits for `cto accept five-a` or `cto reject five-a`",
    ]);
    expect(decideFive(() => "rejected")).toEqual(["run five-a was rejected: have another run at stage 5 accepted"]);
    expect(decideFive(() => ({ invalid: "unknown key" }))).toEqual([
      "the outcome record of run five-a does not verify (unknown key): have another run at stage 5 accepted",
    ]);
  });

  test("counts once for one approval, whatever copies of it there are", () => {
    const [a] = without("five-b").filter(({ run_id }) => run_id === "five-a");
    const decision_sha256 = a?.value.decision_sha256 ?? null;
    const copy = run(5, "five-b", { task_id: "task-b", decision_sha256 });
    const [six, ...rest] = without("five-b");
    const copied = [...(six === undefined ? [] : [six]), copy, ...rest];
    expect(decide(copied, 6).missing[0]).toBe("two different tasks must be accepted at stage 5, and one is");
    const item = toLadder({ subjects: [codex], evidence: copied, ...rules }).items[1];
    expect([item?.proven_stage, item?.repeatability_count]).toEqual([5, 1]);
  });

  test("at stage 6 rests on an accepted pass of its own task, on its target, that counts now", () => {
    const swap = (more: Partial<RunFacts>) =>
      fullEvidence().map((item) => (item.run_id === "five-a" ? { ...item, value: { ...item.value, ...more } } : item));
    // So that two tasks are accepted whatever five-a is.
    const third = (items: readonly LadderEvidence[]) => [...items, run(5, "five-c", { task_id: "task-c" })];
    const lacksOf = (items: readonly LadderEvidence[], outcomeOf = accepted) =>
      decideRung({ subject: codex, stage: 6, evidence: third(items), outcomeOf, exemptions: [] }).missing;
    expect(lacksOf(fullEvidence())).toEqual([]);
    const unfit = [
      expect.stringMatching(
        /^run six compared the bundle five-a, which is no accepted pass of codex at stage 5 on this target that counts now: `cto run task-a .* --stage 6 --target DIR` again$/,
      ),
    ];
    expect(lacksOf(fullEvidence(), (runId) => (runId === "five-a" ? null : "accepted"))).toEqual(unfit);
    expect(lacksOf(fullEvidence(), (runId) => (runId === "five-a" ? "rejected" : "accepted"))).toEqual(unfit);
    expect(lacksOf(swap({ target_id: digestOf("elsewhere") }))).toEqual(unfit);
    expect(lacksOf(swap({ standing_policy_digest: digestOf("loose") }))).toEqual(unfit);
    expect(lacksOf(swap({ engine: { ...codex.engine, version: "1.2.2" } }))).toEqual(unfit);
    expect(lacksOf(swap({ stage: 4, landing: "none" }))).toEqual(unfit);
    const [six, ...older] = fullEvidence();
    const again = [
      ...(six === undefined ? [] : [six]),
      run(5, "new-c", { task_id: "task-c" }),
      run(5, "new-d", { task_id: "task-d" }),
      ended(5, "bad", "hidden_mutation"),
      ...older,
    ];
    expect(lacksOf(again)).toEqual(unfit);
    const other = /^run six compared the bundle five-a, which is no run of codex for the task task-a that counts/;
    expect(lacksOf(swap({ task_id: "task-x" }))).toEqual([expect.stringMatching(other)]);
    expect(lacksOf(swap({ isolation: "none" }))).toEqual([expect.stringMatching(other)]);
  });

  test("at stage 6 that is none for want of a complete comparison says what is not complete", () => {
    const run6 = run(6, "six", { comparison_lacks: "events differs (only fake has the event x)" });
    expect(decide([run6, ...without("six")], 6).missing).toEqual([
      "the comparison of run six is not complete, events differs (only fake has the event x): mend that, then `cto run task-a --engine codex --model acme/large-1 --stage 6 --target DIR`",
    ]);
  });

  test("at stage 6 needs accepted passes of two tasks, and every compared bundle", () => {
    expect(decide(without("five-a"), 6).missing).toEqual([
      "two different tasks must be accepted at stage 5, and one is",
      expect.stringMatching(/^run six compared the bundle five-a, which does not verify now/),
    ]);
    const ofOthers = [{ engine: "fake", run_id: "two-fake", manifest_sha256: digestOf("two-fake") }];
    for (const compared_lanes of [null, [], ofOthers])
      expect(decide([run(6, "six", { compared_lanes }), ...without("six")], 6).missing).toEqual([
        expect.stringMatching(/^no run at stage 6 with a complete comparison: `cto run <case> --engine codex/),
      ]);
  });

  test("at stage 1 is a run that the gate held and nothing else", () => {
    for (const more of [
      { codes: ["gate_missing", "policy_widened"] },
      { process_started: true },
      { status: "pass", codes: [] },
    ])
      expect(rungOf([run(1, "odd", more as object), ...without("one")])).toBe(0);
  });
});

test("the counting pass of a task is the newest accepted one of the subject since the last violation", () => {
  const ask = (evidence: readonly LadderEvidence[], outcomeOf: OutcomeOf = accepted, task_id = "task-a") =>
    findCountingPass({ subject: codex, stage: 5, task_id, evidence, outcomeOf, exemptions: [] })?.run_id ?? null;
  const newer = [run(5, "newer"), ...fullEvidence()];
  expect(ask(newer)).toBe("newer");
  expect(ask(newer, (runId) => (runId === "newer" ? "rejected" : "accepted"))).toBe("five-a");
  expect(ask(newer, () => null)).toBeNull();
  expect(ask([ended(5, "bad", "secret_leak"), ...newer])).toBeNull();
  expect(ask(newer, accepted, "task-x")).toBeNull();
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
