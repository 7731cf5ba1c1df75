import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { manifestSchema, RUN_FILES } from "@cto/evidence-interface";
import { describe, expect, it } from "vitest";
import { verifyRunDirectory } from "./index.ts";
import {
  appendSampleEvents,
  createTemporaryStore,
  sampleRun,
  sealSampleRun,
  startSampleRun,
  writeSampleFiles,
} from "./test/sample-run.ts";

const mode = (file: string): number => fs.statSync(file).mode & 0o777;
const digest = (file: string): string => crypto.createHash("sha256").update(fs.readFileSync(file)).digest("hex");

describe("a run that is written and sealed", () => {
  it("gives a bundle that the verifier finds intact", async () => {
    await using place = createTemporaryStore();
    const sealed = await sealSampleRun(place.store, "sample-1");
    const directory = path.join(place.store.root, "runs/sample-1");
    const result = verifyRunDirectory(directory);
    expect(result.findings.map((finding) => finding.code)).toEqual(["ATTESTATION_MISSING"]);
    expect(result).toMatchObject({ verdict: "unsigned", run_id: "sample-1", status: "pass" });
    expect(sealed.manifestSha256).toBe(digest(path.join(directory, RUN_FILES.manifest)));
    expect(sealed.notes).toEqual([]);
  });

  it("lists every file once with the size and digest that it has on disk, streamed or not", async () => {
    await using place = createTemporaryStore();
    const { files } = await sealSampleRun(place.store, "sample-1");
    const directory = path.join(place.store.root, "runs/sample-1");
    const manifest = manifestSchema.parse(
      JSON.parse(fs.readFileSync(path.join(directory, RUN_FILES.manifest), "utf8")),
    );
    const onDisk = fs
      .readdirSync(directory, { recursive: true, encoding: "utf8" })
      .filter((name) => fs.statSync(path.join(directory, name)).isFile() && name !== RUN_FILES.manifest)
      .sort();
    expect(manifest.files.map((file) => file.path)).toEqual(onDisk);
    expect(onDisk).toHaveLength(files.length);
    for (const file of manifest.files) {
      expect(file.sha256).toBe(digest(path.join(directory, file.path)));
      expect(file.bytes).toBe(fs.statSync(path.join(directory, file.path)).size);
    }
  });

  it("is private: directories 0700, files 0600, and nothing is left in active and tmp", async () => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "sample-1");
    for (const name of fs.readdirSync(place.store.root, { recursive: true, encoding: "utf8" })) {
      const entry = path.join(place.store.root, name);
      expect([name, mode(entry)]).toEqual([name, fs.statSync(entry).isDirectory() ? 0o700 : 0o600]);
    }
    expect(mode(place.store.root)).toBe(0o700);
    expect(fs.readFileSync(path.join(place.store.root, ".gitignore"), "utf8")).toBe("*\n");
    expect(fs.readdirSync(path.join(place.store.root, "active"))).toEqual([]);
    expect(fs.readdirSync(path.join(place.store.root, "tmp"))).toEqual([]);
  });

  it("stands in ledger and latest pointer", async () => {
    await using place = createTemporaryStore(() => Date.parse("2026-11-20T07:00:00.000Z"));
    const first = await sealSampleRun(place.store, "b-first");
    const second = await sealSampleRun(place.store, "a-second");
    const common = { kind: "sealed", mode: "artificial-fixture", created_at: "2026-11-20T07:00:00.000Z" };
    const [one, two] = fs.readFileSync(path.join(place.store.root, "ledger.ndjson"), "utf8").trimEnd().split("\n");
    expect(place.store.readLedger()).toEqual({
      entries: [
        {
          ...common,
          n: 1,
          run_id: "b-first",
          path: "runs/b-first",
          manifest_sha256: first.manifestSha256,
          prev: "0".repeat(64),
        },
        {
          ...common,
          n: 2,
          run_id: "a-second",
          path: "runs/a-second",
          manifest_sha256: second.manifestSha256,
          prev: crypto
            .createHash("sha256")
            .update(one ?? "")
            .digest("hex"),
        },
      ],
      notes: [],
      breaks: [],
    });
    expect(JSON.parse(two ?? "")).toMatchObject({ run_id: "a-second" });
    expect(JSON.parse(fs.readFileSync(path.join(place.store.root, "runs/latest.json"), "utf8"))).toEqual({
      schema: "cto.latest-run.v1",
      run_id: "a-second",
      path: "runs/a-second",
      updated_at: "2026-11-20T07:00:00.000Z",
    });
    expect(place.store.resolveRun("latest").runId).toBe("a-second");
  });
});

describe("the writer", () => {
  it("shows events on the disk as soon as they are appended, while the run goes on", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "sample-1");
    const log = path.join(writer.directory, RUN_FILES.events);
    const sizes = [fs.statSync(log).size];
    appendSampleEvents(writer);
    sizes.push(fs.statSync(log).size);
    expect(sizes[0]).toBe(0);
    expect(sizes[1]).toBeGreaterThan(1000);
    expect(fs.existsSync(path.join(writer.directory, RUN_FILES.manifest))).toBe(false);
    expect(verifyRunDirectory(writer.directory).verdict).toBe("incomplete");
    writer.abandon();
  });

  it.each([
    "",
    "..",
    "../x",
    "/etc/x",
    "a//b",
    "a/./b",
    ".hidden",
    "a/.tmp-b",
    "a\nb",
    'a"b',
    "C:x",
    "manifest.json",
    "events.ndjson",
    "events.normalized.jsonl",
    "trace.jsonl",
    "attestation.intoto.jsonl",
    "a\\b",
    "ä",
  ])("refuses the pointer %j", async (pointer) => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "sample-1");
    await expect(writer.writeDocument(pointer, "x")).rejects.toMatchObject({ code: "STORE_POINTER_INVALID" });
    expect(() => writer.openLog(pointer)).toThrowError(expect.objectContaining({ code: "STORE_POINTER_INVALID" }));
    writer.abandon();
  });

  it("does not follow a link that was put into the run directory", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "sample-1");
    const outside = path.join(place.home, "outside");
    fs.mkdirSync(outside);
    fs.writeFileSync(path.join(outside, "victim"), "untouched");
    fs.symlinkSync(outside, path.join(writer.directory, "backend"));
    fs.symlinkSync(path.join(outside, "victim"), path.join(writer.directory, "test.log"));
    fs.symlinkSync(path.join(outside, "victim"), path.join(writer.directory, "report.md"));
    expect(() => writer.openLog("backend/x.log")).toThrowError(
      expect.objectContaining({ code: "STORE_WRITE_FAILED", details: { file: "backend/x.log", system: "ENOTDIR" } }),
    );
    expect(() => writer.openLog("test.log")).toThrowError(expect.objectContaining({ code: "STORE_WRITE_FAILED" }));
    await writer.writeDocument("report.md", "mine");
    expect(fs.lstatSync(path.join(writer.directory, "report.md")).isFile()).toBe(true);
    await expect(writer.adopt("patch.diff", path.join(writer.directory, "test.log"))).rejects.toMatchObject({
      code: "STORE_WRITE_FAILED",
    });
    expect(fs.readdirSync(outside)).toEqual(["victim"]);
    expect(fs.readFileSync(path.join(outside, "victim"), "utf8")).toBe("untouched");
    writer.abandon();
  });

  it("answers with a coded error where a folder was put in its way, and leaves no temporary file", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "sample-1");
    const planted = ["report.md", "patch.diff", "test.log", "run.json", "manifest.json"];
    for (const name of planted) {
      fs.rmSync(path.join(writer.directory, name), { force: true });
      fs.mkdirSync(path.join(writer.directory, name));
    }
    const patch = path.join(place.home, "patch");
    fs.writeFileSync(patch, "+");
    const refused = (file: string, system: string) => ({ code: "STORE_WRITE_FAILED", details: { file, system } });
    for (const name of ["report.md", "run.json"])
      await expect(writer.writeDocument(name, "x")).rejects.toMatchObject(refused(name, "EISDIR"));
    await expect(writer.adopt("patch.diff", patch)).rejects.toMatchObject(refused("patch.diff", "EEXIST"));
    expect(() => writer.openLog("test.log")).toThrowError(expect.objectContaining(refused("test.log", "EEXIST")));
    await expect(writer.seal(appendSampleEvents(writer))).rejects.toMatchObject(refused("manifest.json", "EISDIR"));
    expect(fs.readdirSync(writer.directory).filter((name) => name.startsWith("."))).toEqual([]);
    expect(fs.readFileSync(patch, "utf8")).toBe("+");
    writer.abandon();
  });

  it("answers with a coded error where its directory was taken away", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "sample-1");
    const seal = appendSampleEvents(writer);
    fs.rmSync(writer.directory, { recursive: true });
    await expect(writer.seal(seal)).rejects.toMatchObject({ code: "STORE_WRITE_FAILED" });
    writer.abandon();
  });

  it("cuts logs at the artifact budget, says so once, and still seals", async () => {
    await using place = createTemporaryStore();
    let fired = 0;
    const writer = await startSampleRun(place.store, "sample-1", {
      artifactBytes: 10,
      onBudgetExceeded: () => (fired += 1),
    });
    const log = writer.openLog("backend/a.log");
    log.write(Buffer.from("1234567"));
    expect([log.truncated, writer.budgetExceeded, fired]).toEqual([false, false, 0]);
    log.write(Buffer.from("89abcdef"));
    log.write(Buffer.from("more"));
    expect([log.bytes, log.truncated, writer.budgetExceeded, fired]).toEqual([10, true, true, 1]);
    expect(writer.appendLive('{"dropped":true}\n')).toBe(false);
    expect(fs.readFileSync(path.join(writer.directory, "backend/a.log"), "utf8")).toBe("123456789a");
    expect(log.close()).toEqual({
      path: "backend/a.log",
      bytes: 10,
      sha256: digest(path.join(writer.directory, "backend/a.log")),
    });
    const seal = appendSampleEvents(writer);
    const { files } = await writer.seal(seal);
    expect(files.map((file) => file.path)).toContain("backend/a.log");
  });

  it("adopts a file by moving it, and a file with a second name by copying it", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "sample-1");
    const [single, twin, other] = ["single", "twin", "other"].map((name) => path.join(place.home, name)) as [
      string,
      string,
      string,
    ];
    fs.writeFileSync(single, "a patch", { mode: 0o644 });
    fs.writeFileSync(twin, "linked", { mode: 0o644 });
    fs.linkSync(twin, other);
    const inode = fs.statSync(single).ino;
    await writer.adopt("patch.diff", single);
    await writer.adopt("backend/other.bin", twin);
    expect(fs.statSync(path.join(writer.directory, "patch.diff"))).toMatchObject({ ino: inode });
    expect(mode(path.join(writer.directory, "patch.diff"))).toBe(0o600);
    fs.writeFileSync(other, "changed through the second name");
    expect(fs.readFileSync(path.join(writer.directory, "backend/other.bin"), "utf8")).toBe("linked");
    expect([fs.existsSync(single), fs.existsSync(twin)]).toEqual([false, false]);
    await expect(writer.adopt("patch.diff", other)).rejects.toMatchObject({ code: "STORE_POINTER_TAKEN" });
    writer.abandon();
  });

  it("refuses a second log of one name, a line without its LF, and any write after the seal", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "sample-1");
    const log = writer.openLog("test.log");
    expect(() => writer.openLog("test.log")).toThrowError(expect.objectContaining({ code: "STORE_POINTER_TAKEN" }));
    await expect(writer.writeDocument("test.log", "x")).rejects.toMatchObject({ code: "STORE_POINTER_TAKEN" });
    for (const line of ["no end", "two\nlines\n", ""]) {
      expect(() => writer.appendEvent(line)).toThrowError(expect.objectContaining({ code: "STORE_LINE_INVALID" }));
    }
    log.close();
    expect(() => log.write(Buffer.from("late"))).toThrowError(expect.objectContaining({ code: "STORE_WRITER_CLOSED" }));
    await writer.seal(appendSampleEvents(writer));
    expect(() => writer.appendEvent("{}\n")).toThrowError(expect.objectContaining({ code: "STORE_WRITER_CLOSED" }));
    await expect(writer.writeDocument("late.json", {})).rejects.toMatchObject({ code: "STORE_WRITER_CLOSED" });
    await expect(writer.seal({ eventCount: 0, chainHead: "0".repeat(64) })).rejects.toMatchObject({
      code: "STORE_WRITER_CLOSED",
    });
  });

  it("leaves an abandoned run incomplete for good, and nothing of it in active or tmp", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "sample-1");
    writer.abandon();
    expect(place.store.listRuns()).toMatchObject([{ run_id: "sample-1", status: "incomplete" }]);
    expect(place.store.findInterrupted()).toEqual([]);
    expect(fs.readdirSync(path.join(place.store.root, "active"))).toEqual([]);
    expect(fs.readdirSync(path.join(place.store.root, "tmp"))).toEqual([]);
  });

  it("refuses an id that is taken, even while the other run is still going, and a run.json of another run", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "sample-1");
    await expect(startSampleRun(place.store, "sample-1")).rejects.toMatchObject({ code: "STORE_RUN_EXISTS" });
    await writeSampleFiles(writer, place.home);
    await writer.seal(appendSampleEvents(writer));
    await expect(startSampleRun(place.store, "sample-1")).rejects.toMatchObject({ code: "STORE_RUN_EXISTS" });
    expect(verifyRunDirectory(writer.directory).verdict).not.toBe("tampered");
    const run = sampleRun("sample-1");
    await expect(place.store.createRun({ runId: "sample-2", run, artifactBytes: 1 })).rejects.toMatchObject({
      code: "STORE_POINTER_INVALID",
    });
  });
});
