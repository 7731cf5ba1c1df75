import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readBundleFacts, verifyRunDirectory } from "./index.ts";
import { goldenBundle } from "./test/sample-run.ts";

let root = "";
let bundle = "";
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "cto-facts-"));
  bundle = path.join(root, "bundle");
  fs.cpSync(goldenBundle, bundle, { recursive: true });
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

const codes = (): readonly string[] => verifyRunDirectory(bundle).findings.map((finding) => finding.code);
const sha256 = (bytes: Uint8Array | string): string => crypto.createHash("sha256").update(bytes).digest("hex");

describe("readBundleFacts", () => {
  it("gives size and digest of every file, the bytes of documents, and line logs and patch as parts", () => {
    const facts = readBundleFacts(bundle);
    const names = fs
      .readdirSync(bundle, { recursive: true, encoding: "utf8" })
      .filter((name) => fs.statSync(path.join(bundle, name)).isFile());
    const expected = names.sort().map((name) => {
      const bytes = fs.readFileSync(path.join(bundle, name));
      return { path: name, kind: "file", bytes: bytes.length, sha256: sha256(bytes) };
    });
    expect([...facts.files].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual(expected);
    expect([...facts.documents.keys()].sort()).toEqual(
      names.filter((name) => /^(?:(?:manifest|report|review|run)\.json|proofs\/.*)$/.test(name)),
    );
    for (const [name, bytes] of facts.documents)
      expect(Buffer.from(bytes)).toEqual(fs.readFileSync(path.join(bundle, name)));
    const parts = {
      "events.normalized.jsonl": facts.events,
      "patch.diff": facts.patch,
      "events.ndjson": facts.live,
      "trace.jsonl": facts.trace,
    };
    for (const [name, chunks] of Object.entries(parts))
      expect([name, Buffer.concat([...(chunks ?? [])])]).toEqual([name, fs.readFileSync(path.join(bundle, name))]);
  });

  it("digests a file of any size, around every border of its buffers", () => {
    const sizes = [0, 1, 65_535, 65_536, 65_537, 1_048_576, 1_114_112, 3_000_000];
    for (const size of sizes) fs.writeFileSync(path.join(bundle, `backend/size-${size}`), crypto.randomBytes(size));
    const found = new Map(readBundleFacts(bundle).files.map((file) => [file.path, file]));
    for (const size of sizes) {
      const bytes = fs.readFileSync(path.join(bundle, `backend/size-${size}`));
      expect(found.get(`backend/size-${size}`)).toEqual({
        path: `backend/size-${size}`,
        kind: "file",
        bytes: size,
        sha256: sha256(bytes),
      });
    }
  });

  it("hands over a document and a patch that are larger than one buffer, and a patch too large to be kept", () => {
    const large = crypto.randomBytes(200_000);
    const huge = crypto.randomBytes(9_000_000);
    fs.writeFileSync(path.join(bundle, "report.json"), large);
    fs.writeFileSync(path.join(bundle, "patch.diff"), large);
    fs.writeFileSync(path.join(bundle, "events.normalized.jsonl"), huge);
    const facts = readBundleFacts(bundle);
    expect(Buffer.from(facts.documents.get("report.json") ?? [])).toEqual(large);
    expect(Buffer.concat([...(facts.patch ?? [])])).toEqual(large);
    const parts = [...(facts.events ?? [])].map((part) => sha256(part));
    expect(parts.length).toBeGreaterThan(8);
    expect(facts.files.find((file) => file.path === "events.normalized.jsonl")).toMatchObject({
      bytes: 9_000_000,
      sha256: sha256(huge),
    });
  });

  it("notices when a file that is read a second time is not the one that was digested", () => {
    fs.writeFileSync(path.join(bundle, "patch.diff"), Buffer.alloc(9_000_000, 0x61));
    const facts = readBundleFacts(bundle);
    fs.appendFileSync(path.join(bundle, "patch.diff"), "b");
    expect(() => [...(facts.patch ?? [])]).toThrowError(expect.objectContaining({ code: "STORE_READ_FAILED" }));
  });

  it("lists links and pipes as what they are, and never opens them", () => {
    fs.writeFileSync(path.join(root, "outside"), "secret");
    fs.symlinkSync(path.join(root, "outside"), path.join(bundle, "link"));
    fs.symlinkSync(root, path.join(bundle, "backend/up"));
    execFileSync("sh", ["-c", 'mkfifo "$1"', "sh", path.join(bundle, "pipe")]);
    const odd = readBundleFacts(bundle).files.filter((file) => file.kind !== "file");
    expect([...odd].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: "backend/up", kind: "symlink", bytes: 0, sha256: null },
      { path: "link", kind: "symlink", bytes: 0, sha256: null },
      { path: "pipe", kind: "other", bytes: 0, sha256: null },
    ]);
  });

  it("names files by their bytes, whatever these are", () => {
    const odd = [
      Buffer.from("sp ace"),
      Buffer.from("new\nline"),
      Buffer.from('quo"te'),
      Buffer.from("ümlaut"),
      Buffer.from([0x61, 0xff, 0x62]),
    ];
    fs.mkdirSync(Buffer.concat([Buffer.from(`${bundle}/`), Buffer.from([0xfe])]));
    for (const name of odd) {
      fs.writeFileSync(Buffer.concat([Buffer.from(`${bundle}/`), name]), name);
      fs.writeFileSync(Buffer.concat([Buffer.from(`${bundle}/`), Buffer.from([0xfe, 0x2f]), name]), name);
    }
    const found = new Map(readBundleFacts(bundle).files.map((file) => [file.path, file.sha256]));
    const texts = ["sp ace", '"new\\nline"', '"quo\\"te"', "ümlaut", '"a\\377b"'];
    expect(texts.map((text) => found.get(text))).toEqual(odd.map(sha256));
    const below = [
      '"\\376/sp ace"',
      '"\\376/new\\nline"',
      '"\\376/quo\\"te"',
      '"\\376/\\303\\274mlaut"',
      '"\\376/a\\377b"',
    ];
    expect(below.map((text) => found.get(text))).toEqual(odd.map(sha256));
  });

  it("throws for what is no directory", () => {
    for (const place of [path.join(root, "nowhere"), path.join(bundle, "run.json")]) {
      expect(() => readBundleFacts(place)).toThrowError(expect.objectContaining({ code: "STORE_READ_FAILED" }));
    }
  });
});

describe("verifyRunDirectory", () => {
  it("finds the golden bundle intact and writes nothing", () => {
    const before = execFileSync("find", [bundle, "-printf", "%p %i %s %T@ %C@\n"], { encoding: "utf8" });
    expect(verifyRunDirectory(bundle)).toMatchObject({ verdict: "unsigned", status: "pass" });
    expect(execFileSync("find", [bundle, "-printf", "%p %i %s %T@ %C@\n"], { encoding: "utf8" })).toBe(before);
  });

  it("sees a changed byte, a missing, an added and an exchanged file", () => {
    const log = path.join(bundle, "test.log");
    const content = fs.readFileSync(log);
    const changed = Buffer.from(content);
    changed[0] = (changed[0] ?? 0) ^ 1;
    fs.writeFileSync(log, changed);
    expect(codes()).toContain("FILE_DIGEST_DIFFERS");
    fs.rmSync(log);
    expect(codes()).toContain("FILE_MISSING");
    fs.symlinkSync("trace.jsonl", log);
    expect(codes()).toContain("FILE_IS_SYMLINK");
    fs.rmSync(log);
    fs.writeFileSync(log, content);
    fs.writeFileSync(path.join(bundle, ".hidden"), "");
    expect(codes()).toContain("FILE_EXTRA");
    fs.rmSync(path.join(bundle, ".hidden"));
    expect(codes()).toEqual(["ATTESTATION_MISSING"]);
  });

  it("does not read a file that claims a size of its own: five terabytes of nothing", () => {
    for (const name of ["test.log", "events.normalized.jsonl", "report.json", "manifest.json"]) {
      const file = path.join(bundle, name);
      const content = fs.readFileSync(file);
      fs.truncateSync(file, 5 * 1024 ** 4);
      expect([name, ["tampered", "unverifiable"].includes(verifyRunDirectory(bundle).verdict)]).toEqual([name, true]);
      fs.truncateSync(file, 0);
      fs.writeFileSync(file, content);
    }
    expect(codes()).toEqual(["ATTESTATION_MISSING"]);
  });
});
