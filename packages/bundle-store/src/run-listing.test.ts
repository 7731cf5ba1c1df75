import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { runIdOfDirectory } from "./index.ts";
import { createTemporaryStore, sealSampleRun, startSampleRun } from "./test/sample-run.ts";

describe("listRuns", () => {
  it("is empty where there is no store, and creates none", async () => {
    await using place = createTemporaryStore();
    expect(place.store.listRuns()).toEqual([]);
    expect(place.store.listRunDirectories()).toEqual([]);
    expect(place.store.findInterrupted()).toEqual([]);
    expect(fs.readdirSync(place.home)).toEqual([]);
  });

  it("shows sealed, running and incomplete runs with what their documents say", async () => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "sealed");
    const running = await startSampleRun(place.store, "running");
    const abandoned = await startSampleRun(place.store, "abandoned");
    abandoned.abandon();
    const rows = place.store.listRuns();
    expect(rows.map((row) => [row.run_id, row.status])).toEqual([
      ["sealed", "pass"],
      ["running", "running"],
      ["abandoned", "incomplete"],
    ]);
    expect(rows[0]).toEqual({
      run_id: "sealed",
      status: "pass",
      case_id: "r1-string-slugify",
      task_id: "r1-string-slugify",
      title: "Make slugify work",
      engine_id: "fake",
      stage: 2,
      started_at: "2026-11-20T06:01:00.000Z",
      finished_at: "2026-11-20T06:01:09.000Z",
      duration_ms: 9000,
      blockers: [],
    });
    expect(rows[1]).toMatchObject({ title: null, finished_at: null, duration_ms: null, stage: 2 });
    running.abandon();
  });

  it("answers from its index while a manifest is untouched, and reads again when it is not", async () => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "a");
    const before = place.store.listRuns();
    const directory = path.join(place.store.root, "runs/a");
    const report = fs.readFileSync(path.join(directory, "report.json"), "utf8");
    fs.writeFileSync(path.join(directory, "report.json"), report.replace('"status":"pass"', '"status":"fail"'));
    expect(place.store.listRuns()).toEqual(before);
    fs.utimesSync(path.join(directory, "manifest.json"), new Date(), new Date());
    expect(place.store.listRuns()[0]?.status).toBe("fail");
  });

  it.each(["", "rubbish", "0".repeat(64), `${"0".repeat(64)}\n[]`])(
    "builds a broken index (%j) again",
    async (content) => {
      await using place = createTemporaryStore();
      await sealSampleRun(place.store, "a");
      const rows = place.store.listRuns();
      const index = path.join(place.store.root, "index/runs.json");
      const whole = fs.readFileSync(index, "utf8");
      fs.writeFileSync(index, content);
      expect(place.store.listRuns()).toEqual(rows);
      expect(fs.readFileSync(index, "utf8")).toBe(whole);
    },
  );

  it("builds an index again that holds odd values under a right digest", async () => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "a");
    const rows = place.store.listRuns();
    const index = path.join(place.store.root, "index/runs.json");
    const whole = fs.readFileSync(index, "utf8");
    const [[, entry]] = JSON.parse(whole.slice(65));
    const odd = [
      null,
      7,
      {},
      [null],
      [["a", null]],
      [["a", { ...entry, row: null }]],
      [["a", { ...entry, stamp: null }]],
      [["b", entry]],
      ...Object.keys(entry.row).flatMap((key) => [
        [["a", { ...entry, row: { ...entry.row, [key]: { odd: true } } }]],
        [["a", { ...entry, row: { ...entry.row, [key]: undefined } }]],
      ]),
      [["a", { ...entry, row: { ...entry.row, status: "running" } }]],
      [["a", { ...entry, row: { ...entry.row, blockers: [7] } }]],
      [["a", { ...entry, row: { ...entry.row, more: 1 } }]],
    ];
    for (const body of [...odd.map((value) => JSON.stringify(value)), "rubbish"]) {
      fs.writeFileSync(index, `${crypto.createHash("sha256").update(body).digest("hex")}\n${body}`);
      expect([body, place.store.listRuns()]).toEqual([body, rows]);
      expect(fs.readFileSync(index, "utf8")).toBe(whole);
    }
  });

  it("shows a run that was put over another one as a mismatch, and nothing of what it says", async () => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "good");
    const directory = (id: string): string => path.join(place.store.root, "runs", id);
    for (const name of ["all", "run.json", "report.json", "manifest.json"]) {
      const id = name.replace(".json", "-put");
      await sealSampleRun(place.store, id);
      expect(place.store.listRuns().find((row) => row.run_id === id)?.status).toBe("pass");
      const part = name === "all" ? "" : name;
      fs.rmSync(path.join(directory(id), part), { recursive: true });
      fs.cpSync(path.join(directory("good"), part), path.join(directory(id), part), { recursive: true });
      fs.utimesSync(path.join(directory(id), "manifest.json"), new Date(), new Date());
      expect(place.store.listRuns().find((row) => row.run_id === id)).toEqual({
        run_id: id,
        status: "mismatch",
        case_id: null,
        task_id: null,
        title: null,
        engine_id: null,
        stage: null,
        started_at: null,
        finished_at: null,
        duration_ms: null,
        blockers: [],
      });
    }
    fs.rmSync(path.join(directory("all"), "manifest.json"));
    expect(place.store.listRuns().find((row) => row.run_id === "all")?.status).toBe("mismatch");
  });

  it("forgets removed runs", async () => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "a");
    place.store.listRuns();
    fs.rmSync(path.join(place.store.root, "runs/a"), { recursive: true });
    expect(place.store.listRuns()).toEqual([]);
    expect(fs.readFileSync(path.join(place.store.root, "index/runs.json"), "utf8")).toMatch(/^[0-9a-f]{64}\n\[\]$/);
  });
});

describe("resolveRun", () => {
  it("finds a run by id, unique prefix, path and latest", async () => {
    await using place = createTemporaryStore();
    for (const id of ["zeta-1", "alpha-1", "alpha-10"]) await sealSampleRun(place.store, id);
    const directory = (id: string): string => path.join(place.store.root, "runs", id);
    expect(place.store.resolveRun("alpha-1")).toEqual({ runId: "alpha-1", directory: directory("alpha-1") });
    expect(place.store.resolveRun("z")).toEqual({ runId: "zeta-1", directory: directory("zeta-1") });
    expect(place.store.resolveRun("latest")).toEqual({ runId: "alpha-10", directory: directory("alpha-10") });
    expect(place.store.resolveRun("./.cto/runs/zeta-1", { cwd: place.home })).toEqual({
      runId: "zeta-1",
      directory: directory("zeta-1"),
    });
    expect(place.store.resolveRun(".", { cwd: directory("zeta-1") })).toEqual({
      runId: "zeta-1",
      directory: directory("zeta-1"),
    });
  });

  it("says which runs were meant, perhaps", async () => {
    await using place = createTemporaryStore();
    for (const id of ["alpha-1", "alpha-2"]) await sealSampleRun(place.store, id);
    const attempt = (selector: string) => () => place.store.resolveRun(selector);
    expect(attempt("alpha")).toThrowError(
      expect.objectContaining({
        code: "STORE_RUN_AMBIGUOUS",
        details: { selector: "alpha", candidates: ["alpha-1", "alpha-2"] },
      }),
    );
    expect(attempt("alpha-3")).toThrowError(
      expect.objectContaining({ code: "STORE_RUN_NOT_FOUND", hint: "Did you mean alpha-1 or alpha-2?" }),
    );
    expect(attempt("zzz")).toThrowError(
      expect.objectContaining({ code: "STORE_RUN_NOT_FOUND", details: { selector: "zzz", candidates: [] } }),
    );
    expect(attempt("")).toThrowError(expect.objectContaining({ code: "STORE_RUN_NOT_FOUND" }));
    expect(attempt("./nowhere")).toThrowError(expect.objectContaining({ code: "STORE_RUN_NOT_FOUND" }));
  });

  it("finds latest in the ledger where the pointer is missing, broken or points at a run that is gone", async () => {
    await using place = createTemporaryStore();
    const latest = path.join(place.store.root, "runs/latest.json");
    expect(() => place.store.resolveRun("latest")).toThrowError(
      expect.objectContaining({ code: "STORE_RUN_NOT_FOUND" }),
    );
    for (const id of ["c", "b", "a"]) await sealSampleRun(place.store, id);
    fs.rmSync(latest);
    expect(place.store.resolveRun("latest").runId).toBe("a");
    fs.writeFileSync(latest, "{");
    expect(place.store.resolveRun("latest").runId).toBe("a");
    fs.rmSync(path.join(place.store.root, "runs/a"), { recursive: true });
    expect(place.store.resolveRun("latest").runId).toBe("b");
  });
});

describe("runIdOfDirectory", () => {
  it("is the name of a directory in this store, and null for one elsewhere", async () => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "a");
    const directory = path.join(place.store.root, "runs/a");
    const copy = path.join(place.home, "copy");
    fs.cpSync(directory, copy, { recursive: true });
    fs.symlinkSync(directory, path.join(place.home, "link"));
    const links = path.join(place.home, "links");
    fs.symlinkSync(path.join(place.store.root, "runs"), links);
    const found = [
      directory,
      path.join(place.home, "link"),
      path.join(links, "a"),
      copy,
      path.join(directory, "proofs"),
    ];
    expect(found.map((one) => runIdOfDirectory(place.store, one))).toEqual(["a", "a", "a", null, null]);
    expect(runIdOfDirectory(place.store, path.join(place.store.root, "runs/gone"))).toBe("gone");
  });
});

describe("removeRun", () => {
  it("takes work tree, quarantine and reserved room away too, whatever permissions are in there", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "a");
    const work = path.join(place.store.root, "tmp/a");
    fs.mkdirSync(path.join(work, "deep/er"), { recursive: true });
    fs.writeFileSync(path.join(work, "deep/er/file"), "");
    fs.chmodSync(path.join(work, "deep/er"), 0);
    fs.chmodSync(work, 0);
    place.store.writeQuarantine("a", "patch.diff", Buffer.from("secret"));
    fs.writeFileSync(path.join(place.store.root, "active/a"), JSON.stringify({ pid: 4_194_303, boot_id: "gone" }));
    expect(fs.existsSync(path.join(place.store.root, "tmp/a.reserve"))).toBe(true);
    await place.store.removeRun("a");
    for (const folder of ["active", "quarantine", "runs", "tmp"])
      expect([folder, fs.readdirSync(path.join(place.store.root, folder))]).toEqual([folder, []]);
    writer.abandon();
  });

  it("removes a run all the same where latest.json cannot be replaced, and says so", async () => {
    await using place = createTemporaryStore();
    for (const id of ["a", "b"]) await sealSampleRun(place.store, id);
    const latest = path.join(place.store.root, "runs/latest.json");
    fs.rmSync(latest);
    fs.mkdirSync(latest);
    const { notes } = await place.store.removeRun("b");
    expect(notes).toEqual([expect.stringContaining("Cannot write runs/latest.json")]);
    expect(place.store.resolveRun("latest").runId).toBe("a");
    expect(fs.readdirSync(path.join(place.store.root, "tmp"))).toEqual([]);
  });

  it("leaves a tombstone, moves latest back and takes the directory away", async () => {
    await using place = createTemporaryStore();
    const first = await sealSampleRun(place.store, "a");
    const second = await sealSampleRun(place.store, "b");
    expect(await place.store.removeRun("latest")).toEqual({ runId: "b", notes: [] });
    expect(place.store.listRuns().map((row) => row.run_id)).toEqual(["a"]);
    expect(place.store.resolveRun("latest").runId).toBe("a");
    expect(place.store.readLedger()).toMatchObject({
      entries: [
        { kind: "sealed", run_id: "a", manifest_sha256: first.manifestSha256 },
        { kind: "sealed", run_id: "b", manifest_sha256: second.manifestSha256 },
        { kind: "removed", n: 3, run_id: "b", manifest_sha256: second.manifestSha256 },
      ],
      notes: [],
    });
    expect(fs.readdirSync(path.join(place.store.root, "tmp"))).toEqual([]);
    await place.store.removeRun("a");
    expect(fs.existsSync(path.join(place.store.root, "runs/latest.json"))).toBe(false);
  });

  it("refuses a running run and a directory outside of the store", async () => {
    await using place = createTemporaryStore();
    const writer = await startSampleRun(place.store, "a");
    await expect(place.store.removeRun("a")).rejects.toMatchObject({ code: "STORE_RUN_RUNNING" });
    await expect(place.store.removeRun(place.home)).rejects.toMatchObject({ code: "STORE_RUN_NOT_FOUND" });
    expect(place.store.readLedger().entries).toEqual([]);
    writer.abandon();
    await place.store.removeRun("a");
    expect(place.store.readLedger().entries).toMatchObject([{ kind: "removed", run_id: "a", manifest_sha256: null }]);
  });

  it("goes on without a second tombstone after a crash between tombstone and deletion", async () => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "a");
    const kept = path.join(place.home, "kept");
    fs.cpSync(path.join(place.store.root, "runs/a"), kept, { recursive: true });
    await place.store.removeRun("a");
    fs.renameSync(kept, path.join(place.store.root, "runs/a"));
    await place.store.removeRun("a");
    expect(place.store.readLedger().entries.map((entry) => entry.kind)).toEqual(["sealed", "removed"]);
    expect(place.store.listRunDirectories()).toEqual([]);
  });
});
