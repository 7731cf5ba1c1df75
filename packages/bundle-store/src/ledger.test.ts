import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openStore } from "./index.ts";
import { createTemporaryStore, sealSampleRun } from "./test/sample-run.ts";

async function sealInProcess(home: string, prefix: string, count: number): Promise<number | null> {
  const script = fileURLToPath(new URL("./test/sealing-process.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@cto/source", script, home, prefix, String(count)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = (await once(child, "exit")) as [number | null];
  return code;
}

describe("the ledger", () => {
  it("holds every run that several processes seal at once, in one unbroken chain", async () => {
    await using place = createTemporaryStore();
    const codes = await Promise.all(["p", "q", "r"].map((prefix) => sealInProcess(place.home, prefix, 8)));
    expect(codes).toEqual([0, 0, 0]);
    const { entries, notes } = place.store.readLedger();
    expect(notes).toEqual([]);
    expect(entries.map((entry) => entry.n)).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
    const expected = ["p", "q", "r"].flatMap((prefix) => Array.from({ length: 8 }, (_, index) => `${prefix}-${index}`));
    expect(entries.map((entry) => entry.run_id).sort()).toEqual(expected.sort());
    expect(place.store.resolveRun("latest").runId).toBe(entries.at(-1)?.run_id);
  });

  it("holds every run that one process seals at once", async () => {
    await using place = createTemporaryStore();
    await Promise.all(["a", "b", "c", "d"].map((id) => sealSampleRun(place.store, id)));
    const { entries, notes } = place.store.readLedger();
    expect(notes).toEqual([]);
    expect(entries.map((entry) => entry.run_id).sort()).toEqual(["a", "b", "c", "d"]);
  });

  it("removes a torn last line when the next run is sealed, and says so", async () => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "a");
    const file = path.join(place.store.root, "ledger.ndjson");
    fs.appendFileSync(file, '{"kind":"sealed","n":2,"ru');
    expect(place.store.readLedger()).toMatchObject({
      entries: [{ n: 1 }],
      notes: ["The last line of ledger.ndjson is torn; the next sealed run removes it."],
    });
    const { notes } = await sealSampleRun(place.store, "b");
    expect(notes).toEqual(["A torn last line of 26 bytes was removed from ledger.ndjson; a crash had cut it short."]);
    expect(place.store.readLedger()).toMatchObject({ entries: [{ n: 1 }, { n: 2, run_id: "b" }], notes: [] });
  });

  it("completes a whole last line that only lacks its LF", async () => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "a");
    const file = path.join(place.store.root, "ledger.ndjson");
    fs.truncateSync(file, fs.statSync(file).size - 1);
    const { notes } = await sealSampleRun(place.store, "b");
    expect(notes).toEqual(["The last line of ledger.ndjson had no end; it was completed."]);
    expect(place.store.readLedger()).toMatchObject({ entries: [{ run_id: "a" }, { run_id: "b" }], notes: [] });
  });

  it("is not continued behind a line that is no entry; the run itself is sealed all the same", async () => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "a");
    fs.appendFileSync(path.join(place.store.root, "ledger.ndjson"), "rubbish\n");
    await expect(sealSampleRun(place.store, "b")).rejects.toMatchObject({ code: "STORE_LEDGER_CORRUPT" });
    expect(place.store.readLedger().notes).toEqual(["Line 2 of ledger.ndjson is no ledger entry."]);
    expect(fs.existsSync(path.join(place.store.root, "runs/b/manifest.json"))).toBe(true);
  });

  it("names a line that was changed or taken out", async () => {
    await using place = createTemporaryStore();
    for (const id of ["a", "b", "c"]) await sealSampleRun(place.store, id);
    const file = path.join(place.store.root, "ledger.ndjson");
    const lines = fs.readFileSync(file, "utf8").split("\n");
    fs.writeFileSync(file, [lines[0], lines[2], ""].join("\n"));
    expect(place.store.readLedger().notes).toEqual(["Line 2 of ledger.ndjson does not follow the line before."]);
    fs.writeFileSync(file, lines.join("\n").replace('"run_id":"a"', '"run_id":"x"'));
    expect(place.store.readLedger().notes).toEqual(["Line 2 of ledger.ndjson does not follow the line before."]);
  });

  it("never goes back in time, even if the clock does", async () => {
    const times = [Date.parse("2026-11-20T07:00:00.000Z"), Date.parse("2020-01-01T00:00:00.000Z")];
    await using place = createTemporaryStore(() => times[0] ?? 0);
    await sealSampleRun(place.store, "a");
    times.shift();
    await sealSampleRun(place.store, "b");
    expect(place.store.readLedger().entries.map((entry) => entry.created_at)).toEqual([
      "2026-11-20T07:00:00.000Z",
      "2026-11-20T07:00:00.000Z",
    ]);
  });

  it("is not waited for longer than bounded when a lock cannot be understood, and is freed when its owner is dead", async () => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "a");
    const locks = path.join(place.store.root, "locks/ledger");
    const [held] = fs.readdirSync(locks);
    const dead = {
      machine: null,
      boot_id: fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
      pid_namespace: fs.readlinkSync("/proc/self/ns/pid"),
      pid: process.pid,
      start_time: "1",
    };
    fs.writeFileSync(path.join(locks, held ?? ""), JSON.stringify(dead));
    await sealSampleRun(place.store, "b");
    expect(place.store.readLedger().entries.map((entry) => entry.run_id)).toEqual(["a", "b"]);
    expect(fs.readdirSync(locks)).toEqual(["2"]);
    fs.writeFileSync(path.join(locks, "2"), "who knows");
    await expect(sealSampleRun(openStore({ home: place.home, lockWaitMs: 50 }), "c")).rejects.toMatchObject({
      code: "STORE_LOCKED",
      details: { lock: "ledger", pid: null },
    });
    expect(place.store.readLedger().entries).toHaveLength(2);
  });
});
