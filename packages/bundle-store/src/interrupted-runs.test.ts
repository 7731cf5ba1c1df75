import fs from "node:fs";
import path from "node:path";
import { RUN_FILES } from "@cto/evidence-interface";
import { describe, expect, it } from "vitest";
import { type InterruptedRun, type Store, verifyRunDirectory } from "./index.ts";
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
  return store.closeInterrupted(run, async (writer) => {
    const seal = appendSampleEvents(writer, run.eventLines);
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
});
