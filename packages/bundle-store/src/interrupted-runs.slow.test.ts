import path from "node:path";
import { expect, it } from "vitest";
import { verifyRunDirectory } from "./index.ts";
import { killAfterStep, startWritingProcess } from "./test/run-writing-process.ts";
import { appendSampleEvents, createTemporaryStore, writeSampleFiles } from "./test/sample-run.ts";

const kills = 40;

it(`after each of ${kills} SIGKILLs the next command closes what is unfinished, and ledger, latest and bundles agree`, async () => {
  await using place = createTemporaryStore();
  const { store } = place;
  const reached = new Map<string, number>();
  const found = new Map<string, number>();
  for (let number = 0; number < kills; number += 1) {
    const runId = `run-${String(number).padStart(2, "0")}`;
    const step = ["ready", "started", "events", "files"][number % 4] ?? "ready";
    const last = await killAfterStep(startWritingProcess(place.home, runId), step, Math.floor(number / 4));
    reached.set(last, (reached.get(last) ?? 0) + 1);
    for (const run of store.findInterrupted()) {
      found.set(run.kind, (found.get(run.kind) ?? 0) + 1);
      const outcome = await store.closeInterrupted(run, async (writer) => {
        const seal = appendSampleEvents(writer, run.eventLines);
        await writeSampleFiles(writer, place.home);
        return seal;
      });
      expect(outcome.kind).toMatch(/^(?:closed|dropped)$/);
    }
    expect(store.findInterrupted()).toEqual([]);
  }
  const show = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([name, count]) => `${name} ${count}`).join(", ");
  console.info(`killed after step: ${show(reached)}; found: ${show(found)}`);
  const rows = store.listRuns();
  expect(rows.map((row) => row.status)).toEqual(rows.map(() => "pass"));
  const { entries, notes } = store.readLedger();
  expect(notes).toEqual([]);
  expect(entries.map((entry) => entry.run_id).sort()).toEqual(rows.map((row) => row.run_id).sort());
  expect(store.resolveRun("latest").runId).toBe(entries.at(-1)?.run_id);
  for (const row of rows)
    expect(verifyRunDirectory(path.join(store.root, "runs", row.run_id)).verdict).toBe("unsigned");
  expect(reached.size).toBeGreaterThan(2);
});
