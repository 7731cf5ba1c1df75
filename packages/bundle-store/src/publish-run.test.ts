import fs from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { openStore, verifyRunDirectory } from "./index.ts";
import {
  appendSampleEvents,
  createTemporaryStore,
  sealSampleRun,
  startSampleRun,
  writeSampleFiles,
} from "./test/sample-run.ts";

const plant = (place: string): void => {
  fs.rmSync(place, { recursive: true, force: true });
  fs.mkdirSync(place);
};

it.each(["ledger.ndjson", "runs/latest.json", "locks/ledger/2"])(
  "a run is sealed although %s is in the way, and is listed once that is mended",
  async (name) => {
    await using place = createTemporaryStore();
    const store = openStore({ home: place.home, lockWaitMs: 0 });
    await sealSampleRun(store, "first");
    const writer = await startSampleRun(store, "second");
    const seal = appendSampleEvents(writer);
    await writeSampleFiles(writer, place.home);
    const obstacle = path.join(store.root, name);
    if (name.startsWith("locks")) fs.writeFileSync(obstacle, JSON.stringify({ pid: process.pid }));
    else plant(obstacle);
    const sealed = await writer.seal(seal);
    expect(sealed.notes).toEqual([expect.stringMatching(/^The run is sealed, but it could not be entered in ledger/)]);
    expect(verifyRunDirectory(writer.directory)).toMatchObject({ verdict: "unsigned", status: "pass" });
    writer.abandon();
    fs.rmSync(obstacle, { recursive: true });
    expect(store.listRuns().find((row) => row.run_id === "second")).toMatchObject({ status: "pass" });
    const [found, ...others] = store.findInterrupted();
    expect([found?.runId, found?.kind, others]).toEqual(["second", "unlisted", []]);
    if (found === undefined) return;
    const build = (): never => {
      throw new Error("must not be called");
    };
    const { manifestSha256 } = sealed;
    expect(await store.closeInterrupted(found, build)).toEqual({ kind: "closed", manifestSha256, notes: [] });
    expect(store.readLedger().entries.filter((entry) => entry.run_id === "second")).toMatchObject([
      name === "runs/latest.json"
        ? { kind: "sealed", manifest_sha256: manifestSha256 }
        : { kind: "sealed", manifest_sha256: manifestSha256, recovered: true },
    ]);
    expect(store.resolveRun("latest").runId).toBe("second");
    expect(store.findInterrupted()).toEqual([]);
  },
);

it("a run is sealed and listed although the locks were taken away", async () => {
  await using place = createTemporaryStore();
  const writer = await startSampleRun(place.store, "a");
  const seal = appendSampleEvents(writer);
  await writeSampleFiles(writer, place.home);
  fs.rmSync(path.join(place.store.root, "locks"), { recursive: true });
  expect((await writer.seal(seal)).notes).toEqual([]);
  expect(place.store.readLedger().entries).toMatchObject([{ run_id: "a" }]);
});

it("a sealed run that cannot be listed stays found, and is never shown as running", async () => {
  await using place = createTemporaryStore();
  const store = openStore({ home: place.home, lockWaitMs: 0 });
  const writer = await startSampleRun(store, "a");
  const seal = appendSampleEvents(writer);
  await writeSampleFiles(writer, place.home);
  fs.mkdirSync(path.join(store.root, "ledger.ndjson"));
  expect((await writer.seal(seal)).notes).toHaveLength(1);
  for (const _ of [1, 2]) {
    const [found] = store.findInterrupted();
    if (found === undefined) throw new Error("not found");
    await expect(store.closeInterrupted(found, () => Promise.reject(new Error("no")))).rejects.toMatchObject({
      code: "STORE_WRITE_FAILED",
      details: { file: "ledger.ndjson", system: "EISDIR" },
    });
  }
});

const released = '{"released":true}\n';

it("a directory that only looks like a sealed run gets no ledger line", async () => {
  await using place = createTemporaryStore();
  const { store } = place;
  await sealSampleRun(store, "good");
  const spoilt = {
    copied: () => {},
    spoilt: (folder: string) => fs.appendFileSync(path.join(folder, "test.log"), "x"),
  };
  for (const [runId, spoil] of Object.entries(spoilt)) {
    const directory = path.join(store.root, "runs", runId);
    fs.cpSync(path.join(store.root, "runs/good"), directory, { recursive: true });
    spoil(directory);
    fs.writeFileSync(path.join(store.root, "active", runId), released);
    for (const found of store.findInterrupted())
      await expect(store.closeInterrupted(found, () => Promise.reject(new Error("no")))).rejects.toMatchObject({
        code: "STORE_RUN_INVALID",
      });
    expect(store.findInterrupted()).toMatchObject([{ runId }]);
    await store.removeRun(runId);
  }
  const sealed = store.readLedger().entries.filter(({ kind }) => kind === "sealed");
  expect(sealed.map(({ run_id }) => run_id)).toEqual(["good"]);
});

it("a run that another process closed says in the ledger that it was recovered", async () => {
  await using place = createTemporaryStore();
  const { home, store } = place;
  const writer = await startSampleRun(store, "dead");
  fs.writeFileSync(path.join(store.root, "active/dead"), released);
  for (const found of store.findInterrupted())
    await store.closeInterrupted(found, async (again, { eventLines }) => {
      const seal = appendSampleEvents(again, eventLines);
      await writeSampleFiles(again, home);
      return seal;
    });
  await sealSampleRun(store, "alive");
  const { entries } = store.readLedger();
  expect(entries.map((entry) => [entry.run_id, "recovered" in entry])).toEqual([
    ["dead", true],
    ["alive", false],
  ]);
  writer.abandon();
});
