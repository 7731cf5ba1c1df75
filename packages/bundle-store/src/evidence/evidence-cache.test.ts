import fs from "node:fs";
import path from "node:path";
import { RUN_FILES } from "@cto/evidence-interface";
import { describe, expect, it } from "vitest";
import { type Evidence, iterateEvidence, type VerifiedBundle } from "../index.ts";
import {
  cache,
  cutLastByte,
  derive,
  good,
  runDirectory,
  sealRuns,
  statesOf,
  type Value,
  walk,
} from "../test/evidence-kit.ts";
import { createTemporaryStore } from "../test/sample-run.ts";

/** Waits until the files are old enough to be kept: nobody can set a ctime. */
async function letSettle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2_100));
}

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
