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

  it.each([
    ["rubbish", Buffer.from("rubbish\n"), 2],
    ["bytes that are no text", Buffer.from([0xff, 0x00, 0xfe, 0x0a]), 2],
    ["rubbish longer than what is read of the end", Buffer.from(`${"x".repeat(9000)}\n`), 2],
    ["the same without an end", Buffer.from("x".repeat(9000)), 2],
    ["two lines", Buffer.from("{}\n\n"), 3],
  ])("goes on behind a line that is no entry, keeps it and names it: %s", async (_, rubbish, line) => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "a");
    const file = path.join(place.store.root, "ledger.ndjson");
    fs.appendFileSync(file, rubbish);
    const before = fs.readFileSync(file);
    const odd = `Line ${line} of ledger.ndjson is no ledger entry`;
    expect((await sealSampleRun(place.store, "b")).notes.at(-1)).toBe(
      `${odd}; it was left, and the chain goes on behind it.`,
    );
    expect((await sealSampleRun(place.store, "c")).notes).toEqual([]);
    expect(fs.readFileSync(file).subarray(0, before.length)).toEqual(before);
    const { entries, notes } = place.store.readLedger();
    expect(entries.map((entry) => [entry.n, entry.run_id])).toEqual([
      [1, "a"],
      [line + 1, "b"],
      [line + 2, "c"],
    ]);
    expect(notes).toHaveLength(line - 1);
    expect(notes.at(-1)).toBe(`${odd}.`);
    expect(place.store.resolveRun("latest").runId).toBe("c");
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

  it("is not waited for longer than bounded while another process holds it, and is free when its owner is dead", async () => {
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
    const alive = { ...dead, start_time: ownStartTime() };
    fs.writeFileSync(path.join(locks, "2"), JSON.stringify(alive));
    const { notes } = await sealSampleRun(openStore({ home: place.home, lockWaitMs: 50 }), "c");
    expect(notes).toEqual([expect.stringContaining("Another process holds the lock on the ledger.")]);
    expect(place.store.readLedger().entries).toHaveLength(2);
    expect(fs.readFileSync(path.join(locks, "2"), "utf8")).toBe(JSON.stringify(alive));
  });

  it.each<[string, (locks: string) => void, readonly string[]]>([
    ["a text", (locks) => fs.writeFileSync(path.join(locks, "7"), "who knows"), ["2", "7"]],
    ["a large file", (locks) => fs.writeFileSync(path.join(locks, "7"), "x".repeat(5000)), ["2", "7"]],
    ["a folder where the next lock would be", (locks) => fs.mkdirSync(path.join(locks, "2")), ["2", "3"]],
    ["a link to nothing", (locks) => fs.symlinkSync("nowhere", path.join(locks, "2")), ["2", "3"]],
    ["the highest number", (locks) => fs.writeFileSync(path.join(locks, "9".repeat(15)), "x"), ["2", "9".repeat(15)]],
    ["another name", (locks) => fs.writeFileSync(path.join(locks, "1e9"), ""), ["1e9", "2"]],
  ])("is locked without a wait beside what is no lock: %s", async (_, plant, left) => {
    await using place = createTemporaryStore();
    const store = openStore({ home: place.home, lockWaitMs: 0 });
    await sealSampleRun(store, "a");
    const locks = path.join(place.store.root, "locks/ledger");
    plant(locks);
    expect((await sealSampleRun(store, "b")).notes).toEqual([]);
    expect(fs.readdirSync(locks).sort()).toEqual([...left].sort());
    expect((await sealSampleRun(store, "c")).notes).toEqual([]);
    expect(store.readLedger()).toMatchObject({ entries: [{ n: 1 }, { n: 2 }, { n: 3, run_id: "c" }], notes: [] });
  });

  it("says what to do, at once, where no higher number can follow", async () => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "a");
    fs.writeFileSync(path.join(place.store.root, "locks/ledger", "9".repeat(15)), "");
    await expect(place.store.removeRun("a")).rejects.toMatchObject({
      code: "STORE_LOCKED",
      hint: "Remove .cto/locks/ledger while no other cto command runs; it is created again.",
    });
  });
});

/** Field 22 of proc_pid_stat(5). */
function ownStartTime(): string | undefined {
  const stat = fs.readFileSync("/proc/self/stat", "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}
