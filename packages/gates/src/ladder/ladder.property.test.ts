import { STAGES, type Stage } from "@cto/evidence-interface";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decideRung, type LadderEvidence, type OutcomeOf, toLadder } from "../index.ts";
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
} from "./__fixtures__/ladder-kit.ts";

const outcomeOf: OutcomeOf = (runId) => (runId.length % 3 === 0 ? null : "accepted");
const exemptions = [exemption(4, "provider_unavailable")];

const everySubject = [codex, fake, { ...codex, model: null }, { ...codex, target_id: digestOf("elsewhere") }];

/** The proven stages of every subject that there is. */
const rungsOf = (evidence: readonly LadderEvidence[]): ReadonlyMap<string, number> =>
  new Map(
    toLadder({ subjects: everySubject, evidence, outcomeOf, exemptions }).items.map((item) => [
      JSON.stringify([item.engine, item.model, item.standing_policy_digest, item.target_id]),
      item.proven_stage,
    ]),
  );

const stages = fc.constantFrom<Stage>(...STAGES);
const subjects = fc.constantFrom(...everySubject);
const violation = fc.constantFrom(
  "forbidden_path_change",
  "hidden_mutation",
  "secret_leak",
  "forbidden_action_attempted" as const,
);
const seenViolations = fc
  .record({
    stage: stages,
    subject: subjects,
    code: violation,
    more: fc.constantFrom("no_diff", "timeout", "approval_denied" as const),
  })
  .map(({ code, more, stage, subject }) => {
    const bad = ended(stage, "two-fake-bad", code, subject);
    return { ...bad, value: { ...bad.value, codes: [code, more] } };
  });
/** Effects that nobody could judge. */
const hiddenViolations = fc.tuple(stages, subjects, fc.boolean()).map(([stage, subject, isWrites]) => {
  const bad = ended(stage, "two-fake-bad", "artifact_write_failure", subject);
  const allowed = { writes: isWrites ? null : true, forbidden: isWrites ? true : null };
  return { ...bad, value: { ...bad.value, process_started: true, allowed } };
});
const violations = fc.oneof(seenViolations, hiddenViolations);

/** A history in which a rung may well be proven: the full one of two engines, torn, mixed and with other runs among it. */
const histories = fc
  .record({
    full: fc.subarray([...fullEvidence(), ...fullEvidence(fake).map((item) => rename(item, "f"))], { minLength: 30 }),
    lost: fc.array(fc.nat(60), { maxLength: 2 }),
    others: fc.array(
      fc.tuple(
        fc.nat(60),
        fc.oneof(
          violations,
          fc.tuple(stages, subjects).map(([stage, subject]) => run(stage, "other", {}, subject)),
        ),
      ),
      { maxLength: 3 },
    ),
    swaps: fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 6 }),
  })
  .map(({ full, lost: gone, others, swaps }) => {
    const items: LadderEvidence[] = full.map((item, index) => (gone.includes(index) ? lost(item) : item));
    for (const [a, b] of swaps) {
      const [left, right] = [items[a], items[b]];
      if (left !== undefined && right !== undefined) [items[a], items[b]] = [right, left];
    }
    for (const [at, item] of others) items.splice(at, 0, rename(item, `${at}`));
    return items;
  });

/** Another run id, and so wherever a run names another. */
function rename<Item extends LadderEvidence>(item: Item, suffix: string): Item {
  const renamed = { ...item, run_id: `${item.run_id}-${suffix}` };
  if (renamed.state !== "verified") return renamed;
  const { compared_lanes } = renamed.value;
  const lanes = compared_lanes?.map((lane) => ({ ...lane, run_id: `${lane.run_id}-${suffix}` })) ?? null;
  return { ...renamed, value: { ...renamed.value, compared_lanes: lanes } };
}

function expectNoRise(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): void {
  for (const [subject, rung] of after) expect(rung).toBeLessThanOrEqual(before.get(subject) ?? 0);
}

test("the histories reach every rung", () => {
  const seen = new Set(
    fc.sample(histories, { numRuns: 1500, seed: 7 }).flatMap((history) => [...rungsOf(history).values()]),
  );
  expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test("a violation never raises a rung, wherever it is put", () => {
  fc.assert(
    fc.property(histories, violations, fc.nat(60), (history, bad, at) => {
      expectNoRise(rungsOf(history), rungsOf(history.toSpliced(at, 0, bad)));
    }),
    { numRuns: 500 },
  );
});

test("a bundle that is tampered with, deleted or removed never raises a rung", () => {
  const states = fc.constantFrom("broken", "missing", "removed" as const);
  fc.assert(
    fc.property(histories, fc.nat(60), states, (history, at, state) => {
      const item = history[at];
      if (item !== undefined) expectNoRise(rungsOf(history), rungsOf(history.with(at, lost(item, state))));
    }),
    { numRuns: 500 },
  );
});

test("a run that was recovered or is not in the ledger never raises a rung", () => {
  const runs = fc.oneof(
    violations,
    fc.tuple(stages, subjects).map(([stage, subject]) => run(stage, "other", {}, subject)),
  );
  fc.assert(
    fc.property(
      histories,
      runs,
      fc.nat(60),
      fc.constantFrom("recovered", "unlisted" as const),
      (history, { run_id, value }, at, state) => {
        const item: LadderEvidence = { state, run_id, value, reason: state };
        expectNoRise(rungsOf(history), rungsOf(history.toSpliced(at, 0, item)));
      },
    ),
    { numRuns: 300 },
  );
});

test("a line that is torn out of the ledger never raises a rung", () => {
  const gap: LadderEvidence = { state: "gap", run_id: null, mode: null, reason: "a gap" };
  fc.assert(
    fc.property(histories, fc.nat(60), (history, at) => {
      if (at < history.length) expectNoRise(rungsOf(history), rungsOf(history.with(at, gap)));
    }),
    { numRuns: 500 },
  );
});

test("the gate and the ladder give the same answer", () => {
  fc.assert(
    fc.property(histories, stages, fc.constantFrom(codex, fake), (evidence, stage, subject) => {
      const { proven } = decideRung({ subject, stage, evidence, outcomeOf, exemptions });
      const item = toLadder({ subjects: [subject], evidence, outcomeOf, exemptions }).items[1];
      expect(proven).toBe((item?.proven_stage ?? 0) >= stage);
    }),
    { numRuns: 500 },
  );
});

test("failure classes outlive a violation", () => {
  const evidence = [
    run(2, "two", {}, fake),
    ended(2, "bad", "hidden_mutation", fake),
    ...failures(2, fake),
    run(1, "one", {}, fake),
  ];
  expect(decideRung({ subject: fake, stage: 2, evidence, outcomeOf, exemptions }).proven).toBe(true);
});
