import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createOtherBuild } from "../__fixtures__/governed-run.ts";
import { accept, climb, copyPlace, createPlace, type Place, runApproved, runAt } from "../__fixtures__/ladder-kit.ts";
import {
  codesOf,
  createFolder,
  eventsOf,
  type KitOptions,
  messageOf,
  type SeenRun,
  writeFiles,
} from "../__fixtures__/run-kit.ts";

const change = { write: { path: "a.txt", text: "new\n" } };

/** Proven up to stage 4. */
let climbed: Place;
beforeAll(async () => {
  climbed = await createPlace();
  await climb(climbed, 4);
});

const proofOf = (run: SeenRun, name: string): unknown => JSON.parse(run.read(`proofs/${name}.json`));

describe("the rung below falls", () => {
  const directoryOf = ({ store }: Place, stage: number): string =>
    store.listRunDirectories().find((directory) => readStage(directory) === stage) ?? "";
  const readStage = (directory: string): number =>
    (JSON.parse(readFileSync(join(directory, "run.json"), "utf8")) as { stage: number }).stage;

  it.each<[string, RegExp, (place: Place) => Promise<KitOptions> | KitOptions]>([
    [
      "with one byte of one bundle",
      /nothing older counts at stage 3/,
      (place) => {
        const file = join(directoryOf(place, 3), "report.md");
        writeFileSync(file, readFileSync(file, "utf8").slice(0, -1));
        return {};
      },
    ],
    [
      "with a bundle that is gone",
      /nothing older counts at stage 2/,
      (place) => {
        rmSync(directoryOf(place, 2), { recursive: true });
        return {};
      },
    ],
    [
      "with a bundle that was removed by its owner",
      /nothing older counts at stage 3/,
      async (place) => {
        await place.store.removeRun(basename(directoryOf(place, 3)));
        return {};
      },
    ],
    [
      "with another build of the engine",
      /stage 3 is not proven: .*stage 1/,
      () => ({ engine: createOtherBuild(createFolder()) }),
    ],
    [
      "with another standing policy",
      /stage 3 is not proven: .*stage 1/,
      ({ store }) => {
        writeFiles(store.home, { "cto/config.yaml": "schema: cto.config.v1\npolicy: {forbidden_paths: [secret/]}\n" });
        return {};
      },
    ],
    [
      "with a violation",
      /ended hidden_mutation, so nothing older counts at stage 3/,
      async (place) => {
        expect(
          codesOf(await runAt(place, 3, { steps: [change, { write: { path: ".git/description", text: "x" } }] })),
        ).toEqual(["hidden_mutation"]);
        return {};
      },
    ],
    [
      "with a violation that is hidden behind more than can be read",
      /started its engine and ended artifact_write_failure, and what it changed could not be judged, so nothing older/,
      async (place) => {
        const hidden = { write: { path: "c.txt", text: "x".repeat(50_000) } };
        const task = { budget: { artifact_bytes: 20_000 } };
        const run = await runAt(place, 3, { steps: [{ write: { path: "b.txt", text: "x" } }, hidden], task });
        expect([codesOf(run), run.report.allowed_writes_passed]).toEqual([["artifact_write_failure"], null]);
        return {};
      },
    ],
    [
      "where the end of the ledger was cut off with the run that it told of",
      /latest\.json names it, so nothing older counts at stage 1/,
      async (place) => {
        const { outcome } = await runAt(place, 3, {
          steps: [change, { write: { path: ".git/description", text: "x" } }],
        });
        const file = join(place.store.root, "ledger.ndjson");
        writeFileSync(file, readFileSync(file, "utf8").replace(/[^\n]*\n$/, ""));
        rmSync(outcome.directory, { recursive: true });
        return {};
      },
    ],
    [
      "for another target",
      /no pass at stage 3 on this target/,
      async () => ({ target: { directory: (await createPlace()).target } }),
    ],
    [
      "without the record that excused a failure class",
      /no run at stage 3 that ended timeout/,
      ({ store }) => {
        const folder = join(store.home, "cto/admissions");
        for (const name of readdirSync(folder))
          if (readFileSync(join(folder, name), "utf8").includes('"timeout"')) rmSync(join(folder, name));
        return {};
      },
    ],
  ])("%s", async (_what, message, alter) => {
    const place = copyPlace(climbed);
    const run = await runAt(place, 4, await alter(place));
    expect(codesOf(run)).toEqual(["stage_not_proven"]);
    expect(messageOf(run)).toMatch(message);
    expect(run.report.process_started).toBe(false);
    expect(proofOf(run, "rung")).toMatchObject({ required_stage: 3, proven: false });
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "blocked" });
  });
});

describe("stage 6, candidate default", () => {
  it("needs two accepted tasks; then it compares, starts nothing and ends blocked by design", async () => {
    const place = copyPlace(climbed);
    const first = await runApproved(place, 5);
    expect(codesOf(await runAt(place, 6))).toEqual(["gate_missing", "stage_not_proven"]);
    await accept(place, first);
    const early = await runAt(place, 6);
    expect(codesOf(early)).toEqual(["gate_missing", "stage_not_proven"]);
    expect(early.outcome.blockers[1]?.message).toContain("two different tasks");
    expect(existsSync(join(early.outcome.directory, "proofs/comparison.json"))).toBe(false);
    expect(early.verified.verdict).toBe("unsigned");
    await accept(place, await runApproved(place, 5, { task: { id: "second-task" } }));
    // Nobody accepted this one, so that it is not what is compared.
    expect(codesOf(await runApproved(place, 5))).toEqual([]);
    const run = await runAt(place, 6);
    expect(codesOf(run)).toEqual(["gate_missing"]);
    expect(eventsOf(run).at(-2)).toBe("backend.gate.blocked");
    expect(run.report).toMatchObject({ process_started: false, runtime_default_activation: false });
    expect(proofOf(run, "comparison")).toMatchObject({
      complete: true,
      runtime_default_activation: false,
      lanes: [
        { engine: "fake", run_id: first.outcome.runId, missing: null },
        ...["case", "codex", "pi"].map((engine) => ({
          engine,
          run_id: null,
          missing: `this version has no adapter for ${engine}`,
        })),
      ],
    });
    expect(proofOf(run, "route-guard")).toMatchObject({
      guard_status: "blocked",
      blocked_reason: expect.stringContaining("promotion-requested"),
      runtime_default_activation: false,
    });
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "blocked" });
    expect(codesOf(await runAt(place, 2, { task: { id: "third-task" } }))).toEqual([]);
    const third = await runAt(place, 6, { task: { id: "third-task" } });
    expect(codesOf(third)).toEqual(["gate_missing"]);
    const missing = "no accepted pass of fake at stage 5 on this target for this task counts now";
    expect(proofOf(third, "comparison")).toMatchObject({
      complete: false,
      lanes: [{ engine: "fake", run_id: null, missing }, {}, {}, {}],
    });
    expect(third.verified).toMatchObject({ verdict: "unsigned", status: "blocked" });
  });
});
