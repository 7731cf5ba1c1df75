import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { RUN_FILES, toCanonicalJson } from "@cto/evidence-interface";
import { describe, expect, it } from "vitest";
import { iterateEvidence, readEvidenceOf, type VerifiedBundle } from "../index.ts";
import {
  cache,
  cutLastByte,
  derive,
  editLedger,
  good,
  runDirectory,
  sealRuns,
  statesOf,
  walk,
} from "../test/evidence-kit.ts";
import { createTemporaryStore, startSampleRun } from "../test/sample-run.ts";

function filesOf(directory: string): readonly string[] {
  return fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
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

  it("of a run that was found after a crash says so, and does not verify it for its engine", async () => {
    await using place = createTemporaryStore();
    const { store } = place;
    await sealRuns(store, "a");
    const marker = path.join(store.root, "active/a");
    fs.rmSync(path.join(store.root, "ledger.ndjson"));
    fs.writeFileSync(marker, '{"released":true}\n');
    const [found] = store.findInterrupted();
    if (found === undefined) throw new Error("not found");
    expect(await store.closeInterrupted(found, () => Promise.reject(new Error("no")))).toMatchObject({
      kind: "closed",
    });
    const reason = "run a came into the ledger after a crash, by another process than its own";
    const recovered = { state: "recovered", n: 1, run_id: "a", mode: "artificial-fixture", value: good, reason };
    expect(walk(store)).toEqual([recovered]);
    expect(readEvidenceOf("a", { home: store.home, derive })).toEqual(recovered);
    cutLastByte(path.join(runDirectory(store, "a"), RUN_FILES.testLog));
    expect(walk(store)).toMatchObject([{ state: "broken", mode: "artificial-fixture" }]);
  });

  it("of one run is what all evidence says of it, if that is one thing and nothing stands behind it", async () => {
    await using place = createTemporaryStore();
    const { store } = place;
    await sealRuns(store, "a", "b", "c");
    const stateOf = (runId: string) => readEvidenceOf(runId, { home: store.home, derive })?.state ?? null;
    const read = readEvidenceOf("b", { home: store.home, derive });
    expect(read).toEqual(walk(store).find(({ run_id }) => run_id === "b"));
    expect([stateOf("a"), stateOf("none")]).toEqual(["verified", null]);
    const file = path.join(store.root, "ledger.ndjson");
    const whole = fs.readFileSync(file);
    const { entries } = store.readLedger();
    const states = (more: object): readonly (string | null)[] => {
      fs.appendFileSync(file, `${toCanonicalJson({ ...entries[0], n: 4, ...more })}\n`);
      const found = [stateOf("a"), stateOf("c")];
      fs.writeFileSync(file, whole);
      return found;
    };
    const last = whole.toString("utf8").trimEnd().split("\n").at(-1) ?? "";
    const prev = crypto.createHash("sha256").update(last).digest("hex");
    expect(states({ prev, manifest_sha256: "1".repeat(64) })).toEqual(["broken", "verified"]);
    expect(states({ manifest_sha256: "1".repeat(64) })).toEqual(["broken", "gap"]);
    expect(states({ prev, run_id: "other" })).toEqual(["verified", "verified"]);
    editLedger(store, ([a = "", , c = ""]) => [a, c]);
    expect([stateOf("a"), stateOf("b"), stateOf("c")]).toEqual(["gap", "unlisted", "verified"]);
    fs.writeFileSync(file, whole);
    await store.removeRun("a");
    expect([stateOf("a"), stateOf("b")]).toEqual(["removed", "verified"]);
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
    for (const name of ["ledger.ndjson", "runs/latest.json"]) fs.rmSync(path.join(place.store.root, name));
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
    // A marker that nobody understands shows no work.
    fs.writeFileSync(path.join(place.store.root, "active/c"), "rubbish");
    expect(statesOf(place.store)).toEqual(["a: unlisted", "b: unlisted", "c: unlisted"]);
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
