import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { RUN_FILES, reportSchema, toCanonicalJson } from "@cto/evidence-interface";
import { describe, expect, it } from "vitest";
import { type Evidence, type EvidenceCache, iterateEvidence, type Store, type VerifiedBundle } from "../index.ts";
import { createTemporaryStore, sealSampleRun, startSampleRun } from "../test/sample-run.ts";

interface Value {
  readonly status: string;
  readonly events: number;
}

const derive = (bundle: VerifiedBundle): Value => ({
  status: reportSchema.parse(bundle.document(RUN_FILES.report)).status,
  events: bundle.events.length,
});
const cache: EvidenceCache<Value> = {
  name: "test",
  version: "1",
  isValue: (value): value is Value => typeof value === "object" && value !== null && "status" in value,
};
const good: Value = { status: "pass", events: 10 };

function walk(store: Store, cached: EvidenceCache<Value> | null = null): readonly Evidence<Value>[] {
  return [...iterateEvidence({ home: store.home, derive, cache: cached })];
}

/** `run id: state` of every entry. */
function statesOf(store: Store, cached: EvidenceCache<Value> | null = null): readonly string[] {
  return walk(store, cached).map(({ run_id, state }) => `${run_id}: ${state}`);
}

async function sealRuns(store: Store, ...runIds: readonly string[]): Promise<void> {
  for (const runId of runIds) await sealSampleRun(store, runId);
}

function runDirectory(store: Store, runId: string): string {
  return path.join(store.root, "runs", runId);
}

/** Waits until the files are old enough to be kept: nobody can set a ctime. */
async function letSettle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2_100));
}

function filesOf(directory: string): readonly string[] {
  return fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

function cutLastByte(file: string): void {
  fs.truncateSync(file, fs.statSync(file).size - 1);
}

/** Rewrites the lines of the ledger. */
function editLedger(store: Store, edit: (lines: string[]) => readonly string[]): void {
  const file = path.join(store.root, "ledger.ndjson");
  const lines = fs.readFileSync(file, "utf8").trimEnd().split("\n");
  fs.writeFileSync(
    file,
    edit(lines)
      .map((line) => `${line}\n`)
      .join(""),
  );
}

describe("evidence", () => {
  it("is every sealed run that verifies, newest first, with what its own verified bytes say", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a", "b");
    const { entries } = place.store.readLedger();
    expect(walk(place.store)).toEqual(
      [1, 0].map((index) => ({
        state: "verified",
        n: index + 1,
        run_id: entries[index]?.run_id,
        mode: "artificial-fixture",
        manifest_sha256: entries[index]?.manifest_sha256,
        value: good,
      })),
    );
    expect(fs.readdirSync(path.join(place.store.root, "index"))).toEqual([]);
  });

  it("of a home without a store, or without runs, is nothing", async () => {
    await using place = createTemporaryStore();
    expect(walk(place.store, cache)).toEqual([]);
    expect(fs.existsSync(place.store.root)).toBe(false);
  });

  it("reads no bundle before its turn", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a", "b", "c");
    const derived: string[] = [];
    const counted = (bundle: VerifiedBundle): string => {
      derived.push(bundle.run_id);
      return bundle.run_id;
    };
    for (const { run_id } of iterateEvidence({ home: place.home, derive: counted, cache: null }))
      if (run_id === "b") break;
    expect(derived).toEqual(["c", "b"]);
  });

  it("is broken by one byte less in any file of a bundle", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a");
    const files = filesOf(runDirectory(place.store, "a"));
    expect(files.length).toBeGreaterThan(12);
    for (const file of files) {
      const whole = fs.readFileSync(file);
      cutLastByte(file);
      expect([file, statesOf(place.store)]).toEqual([file, ["a: broken"]]);
      fs.writeFileSync(file, whole);
    }
    expect(statesOf(place.store)).toEqual(["a: verified"]);
  });

  it("tells what is gone from what was removed", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a", "b", "c");
    fs.rmSync(runDirectory(place.store, "a"), { recursive: true });
    await place.store.removeRun("b");
    expect(walk(place.store).slice(1)).toEqual([
      { state: "removed", n: 2, run_id: "b", mode: "artificial-fixture", reason: "run b was removed" },
      {
        state: "missing",
        n: 1,
        run_id: "a",
        mode: "artificial-fixture",
        reason: "run a is in the ledger and not on the disk",
      },
    ]);
  });

  it("stays removed when the directory of a removed run comes back", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a");
    fs.cpSync(runDirectory(place.store, "a"), path.join(place.home, "copy"), { recursive: true });
    await place.store.removeRun("a");
    fs.cpSync(path.join(place.home, "copy"), runDirectory(place.store, "a"), { recursive: true });
    expect(statesOf(place.store)).toEqual(["a: removed"]);
  });

  it("is not another run's bundle, nor a link to one", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a", "b");
    fs.rmSync(runDirectory(place.store, "a"), { recursive: true });
    fs.cpSync(runDirectory(place.store, "b"), runDirectory(place.store, "a"), { recursive: true });
    fs.renameSync(runDirectory(place.store, "b"), path.join(place.home, "b"));
    fs.symlinkSync(path.join(place.home, "b"), runDirectory(place.store, "b"));
    expect(walk(place.store)).toMatchObject([
      { run_id: "b", state: "missing" },
      { run_id: "a", state: "broken", reason: "the directory of run a holds the run b" },
    ]);
  });

  it("is broken where ledger and bundle disagree", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a");
    editLedger(place.store, ([line = ""]) => [
      toCanonicalJson({ ...JSON.parse(line), manifest_sha256: "0".repeat(64) }),
    ]);
    expect(walk(place.store)).toEqual([
      {
        state: "broken",
        n: 1,
        run_id: "a",
        mode: "artificial-fixture",
        reason: "run a is not the bundle that the ledger says was sealed",
      },
    ]);
  });

  it("may have been of any stage where the ledger names another one than the bundle", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a");
    editLedger(place.store, ([line = ""]) => [toCanonicalJson({ ...JSON.parse(line), mode: "copied-repository" })]);
    expect(walk(place.store)).toMatchObject([{ state: "broken", mode: null }]);
  });

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
    expect(spoil(([, b = "", c = ""]) => [b, c])).toEqual([
      "a: unlisted",
      "c: verified",
      "null: gap",
      "b: verified",
      "null: gap",
    ]);
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
      "b: verified",
      "a: verified",
    ]);
    expect(spoil(([a = "", b = ""]) => [a, b])).toEqual(["c: unlisted", "b: verified", "a: verified"]);
  });

  it("does not become newer by a second line", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a", "b");
    const { entries } = place.store.readLedger();
    const file = path.join(place.store.root, "ledger.ndjson");
    const last = fs.readFileSync(file, "utf8").trimEnd().split("\n").at(-1) ?? "";
    const prev = crypto.createHash("sha256").update(last).digest("hex");
    fs.appendFileSync(file, `${toCanonicalJson({ ...entries[0], n: 3, prev })}\n`);
    expect(place.store.readLedger().notes).toEqual([]);
    expect(walk(place.store)).toMatchObject([
      { n: 3, run_id: "a", state: "broken", reason: "run a stands in the ledger twice" },
      { n: 2, run_id: "b", state: "verified" },
      { n: 1, run_id: "a", state: "verified" },
    ]);
  });

  it("names sealed runs that the ledger does not have, but none at work and none that is not sealed", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a", "b");
    fs.rmSync(path.join(place.store.root, "ledger.ndjson"));
    cutLastByte(path.join(runDirectory(place.store, "b"), RUN_FILES.testLog));
    const working = await startSampleRun(place.store, "c");
    fs.writeFileSync(path.join(working.directory, RUN_FILES.manifest), "{}");
    fs.mkdirSync(runDirectory(place.store, "d"));
    expect(walk(place.store)).toEqual([
      { state: "unlisted", n: null, run_id: "a", mode: null, value: good, reason: "run a is not in the ledger" },
      {
        state: "unlisted",
        n: null,
        run_id: "b",
        mode: null,
        value: null,
        reason: expect.stringMatching(/^run b is not in the ledger, and run b is tampered \(\w+\)$/),
      },
    ]);
    working.abandon();
  });

  it("remembers that a run was removed which the ledger never had", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a");
    fs.rmSync(path.join(place.store.root, "ledger.ndjson"));
    await place.store.removeRun("a");
    expect(walk(place.store)).toMatchObject([{ state: "removed", run_id: "a", mode: null }]);
  });
});

describe.concurrent("evidence with a cache", () => {
  it("is the same cold and warm, and derives nothing of an untouched bundle again", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a", "b");
    fs.rmSync(runDirectory(place.store, "a"), { recursive: true });
    await sealRuns(place.store, "c");
    await letSettle();
    let derived = 0;
    const counted = (bundle: VerifiedBundle): Value => {
      derived += 1;
      return derive(bundle);
    };
    const read = () => [...iterateEvidence({ home: place.home, derive: counted, cache })];
    const cold = read();
    expect([cold, derived]).toEqual([walk(place.store), 2]);
    expect([read(), derived]).toEqual([cold, 2]);
    const touched = path.join(runDirectory(place.store, "c"), RUN_FILES.reportText);
    fs.writeFileSync(touched, fs.readFileSync(touched));
    expect([read(), derived]).toEqual([cold, 3]);
    fs.rmSync(path.join(place.store.root, "index", "test.json"));
    expect([read(), derived]).toEqual([cold, 5]);
    expect(fs.statSync(path.join(place.store.root, "index", "test.json")).mode & 0o777).toBe(0o600);
  });

  it("finds every change of a bundle that was kept", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a");
    const directory = runDirectory(place.store, "a");
    await letSettle();
    expect(statesOf(place.store, cache)).toEqual(["a: verified"]);
    const spoilt = path.join(directory, RUN_FILES.reportText);
    const { atime, mtime } = fs.statSync(spoilt);
    const text = fs.readFileSync(spoilt, "utf8");
    fs.writeFileSync(spoilt, text.replace(/^./, "?"));
    fs.utimesSync(spoilt, atime, mtime);
    expect(statesOf(place.store, cache)).toEqual(["a: broken"]);
    fs.writeFileSync(spoilt, text);
    expect(statesOf(place.store, cache)).toEqual(["a: verified"]);
    fs.writeFileSync(path.join(directory, "extra.txt"), "");
    expect(statesOf(place.store, cache)).toEqual(["a: broken"]);
    fs.rmSync(path.join(directory, "extra.txt"));
    fs.rmSync(spoilt);
    expect(statesOf(place.store, cache)).toEqual(["a: broken"]);
  });

  it("keeps no bundle whose files changed a moment ago", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a");
    walk(place.store, cache);
    expect(fs.existsSync(path.join(place.store.root, "index", "test.json"))).toBe(false);
  });

  it("believes nothing of a cache of another version, with another trust, with an odd value or with other bytes", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a");
    await letSettle();
    const forged: Value = { status: "forged", events: 0 };
    const forging = () => [...iterateEvidence({ home: place.home, derive: () => forged, cache })];
    const valuesOf = (items: readonly Evidence<Value>[]) => items.map((item) => ("value" in item ? item.value : null));
    // What is kept is believed as long as it is whole; the rest of this test is about when it is not.
    expect(valuesOf(forging())).toEqual([forged]);
    expect(valuesOf(walk(place.store, cache))).toEqual([forged]);
    expect(valuesOf(walk(place.store, { ...cache, version: "2" }))).toEqual([good]);
    forging();
    const trusted = { verify: () => true, trusted: [] };
    expect(valuesOf([...iterateEvidence({ home: place.home, derive, cache, signatures: trusted })])).toEqual([good]);
    const file = path.join(place.store.root, "index", "test.json");
    fs.rmSync(file);
    forging();
    const isValue = (value: unknown): value is Value => cache.isValue(value) && value.status !== "forged";
    expect(valuesOf(walk(place.store, { ...cache, isValue }))).toEqual([good]);
    fs.rmSync(file);
    forging();
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace("forged", "faked!"));
    expect(valuesOf(walk(place.store, cache))).toEqual([good]);
  });

  it("changes nothing for a caller without a cache, whatever stands in it", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a", "b");
    await letSettle();
    [...iterateEvidence({ home: place.home, derive: (): Value => ({ status: "forged", events: 0 }), cache })];
    cutLastByte(path.join(runDirectory(place.store, "a"), RUN_FILES.testLog));
    expect(walk(place.store)).toMatchObject([
      { run_id: "b", state: "verified", value: good },
      { run_id: "a", state: "broken" },
    ]);
  });

  it("keeps what it saw when the reader stops early, and forgets runs that are gone", async () => {
    await using place = createTemporaryStore();
    await sealRuns(place.store, "a", "b");
    await letSettle();
    const kept = (): readonly string[] => {
      const text = fs.readFileSync(path.join(place.store.root, "index", "test.json"), "utf8");
      return JSON.parse(text.slice(65)).bundles.map(([runId]: [string]) => runId);
    };
    for (const _ of iterateEvidence({ home: place.home, derive, cache })) break;
    expect(kept()).toEqual(["b"]);
    walk(place.store, cache);
    expect(kept()).toEqual(["b", "a"]);
    fs.rmSync(runDirectory(place.store, "b"), { recursive: true });
    walk(place.store, cache);
    expect(kept()).toEqual(["a"]);
  });
});
