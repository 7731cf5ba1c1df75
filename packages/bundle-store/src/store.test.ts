import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { findHome, openStore } from "./index.ts";
import { samplePacket } from "./test/sample-approval.ts";
import { createTemporaryStore, sealSampleRun, startSampleRun } from "./test/sample-run.ts";

describe("findHome", () => {
  it("is the nearest ancestor with cto/ or .git, else the directory itself", async () => {
    await using place = createTemporaryStore();
    const deep = path.join(place.home, "a/b/c");
    fs.mkdirSync(deep, { recursive: true });
    expect(findHome(deep)).toBe(deep);
    fs.writeFileSync(path.join(place.home, ".git"), "gitdir: elsewhere");
    expect(findHome(deep)).toBe(place.home);
    fs.writeFileSync(path.join(place.home, "a/b/cto"), "a file is no cto folder");
    expect(findHome(deep)).toBe(place.home);
    fs.mkdirSync(path.join(place.home, "a/cto"));
    expect(findHome(deep)).toBe(path.join(place.home, "a"));
  });
});

describe("the .cto folder", () => {
  it("is refused if it is a link, a file, or writable by others", async () => {
    await using place = createTemporaryStore();
    const elsewhere = path.join(place.home, "elsewhere");
    fs.mkdirSync(elsewhere);
    fs.symlinkSync(elsewhere, place.store.root);
    const refused = expect.objectContaining({ code: "STORE_HOME_UNSAFE" });
    expect(() => place.store.listRuns()).toThrowError(refused);
    await expect(startSampleRun(place.store, "a")).rejects.toMatchObject({ code: "STORE_HOME_UNSAFE" });
    expect(fs.readdirSync(elsewhere)).toEqual([]);
    fs.rmSync(place.store.root);
    fs.writeFileSync(place.store.root, "");
    expect(() => place.store.readLedger()).toThrowError(refused);
    fs.rmSync(place.store.root);
    fs.mkdirSync(place.store.root);
    for (const mode of [0o720, 0o702]) {
      fs.chmodSync(place.store.root, mode);
      expect(() => place.store.resolveRun("latest")).toThrowError(refused);
    }
  });

  it.runIf(process.getuid?.() === 0)("is refused if it belongs to somebody else", async () => {
    await using place = createTemporaryStore();
    fs.mkdirSync(place.store.root, { mode: 0o700 });
    fs.chownSync(place.store.root, 12345, 12345);
    expect(() => place.store.listRuns()).toThrowError(expect.objectContaining({ code: "STORE_HOME_UNSAFE" }));
  });

  it.each(["runs", "active", "index", "tmp", "locks", "quarantine", "keys", "approvals", "outcomes", "disposable"])(
    "is refused by every method if %s inside of it is a link, a file or writable by others",
    async (name) => {
      await using place = createTemporaryStore();
      const { store } = place;
      const elsewhere = path.join(place.home, "elsewhere");
      fs.mkdirSync(elsewhere);
      fs.mkdirSync(store.root, { mode: 0o700 });
      const folder = path.join(store.root, name);
      const interrupted = { runId: "a", directory: "", kind: "unsealed", run: null } as const;
      const dead = { ...interrupted, eventLines: [], tornBytes: 0, files: [] };
      const attempts: readonly (() => unknown)[] = [
        () => startSampleRun(store, "a"),
        () => store.listRuns(),
        () => store.listRunDirectories(),
        () => store.resolveRun("latest"),
        () => store.readLedger(),
        () => store.findInterrupted(),
        () => store.closeInterrupted(dead, () => Promise.reject(new Error("must not be called"))),
        () => store.removeRun("a"),
        () => store.fileDigest(process.execPath),
        () => store.writeQuarantine("a", "x", Buffer.from("")),
        () => store.keys.createKey({ name: "a" }),
        () => store.keys.openSigner("a"),
        () => store.keys.listKeys(),
        () => store.approvals.writePacket(samplePacket()),
        () => store.approvals.read("0".repeat(64)),
        () => store.approvals.list(),
      ];
      for (const plant of [
        () => fs.symlinkSync(elsewhere, folder),
        () => fs.writeFileSync(folder, ""),
        () => fs.mkdirSync(folder, { mode: 0o700 }) ?? fs.chmodSync(folder, 0o777),
      ]) {
        plant();
        for (const attempt of attempts)
          await expect((async () => attempt())()).rejects.toMatchObject({
            code: "STORE_HOME_UNSAFE",
            message: expect.stringContaining(`.cto/${name} `),
          });
        fs.rmSync(folder, { recursive: true });
      }
      expect(fs.readdirSync(elsewhere)).toEqual([]);
    },
  );

  it("cannot be led out of by a link in quarantine", async () => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "a");
    fs.symlinkSync(place.home, path.join(place.store.root, "quarantine/a"));
    expect(() => place.store.writeQuarantine("a", "x", Buffer.from("x"))).toThrowError(
      expect.objectContaining({ code: "STORE_WRITE_FAILED" }),
    );
    expect(fs.existsSync(path.join(place.home, "x"))).toBe(false);
  });

  it("is one place for two stores of the same home", async () => {
    await using place = createTemporaryStore();
    await sealSampleRun(place.store, "a");
    expect(openStore({ home: place.home }).resolveRun("latest").runId).toBe("a");
  });
});

describe("fileDigest", () => {
  const sha256 = (text: string): string => crypto.createHash("sha256").update(text).digest("hex");

  it("is the digest of the content, read again only if the file has changed", async () => {
    await using place = createTemporaryStore();
    const file = path.join(place.home, "tool");
    const cache = path.join(place.store.root, "index/digests.json");
    const old = new Date(Date.now() - 60_000);
    fs.writeFileSync(file, "first");
    expect(await place.store.fileDigest(file)).toBe(sha256("first"));
    expect(fs.existsSync(cache)).toBe(false);
    fs.utimesSync(file, old, old);
    fs.writeFileSync(file, "other");
    fs.utimesSync(file, old, old);
    expect(await place.store.fileDigest(file)).toBe(sha256("other"));
  });

  it("comes from the cache for a file that has been left alone, and from the file if the cache is broken", async () => {
    await using place = createTemporaryStore();
    const stamp = fs.statSync(process.execPath, { bigint: true });
    expect(Date.now() - Number(stamp.ctimeMs)).toBeGreaterThan(2_000);
    const digest = await place.store.fileDigest(process.execPath);
    const cache = path.join(place.store.root, "index/digests.json");
    const text = fs.readFileSync(cache, "utf8");
    expect(text).toContain(digest);
    const body = text.slice(65).replace(digest, "f".repeat(64));
    fs.writeFileSync(cache, `${sha256(body)}\n${body}`);
    expect(await place.store.fileDigest(process.execPath)).toBe("f".repeat(64));
    fs.writeFileSync(cache, text.slice(0, -5));
    expect(await place.store.fileDigest(process.execPath)).toBe(digest);
  });

  it("never comes from a cache that another user could have written, nor from one of another shape", async () => {
    await using place = createTemporaryStore();
    const digest = await place.store.fileDigest(process.execPath);
    const cache = path.join(place.store.root, "index/digests.json");
    const whole = fs.readFileSync(cache, "utf8").slice(65);
    const lie = whole.replace(digest, "f".repeat(64));
    const write = (body: string): void => fs.writeFileSync(cache, `${sha256(body)}\n${body}`);
    const spoils: readonly (() => void)[] = [
      () => fs.chmodSync(cache, 0o644),
      () => fs.linkSync(cache, path.join(place.home, "second-name")),
      () => fs.chmodSync(path.dirname(cache), 0o755),
      () => fs.chmodSync(place.store.root, 0o755),
      () => fs.renameSync(cache, path.join(place.home, "real")) ?? fs.symlinkSync(path.join(place.home, "real"), cache),
      ...(process.getuid?.() === 0 ? [() => fs.chownSync(cache, 12345, 12345)] : []),
    ];
    for (const spoil of spoils) {
      write(lie);
      expect(await place.store.fileDigest(process.execPath)).toBe("f".repeat(64));
      spoil();
      expect(await place.store.fileDigest(process.execPath)).toBe(digest);
      fs.rmSync(cache);
      fs.chmodSync(place.store.root, 0o700);
      fs.chmodSync(path.dirname(cache), 0o700);
      fs.writeFileSync(cache, "", { mode: 0o600 });
    }
    for (const body of [
      "rubbish",
      "null",
      "[null]",
      "{}",
      lie.replace("f".repeat(64), "F".repeat(64)),
      lie.replace(/"stamp":"/, '"stamp":7,"x":"'),
    ]) {
      write(body);
      expect(await place.store.fileDigest(process.execPath)).toBe(digest);
      expect(fs.readFileSync(cache, "utf8").slice(65)).toBe(whole);
    }
  });

  it("throws for a file that cannot be read", async () => {
    await using place = createTemporaryStore();
    await expect(place.store.fileDigest(path.join(place.home, "none"))).rejects.toMatchObject({
      code: "STORE_READ_FAILED",
      details: { system: "ENOENT" },
    });
  });
});

describe("writeQuarantine", () => {
  it("keeps bytes outside of the run, readable by the owner only", async () => {
    await using place = createTemporaryStore();
    const shown = place.store.writeQuarantine("run-1", "patch.diff", Buffer.from("+ token"));
    expect(shown).toBe(".cto/quarantine/run-1/patch.diff");
    expect(fs.readFileSync(path.join(place.home, shown), "utf8")).toBe("+ token");
    expect(fs.statSync(path.join(place.home, shown)).mode & 0o777).toBe(0o600);
    expect(fs.statSync(path.join(place.home, ".cto/quarantine/run-1")).mode & 0o777).toBe(0o700);
    expect(() => place.store.writeQuarantine("run-1", "patch.diff", Buffer.from("again"))).toThrowError(
      expect.objectContaining({ code: "STORE_WRITE_FAILED", details: { file: shown, system: "EEXIST" } }),
    );
    for (const name of ["../x", "a/b", "", ".x"]) {
      expect(() => place.store.writeQuarantine("run-1", name, Buffer.from(""))).toThrowError(
        expect.objectContaining({ code: "STORE_POINTER_INVALID" }),
      );
    }
  });
});
