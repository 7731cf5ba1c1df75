import fs from "node:fs";
import path from "node:path";
import { RUN_FILES } from "@cto/evidence-interface";
import { describe, expect, it } from "vitest";
import {
  type InterruptedRun,
  openStore,
  type RunWriter,
  type Store,
  type UnsealedState,
  verifyRunDirectory,
} from "./index.ts";
import { killAfterStep, startWritingProcess } from "./test/run-writing-process.ts";
import {
  appendSampleEvents,
  createTemporaryStore,
  sealSampleRun,
  startSampleRun,
  writeSampleFiles,
} from "./test/sample-run.ts";

/** Makes the marker of a run look as if its process had died: another start time under the same process id. */
function pretendDeath(store: Store, runId: string): void {
  const marker = path.join(store.root, "active", runId);
  const owner = JSON.parse(fs.readFileSync(marker, "utf8"));
  fs.writeFileSync(marker, JSON.stringify({ ...owner, start_time: "1" }));
}

function close(store: Store, run: InterruptedRun): ReturnType<Store["closeInterrupted"]> {
  return store.closeInterrupted(run, async (writer, { eventLines }) => {
    const seal = appendSampleEvents(writer, eventLines);
    await writeSampleFiles(writer, store.home);
    return seal;
  });
}

async function onlyInterrupted(store: Store): Promise<InterruptedRun> {
  const [run, ...others] = store.findInterrupted();
  expect(others).toEqual([]);
  if (run === undefined) throw new Error("no interrupted run");
  return run;
}

describe("an interrupted run", () => {
  it("is found after SIGKILL of its process and closed into a bundle that verifies", async () => {
    await using place = createTemporaryStore();
    const last = await killAfterStep(startWritingProcess(place.home, "killed"), "events", 0);
    expect(["events", "files"]).toContain(last);
    expect(place.store.listRuns()).toMatchObject([{ run_id: "killed", status: "interrupted", engine_id: "fake" }]);
    const run = await onlyInterrupted(place.store);
    expect(run).toMatchObject({ runId: "killed", kind: "unsealed", run: { lifecycle: "running" }, tornBytes: 0 });
    expect(run.files).toContain("backend/engine.stdout.log");
    expect(await close(place.store, run)).toMatchObject({ kind: "closed", notes: [] });
    expect(verifyRunDirectory(run.directory)).toMatchObject({ verdict: "unsigned", run_id: "killed" });
    expect(place.store.findInterrupted()).toEqual([]);
    expect(place.store.resolveRun("latest").runId).toBe("killed");
  });

  it("is not found while its process lives, nor where the marker cannot be understood", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "alive");
    expect(place.store.findInterrupted()).toEqual([]);
    fs.writeFileSync(path.join(place.store.root, "active/alive"), "rubbish");
    expect(place.store.findInterrupted()).toEqual([]);
    expect(place.store.listRuns()).toMatchObject([{ status: "running" }]);
    writer.abandon();
  });

  it.each([
    ["another machine", { machine: "0".repeat(16) }, 0],
    ["another process namespace", { pid_namespace: "pid:[1]" }, 0],
    ["another boot", { boot_id: "00000000-0000-0000-0000-000000000000" }, 1],
    ["a process id that nobody has", { pid: 4_194_303 }, 1],
    ["a process id that was used again", { start_time: "1" }, 1],
  ])("is judged by its owner: %s", async (_, change, found) => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "a");
    const marker = path.join(place.store.root, "active/a");
    fs.writeFileSync(marker, JSON.stringify({ ...JSON.parse(fs.readFileSync(marker, "utf8")), ...change }));
    expect(place.store.findInterrupted()).toHaveLength(found);
    writer.abandon();
  });

  it("loses only the event that was torn, and its temporary files", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "torn");
    appendSampleEvents(writer);
    const log = path.join(writer.directory, RUN_FILES.events);
    const lines = fs.readFileSync(log, "utf8").split(/(?<=\n)/);
    fs.writeFileSync(log, lines.slice(0, 3).join("") + lines[3]?.slice(0, 40));
    fs.writeFileSync(path.join(writer.directory, ".tmp-report.json-00"), "half a rep");
    pretendDeath(place.store, "torn");
    const run = await onlyInterrupted(place.store);
    expect(run).toMatchObject({ eventLines: lines.slice(0, 3), tornBytes: 40 });
    await close(place.store, run);
    expect(fs.readFileSync(log, "utf8")).toBe(lines.join(""));
    expect(verifyRunDirectory(run.directory).verdict).toBe("unsigned");
    expect(fs.readdirSync(run.directory)).not.toContain(".tmp-report.json-00");
    writer.abandon();
  });

  it("is closed by one of two commands that try at once", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "raced");
    pretendDeath(place.store, "raced");
    const run = await onlyInterrupted(place.store);
    const outcomes = await Promise.all([close(place.store, run), close(place.store, run), close(place.store, run)]);
    expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual(["closed", "not-ours", "not-ours"]);
    expect(place.store.readLedger().entries).toHaveLength(1);
    writer.abandon();
  });

  it("that was sealed but not listed gets its ledger line, and nothing in it changes", async () => {
    await using place = createTemporaryStore();
    const { manifestSha256 } = await sealSampleRun(place.store, "unlisted");
    const marker = path.join(place.store.root, "active/unlisted");
    await startSampleRun(place.store, "other");
    fs.renameSync(path.join(place.store.root, "active/other"), marker);
    fs.rmSync(path.join(place.store.root, "ledger.ndjson"));
    pretendDeath(place.store, "unlisted");
    const run = await onlyInterrupted(place.store);
    expect(run.kind).toBe("unlisted");
    const build = (): never => {
      throw new Error("must not be called");
    };
    expect(await place.store.closeInterrupted(run, build)).toEqual({ kind: "closed", manifestSha256, notes: [] });
    expect(place.store.readLedger().entries).toMatchObject([
      { n: 1, run_id: "unlisted", manifest_sha256: manifestSha256, mode: "artificial-fixture" },
    ]);
    expect(fs.existsSync(marker)).toBe(false);
  });

  it("of which only a marker is left is dropped", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "ghost");
    writer.abandon();
    fs.writeFileSync(path.join(place.store.root, "active/ghost"), JSON.stringify({ pid: 4_194_303, boot_id: "gone" }));
    fs.rmSync(writer.directory, { recursive: true });
    const run = await onlyInterrupted(place.store);
    expect(run).toMatchObject({ run: null, eventLines: [], files: [] });
    expect(await close(place.store, run)).toEqual({ kind: "dropped" });
    expect(place.store.findInterrupted()).toEqual([]);
  });

  it("that was killed before its first file leaves nothing, not even the room that it reserved", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "early");
    for (const name of fs.readdirSync(writer.directory)) fs.rmSync(path.join(writer.directory, name));
    pretendDeath(place.store, "early");
    expect(fs.readdirSync(path.join(place.store.root, "tmp"))).toEqual(["early.reserve"]);
    expect(await close(place.store, await onlyInterrupted(place.store))).toEqual({ kind: "dropped" });
    for (const folder of ["active", "runs", "tmp"])
      expect([folder, fs.readdirSync(path.join(place.store.root, folder))]).toEqual([folder, []]);
  });

  it("does not take the run.json of another run for its own", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "a");
    const file = path.join(writer.directory, RUN_FILES.run);
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace('"run_id":"a"', '"run_id":"b"'));
    pretendDeath(place.store, "a");
    expect(await onlyInterrupted(place.store)).toMatchObject({ runId: "a", run: null });
    writer.abandon();
  });
});

describe("a run that was killed between run.completed and its manifest", () => {
  async function startConcluded(store: Store): Promise<RunWriter> {
    const writer = await startSampleRun(store, "late");
    appendSampleEvents(writer);
    await writeSampleFiles(writer, store.home);
    pretendDeath(store, "late");
    return writer;
  }

  it("is closed: the conclusion that was never sealed goes, what was observed stays", async () => {
    await using place = createTemporaryStore();
    const writer = await startConcluded(place.store);
    const read = (name: string): string => fs.readFileSync(path.join(writer.directory, name), "utf8");
    const [log, patch] = [read(RUN_FILES.events), read(RUN_FILES.patch)];
    const run = await onlyInterrupted(place.store);
    const lines = log.split(/(?<=\n)/);
    expect(run).toMatchObject({ eventLines: lines.slice(0, -1), tornBytes: 0 });
    let seen: UnsealedState | undefined;
    const outcome = await place.store.closeInterrupted(run, async (again, state) => {
      seen = state;
      expect(read(RUN_FILES.events)).toBe(lines.slice(0, -1).join(""));
      const seal = appendSampleEvents(again, state.eventLines);
      await writeSampleFiles(again, place.home);
      return seal;
    });
    expect(outcome).toMatchObject({ kind: "closed", notes: [] });
    expect(seen).toEqual({
      eventLines: lines.slice(0, -1),
      liveCount: 1,
      files: [
        "backend/engine.stdout.log",
        "patch.diff",
        "proofs/eligibility.json",
        "proofs/policy.json",
        "proofs/task.json",
        "proofs/tree-state.json",
        "run.json",
        "test.log",
      ],
    });
    expect([read(RUN_FILES.events), read(RUN_FILES.patch)]).toEqual([log, patch]);
    expect(verifyRunDirectory(run.directory).verdict).toBe("unsigned");
  });

  it("loses no document over which the next writer writes its own, however often", async () => {
    await using place = createTemporaryStore();
    const writer = await startConcluded(place.store);
    const patch = fs.readFileSync(path.join(writer.directory, RUN_FILES.patch), "utf8");
    const failing = async (again: RunWriter): Promise<never> => {
      await again.writeDocument(RUN_FILES.patch, "");
      await again.writeDocument("proofs/tree-state.json", "{}");
      await again.writeDocument(RUN_FILES.run, "{}");
      expect(again.files().find((file) => file.path === RUN_FILES.patch)).toMatchObject({ bytes: 0 });
      await again.writeDocument(RUN_FILES.patch, "not left by a dead one");
      throw new Error("no");
    };
    for (const _ of [1, 2])
      await expect(place.store.closeInterrupted(await onlyInterrupted(place.store), failing)).rejects.toThrow("no");
    const unsealed = path.join(place.store.root, "tmp/late/unsealed");
    const names = fs.readdirSync(unsealed, { recursive: true, encoding: "utf8" }).sort();
    expect(names).toEqual([
      "patch.diff",
      "patch.diff.2",
      "proofs",
      "proofs/tree-state.json",
      "proofs/tree-state.json.2",
    ]);
    expect(fs.readFileSync(path.join(unsealed, "patch.diff"), "utf8")).toBe(patch);
    expect(fs.readFileSync(path.join(unsealed, "patch.diff.2"), "utf8")).toBe("not left by a dead one");
  });

  it.each([
    [
      "its documents cannot be built",
      async (store: Store, run: InterruptedRun) => {
        const build = async (writer: RunWriter, { eventLines }: UnsealedState): Promise<never> => {
          appendSampleEvents(writer, eventLines);
          throw new Error("no");
        };
        await expect(store.closeInterrupted(run, build)).rejects.toThrow("no");
      },
    ],
    [
      "its manifest cannot be written",
      async (store: Store, run: InterruptedRun) => {
        const planted = path.join(run.directory, RUN_FILES.manifest);
        fs.mkdirSync(planted);
        await expect(close(store, run)).rejects.toMatchObject({
          code: "STORE_WRITE_FAILED",
          details: { file: RUN_FILES.manifest, system: "EISDIR" },
        });
        fs.rmdirSync(planted);
      },
    ],
  ])("is interrupted still if %s, and can be closed or removed at once", async (_, fail) => {
    await using place = createTemporaryStore();
    await startConcluded(place.store);
    const stale = await onlyInterrupted(place.store);
    for (const attempt of [1, 2]) {
      await fail(place.store, stale);
      expect([attempt, place.store.listRuns()]).toMatchObject([attempt, [{ run_id: "late", status: "interrupted" }]]);
    }
    const copy = path.join(place.home, "copy");
    fs.cpSync(place.store.root, path.join(copy, ".cto"), { recursive: true });
    const other = openStore({ home: copy });
    expect(await other.removeRun("late")).toEqual({ runId: "late", notes: [] });
    expect(fs.readdirSync(path.join(other.root, "tmp"))).toEqual([]);
    expect(await close(place.store, stale)).toMatchObject({ kind: "closed", notes: [] });
    expect(verifyRunDirectory(stale.directory).verdict).toBe("unsigned");
  });
});
