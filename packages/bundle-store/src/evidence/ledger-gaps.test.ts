import fs from "node:fs";
import path from "node:path";
import { SCHEMAS } from "@cto/evidence-interface";
import { describe, expect, it } from "vitest";
import { editLedger, runDirectory, sealRuns, statesOf, walk } from "../test/evidence-kit.ts";
import { samplePacket } from "../test/sample-approval.ts";
import { createTemporaryStore, startSampleRun } from "../test/sample-run.ts";

describe("evidence", () => {
  it("shows a gap wherever a line of the ledger was changed, torn out or made unreadable", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a", "b", "c");
    const file = path.join(place.store.root, "ledger.ndjson");
    const whole = fs.readFileSync(file);
    const spoil = (edit: (lines: string[]) => readonly string[]): readonly string[] => {
      editLedger(place.store, edit);
      const states = statesOf(place.store);
      fs.writeFileSync(file, whole);
      return states;
    };
    expect(spoil(([a = "", , c = ""]) => [a, c])).toEqual(["b: unlisted", "c: verified", "null: gap", "a: verified"]);
    expect(spoil(([, b = "", c = ""]) => [b, c])).toEqual(["a: unlisted", "c: verified", "b: verified", "null: gap"]);
    expect(spoil(([a = "", b = "", c = ""]) => [a, b.replace("artificial-fixture", "gated-engine"), c])).toEqual([
      "c: verified",
      "null: gap",
      "b: broken",
      "a: verified",
    ]);
    expect(spoil(([a = "", , c = ""]) => [a, "{}", c])).toEqual([
      "b: unlisted",
      "c: verified",
      "null: gap",
      "null: gap",
      "a: verified",
    ]);
    expect(spoil(([a = "", b = ""]) => [a, b, "{}"])).toEqual([
      "c: unlisted",
      "null: gap",
      "null: gap",
      "b: verified",
      "a: verified",
    ]);
  });

  it("shows a gap where the end of the ledger was cut off, for ever", async () => {
    await using place = createTemporaryStore();
    const { store } = place;
    await sealRuns(store, "a", "b", "c");
    editLedger(store, ([a = "", b = ""]) => [a, b]);
    fs.rmSync(runDirectory(store, "c"), { recursive: true });
    expect(walk(store)[0]).toEqual({
      state: "gap",
      n: 2,
      run_id: null,
      mode: null,
      reason: "run c is not in the ledger, and .cto/runs/latest.json names it",
    });
    expect(statesOf(store)).toEqual(["null: gap", "b: verified", "a: verified"]);
    await sealRuns(store, "d", "e");
    // latest.json names another run now; the number that was left out does not come back.
    expect(statesOf(store)).toEqual(["e: verified", "d: verified", "null: gap", "b: verified", "a: verified"]);
    await store.removeRun("e");
    await sealRuns(store, "f");
    expect(store.readLedger()).toMatchObject({
      entries: [{ n: 1 }, { n: 2 }, { n: 4 }, { n: 5 }, { n: 6 }, { n: 7 }],
      notes: ["Line 3 of ledger.ndjson does not follow the line before."],
    });
  });

  it("shows a gap for a run that a claim or an outcome names, behind what was there before it", async () => {
    const times = { now: Date.parse("2026-11-20T06:00:00.000Z") };
    await using place = createTemporaryStore(() => times.now);
    const { store } = place;
    await sealRuns(store, "a");
    times.now += 60_000;
    const packet = store.approvals.writePacket(samplePacket());
    store.approvals.claim(packet, {
      schema: SCHEMAS.approvalClaim,
      packet_sha256: packet,
      decision_sha256: "1".repeat(64),
      run_id: "claimed",
      claimed_at: new Date(times.now).toISOString(),
    });
    times.now += 60_000;
    await sealRuns(store, "b");
    const record = path.join(store.root, "outcomes", ".prepared-decided");
    fs.mkdirSync(record, { recursive: true, mode: 0o700 });
    fs.mkdirSync(path.join(store.root, "outcomes", "No run"));
    fs.utimesSync(record, (times.now - 90_000) / 1000, (times.now - 90_000) / 1000);
    expect(walk(store).map(({ run_id, ...item }) => ("reason" in item ? item.reason : run_id))).toEqual([
      "b",
      `run claimed is not in the ledger, and .cto/approvals/${packet}/claim.json names it`,
      "run decided is not in the ledger, and .cto/outcomes/.prepared-decided names it",
      "a",
    ]);
    const working = await startSampleRun(store, "claimed");
    expect(statesOf(store)).toEqual(["b: verified", "null: gap", "a: verified"]);
    fs.writeFileSync(path.join(store.root, "active/claimed"), "rubbish");
    expect(statesOf(store)).toEqual(["b: verified", "null: gap", "null: gap", "a: verified"]);
    working.abandon();
    await sealRuns(store, "decided");
    fs.rmSync(path.join(store.root, "approvals"), { recursive: true });
    expect(statesOf(store)).toEqual(["decided: verified", "b: verified", "a: verified"]);
  });

  it("is read in good time behind any number of lines that are none", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a");
    fs.appendFileSync(path.join(place.store.root, "ledger.ndjson"), "rubbish\n".repeat(50_000));
    const begin = performance.now();
    expect(walk(place.store)).toHaveLength(50_001);
    // It took 20 s when it was quadratic, and takes 0.4 s.
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect(place.store.readLedger().notes).toEqual([
      ...[2, 3, 4, 5, 6].map((line) => `Line ${line} of ledger.ndjson is no ledger entry.`),
      "So it is at 49995 more places of ledger.ndjson.",
    ]);
  });
});
