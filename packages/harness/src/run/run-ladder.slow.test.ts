import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { iterateEvidence } from "@cto/bundle-store";
import type { FailureCode, Ladder, Stage } from "@cto/evidence-interface";
import { toLadder, toRunFacts } from "@cto/gates";
import { expect, it } from "vitest";
import type { Wish } from "../__fixtures__/approver-kit.ts";
import { accept, createPlace, git, type Place, runApproved, runAt } from "../__fixtures__/ladder-kit.ts";
import { codesOf, type KitOptions } from "../__fixtures__/run-kit.ts";
import { createOutcomeReader } from "../index.ts";
import { sha256 } from "./run-record.ts";

const change = { write: { path: "a.txt", text: "new\n" } };

/** How every failure class is made to happen. The titles keep the questions to the approver apart. */
const failures: Readonly<Partial<Record<FailureCode, KitOptions>>> = {
  no_diff: { steps: [] },
  disallowed_file_change: { steps: [{ write: { path: "b.txt", text: "x\n" } }] },
  verification_failed: { steps: [{ write: { path: "a.txt", text: "wrong\n" } }] },
  missing_test_command: { task: { verification: [{ id: "check", run: ["no-such-tool"] }] } },
  missing_required_event: { steps: [change, { exit: 0 }] },
  dirty_ending_tree: { steps: [change, { commit: "done" }, { write: { path: "a.txt", text: "new, and more\n" } }] },
  timeout: { steps: [change, { sleep: 30 }], task: { budget: { wall_seconds: 1 } } },
  artifact_write_failure: {
    steps: [{ print: { text: "x".repeat(1000), repeat: 100 } }, change],
    task: { budget: { artifact_bytes: 20_000 } },
  },
  reviewer_rejected: { steps: [change, { fail: { reason: "reviewer-rejected", message: "no" } }] },
  provider_unavailable: { steps: [change, { fail: { reason: "provider-unavailable", message: "gone" } }] },
};

async function fail(place: Place, stage: Stage, code: FailureCode): Promise<void> {
  const options = { ...failures[code], task: { ...failures[code]?.task, title: `Ends ${code}` } };
  const wish: Wish = { decision: code === "approval_denied" ? "denied" : "granted" };
  const run = stage < 4 ? await runAt(place, stage, options) : await runApproved(place, stage, options, wish);
  expect([stage, ...codesOf(run)]).toEqual([stage, code]);
  expect(run.verified.verdict).toBe("unsigned");
}

async function failDirty(place: Place): Promise<void> {
  writeFileSync(join(place.target, "a.txt"), "half done\n");
  expect(codesOf(await runAt(place, 3))).toEqual(["dirty_starting_tree"]);
  git(place.target, "checkout", "-q", "a.txt");
}

function climbOf({ store }: Place): Ladder["items"][number] | undefined {
  const evidence = iterateEvidence({ home: store.home, derive: (bundle) => toRunFacts(bundle, sha256), cache: null });
  const { items } = toLadder({ subjects: [], evidence, outcomeOf: createOutcomeReader(store), exemptions: [] });
  return items.find(({ target_id }) => target_id !== null);
}

it("the whole ladder, every failure class by a real run and no exemption, up to candidate default and no further", async () => {
  const place = await createPlace();
  const expectMissing = async (stage: Stage, ...codes: readonly string[]): Promise<void> => {
    const run = await runAt(place, stage);
    expect(codesOf(run)).toContain("stage_not_proven");
    const { missing } = JSON.parse(run.read("proofs/rung.json")) as { missing: readonly string[] };
    for (const code of codes) expect(missing.join()).toContain(code);
  };
  await runAt(place, 1);
  expect(codesOf(await runAt(place, 2))).toEqual([]);
  for (const code of ["no_diff", "disallowed_file_change", "verification_failed", "missing_test_command"] as const)
    await fail(place, 2, code);
  expect(codesOf(await runAt(place, 3))).toEqual([]);
  await expectMissing(4, "missing_required_event", "dirty_starting_tree", "timeout");
  await fail(place, 2, "missing_required_event");
  await failDirty(place);
  for (const code of ["dirty_ending_tree", "timeout", "artifact_write_failure"] as const) await fail(place, 3, code);
  expect(codesOf(await runApproved(place, 4))).toEqual([]);
  await expectMissing(5, "approval_denied", "reviewer_rejected", "provider_unavailable");
  for (const code of ["approval_denied", "reviewer_rejected", "provider_unavailable"] as const)
    await fail(place, 4, code);
  const first = await runApproved(place, 5);
  const second = await runApproved(place, 5, { task: { id: "second-task" } });
  expect(codesOf(second)).toEqual([]);
  await expectMissing(6, "operator_outcome_missing");
  await accept(place, first);
  await accept(place, second);
  await expectMissing(6, "disallowed_file_change", "approval_denied");
  for (const code of ["disallowed_file_change", "verification_failed", "approval_denied"] as const)
    await fail(place, 5, code);
  expect(climbOf(place)).toMatchObject({ proven_stage: 5, repeatability_count: 2, candidate_default_eligible: false });
  expect(codesOf(await runAt(place, 6))).toEqual(["gate_missing"]);
  expect(climbOf(place)).toMatchObject({
    proven_stage: 6,
    repeatability_count: 2,
    candidate_default_eligible: true,
    runtime_default_activation: false,
  });
  // The newer of the two: what cannot be verified ends the count for all that is older.
  writeFileSync(join(second.outcome.directory, "report.md"), second.read("report.md").slice(0, -1));
  expect(climbOf(place)).toMatchObject({ proven_stage: 4, candidate_default_eligible: false });
  expect(git(place.target, "status", "--porcelain")).toBe("");
});
