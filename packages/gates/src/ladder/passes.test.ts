import { describe, expect, test } from "vitest";
import {
  decideRung,
  findCountingPass,
  type LadderEvidence,
  type OutcomeOf,
  type RunFacts,
  toLadder,
} from "../index.ts";
import { codex, digestOf, ended, fake, fullEvidence, run } from "./__fixtures__/ladder-kit.ts";
import { accepted, decide, rules, rungOf, without } from "./__fixtures__/ladder-questions.ts";

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
    const run6 = run(6, "six", { comparison_lacks: "events differs: only fake has x" });
    expect(decide([run6, ...without("six")], 6).missing).toEqual([
      "the comparison of run six is not complete (events differs: only fake has x): mend that, then `cto run task-a --engine codex --model acme/large-1 --stage 6 --target DIR`",
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
