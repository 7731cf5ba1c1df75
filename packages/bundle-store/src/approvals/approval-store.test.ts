import { spawn, spawnSync } from "node:child_process";
import crypto from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { toCanonicalJson } from "@cto/evidence-interface";
import { describe, expect, it } from "vitest";
import { openStore, readApprovalFolder, writeDecision } from "../index.ts";
import { sampleClaim, samplePacket, signSampleDecision } from "../test/sample-approval.ts";
import { createTemporaryStore } from "../test/sample-run.ts";

const coded = (code: string, part = ""): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(part), hint: expect.stringMatching(/\S/) });

describe("a packet", () => {
  it("lies in a folder named by the digest of its canonical text, and is written once", async () => {
    await using place = createTemporaryStore();
    const { approvals, root } = place.store;
    const text = toCanonicalJson(samplePacket());
    const digest = crypto.createHash("sha256").update(text).digest("hex");
    expect(approvals.writePacket(samplePacket())).toBe(digest);
    const file = path.join(root, "approvals", digest, "packet.json");
    const before = fs.statSync(file, { bigint: true });
    expect(approvals.writePacket({ ...samplePacket() })).toBe(digest);
    expect(fs.statSync(file, { bigint: true }).ino).toBe(before.ino);
    expect(fs.readFileSync(file, "utf8")).toBe(`${text}\n`);
    expect([fs.statSync(path.dirname(file)).mode & 0o777, Number(before.mode) & 0o777]).toEqual([0o700, 0o600]);
    expect(fs.readdirSync(path.dirname(file))).toEqual(["packet.json"]);
    expect(approvals.read(digest)).toEqual({
      sha256: digest,
      packet: samplePacket(),
      packetBytes: Buffer.from(`${text}\n`),
      decision: null,
      claim: null,
      claimBytes: null,
    });
  });

  it("is not there where nobody wrote it, and asking writes nothing", async () => {
    await using place = createTemporaryStore();
    const { approvals, root } = place.store;
    for (const name of ["0".repeat(64), "..", "../../etc", ""]) expect(approvals.read(name)).toBeUndefined();
    expect(approvals.list()).toEqual([]);
    expect(() => approvals.resolve("abcd")).toThrow(coded("APPROVAL_NOT_FOUND", "abcd"));
    expect(fs.existsSync(root)).toBe(false);
  });

  it("is found by a prefix that no other has", async () => {
    await using place = createTemporaryStore();
    const { approvals } = place.store;
    const digests = Array.from({ length: 20 }, (_, index) => approvals.writePacket(samplePacket(index + 1))).sort();
    const twice =
      digests.map((digest) => digest[0] ?? "").find((first, index, all) => all.indexOf(first) < index) ?? "";
    expect(approvals.resolve(digests[3] ?? "")).toBe(digests[3]);
    expect(approvals.resolve((digests[3] ?? "").slice(0, 12))).toBe(digests[3]);
    expect(() => approvals.resolve(twice)).toThrow(coded("APPROVAL_AMBIGUOUS", twice));
    expect(approvals.list().map(({ sha256 }) => sha256)).toEqual(digests);
  });

  it.each([
    ["other bytes", (file: string) => fs.writeFileSync(file, `${toCanonicalJson(samplePacket(2))}\n`)],
    ["other white space", (file: string) => fs.writeFileSync(file, JSON.stringify(samplePacket(), null, 2))],
    ["no LF", (file: string) => fs.writeFileSync(file, toCanonicalJson(samplePacket()))],
    ["a key more", (file: string) => fs.writeFileSync(file, `${toCanonicalJson({ ...samplePacket(), extra: 1 })}\n`)],
    ["no JSON", (file: string) => fs.writeFileSync(file, "{")],
    ["nothing", (file: string) => fs.writeFileSync(file, "")],
  ])("with %s is refused, and does not hide the others", async (_, spoil) => {
    await using place = createTemporaryStore();
    const { approvals, root } = place.store;
    const digest = approvals.writePacket(samplePacket());
    const other = approvals.writePacket(samplePacket(3));
    spoil(path.join(root, "approvals", digest, "packet.json"));
    const refused = coded("APPROVAL_PACKET_INVALID", digest);
    expect(() => approvals.read(digest)).toThrow(refused);
    expect(() => approvals.writePacket(samplePacket())).toThrow(refused);
    expect(() => approvals.claim(digest, sampleClaim(digest, "a"))).toThrow(refused);
    await expect(approvals.writeDecision(digest, anyEnvelope)).rejects.toEqual(refused);
    expect(approvals.list()).toEqual(
      [
        { kind: "broken", sha256: digest, problem: refused },
        { kind: "readable", ...approvals.read(other) },
      ].sort((a, b) => ((a.sha256 ?? "") < (b.sha256 ?? "") ? -1 : 1)),
    );
  });

  it("of another shape is not written", async () => {
    await using place = createTemporaryStore();
    const packet = { ...samplePacket(), attempt: 0 };
    expect(() => place.store.approvals.writePacket(packet)).toThrow(coded("APPROVAL_PACKET_INVALID"));
    expect(fs.existsSync(place.store.root)).toBe(false);
  });
});

const anyEnvelope = { payloadType: "x", payload: "", signatures: [{ keyid: "0".repeat(64), sig: "" }] };

describe("a decision", () => {
  it("lies beside its packet in canonical bytes, and nothing about it is believed here", async () => {
    await using place = createTemporaryStore();
    const { approvals, keys } = place.store;
    keys.createKey({ name: "alice" });
    const digest = approvals.writePacket(samplePacket());
    const envelope = signSampleDecision(keys.openSigner("alice"), digest);
    await approvals.writeDecision(digest, envelope);
    const bytes = Buffer.from(`${toCanonicalJson(envelope)}\n`);
    expect(approvals.read(digest)?.decision).toEqual({ bytes, envelope });
    fs.writeFileSync(path.join(place.store.root, "approvals", digest, "decision.json"), "granted, of course");
    expect(approvals.read(digest)?.decision).toEqual({ bytes: Buffer.from("granted, of course"), envelope: null });
  });

  it("stays, unless the caller says that it counts for nothing", async () => {
    await using place = createTemporaryStore();
    const { approvals, keys } = place.store;
    keys.createKey({ name: "alice" });
    const signer = keys.openSigner("alice");
    const digest = approvals.writePacket(samplePacket());
    await approvals.writeDecision(digest, anyEnvelope);
    const first = approvals.read(digest)?.decision?.bytes;
    const denial = signSampleDecision(signer, digest, "denied");
    const refused = coded("APPROVAL_DECIDED", digest.slice(0, 12));
    await expect(approvals.writeDecision(digest, denial)).rejects.toEqual(refused);
    await expect(approvals.writeDecision(digest, denial, { isReplaceable: () => false })).rejects.toEqual(refused);
    expect(approvals.read(digest)?.decision?.bytes).toEqual(first);
    const asked: unknown[] = [];
    await approvals.writeDecision(digest, denial, { isReplaceable: (bytes) => asked.push(bytes) > 0 });
    expect(asked).toEqual([first]);
    expect(approvals.read(digest)?.decision?.envelope).toEqual(denial);
  });

  it("of several people who decide at once is one of theirs, whole, and the others are told", async () => {
    await using place = createTemporaryStore();
    const { approvals, keys } = place.store;
    const digest = approvals.writePacket(samplePacket());
    const envelopes = Array.from({ length: 8 }, (_, index) => {
      keys.createKey({ name: `k${index}` });
      return signSampleDecision(keys.openSigner(`k${index}`), digest);
    });
    const ends = await Promise.allSettled(
      envelopes.map((envelope) => openStore({ home: place.home }).approvals.writeDecision(digest, envelope)),
    );
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const end of ends) if (end.status === "rejected") expect(end.reason).toEqual(coded("APPROVAL_DECIDED"));
    expect(envelopes).toContainEqual(approvals.read(digest)?.decision?.envelope);
  });

  it("comes too late once a run has claimed the packet", async () => {
    await using place = createTemporaryStore();
    const { approvals } = place.store;
    const digest = approvals.writePacket(samplePacket());
    approvals.claim(digest, sampleClaim(digest, "run-1"));
    await expect(approvals.writeDecision(digest, anyEnvelope, { isReplaceable: () => true })).rejects.toEqual(
      coded("APPROVAL_SPENT", "run-1"),
    );
  });

  it("is put beside a copy of the packet outside of any home", async () => {
    await using place = createTemporaryStore();
    const { approvals, keys, root } = place.store;
    keys.createKey({ name: "alice" });
    const digest = approvals.writePacket(samplePacket());
    const copy = path.join(place.home, "mail");
    fs.cpSync(path.join(root, "approvals", digest), copy, { recursive: true });
    const envelope = signSampleDecision(keys.openSigner("alice"), digest);
    expect(readApprovalFolder(copy, "mail")?.sha256).toBe(digest);
    writeDecision(copy, "mail", envelope);
    expect(() => writeDecision(copy, "mail", envelope)).toThrow(coded("APPROVAL_DECIDED"));
    expect(readApprovalFolder(copy, "mail", digest)?.decision?.envelope).toEqual(envelope);
    expect(() => readApprovalFolder(copy, "mail", "0".repeat(64))).toThrow(coded("APPROVAL_PACKET_INVALID", "mail"));
    expect(() => writeDecision(place.home, ".", envelope)).toThrow(coded("APPROVAL_NOT_FOUND"));
  });
});

describe("a claim", () => {
  it("spends an approval once and for all", async () => {
    await using place = createTemporaryStore();
    const { approvals, root } = place.store;
    const digest = approvals.writePacket(samplePacket());
    const claim = sampleClaim(digest, "run-1");
    expect(approvals.claim(digest, claim)).toBe("claimed");
    expect(approvals.claim(digest, sampleClaim(digest, "run-2"))).toBe("taken");
    expect(approvals.claim(digest, claim)).toBe("taken");
    const claimBytes = Buffer.from(`${toCanonicalJson(claim)}\n`);
    expect(approvals.read(digest)).toMatchObject({ claim, claimBytes });
    expect(fs.readFileSync(path.join(root, "approvals", digest, "claim.json"))).toEqual(claimBytes);
  });

  it("of another packet, of another shape, or of no packet is refused", async () => {
    await using place = createTemporaryStore();
    const { approvals } = place.store;
    const digest = approvals.writePacket(samplePacket());
    const refused = coded("APPROVAL_CLAIM_INVALID");
    expect(() => approvals.claim(digest, sampleClaim("0".repeat(64), "run-1"))).toThrow(refused);
    expect(() => approvals.claim(digest, sampleClaim(digest, "Run 1"))).toThrow(refused);
    const other = "0".repeat(64);
    expect(() => approvals.claim(other, sampleClaim(other, "run-1"))).toThrow(coded("APPROVAL_NOT_FOUND"));
    expect(approvals.read(digest)?.claim).toBeNull();
  });

  it("that nobody understands is never taken for none", async () => {
    await using place = createTemporaryStore();
    const { approvals, root } = place.store;
    const digest = approvals.writePacket(samplePacket());
    for (const text of ["", "{}", toCanonicalJson(sampleClaim("0".repeat(64), "run-1"))]) {
      fs.writeFileSync(path.join(root, "approvals", digest, "claim.json"), text);
      expect(() => approvals.read(digest)).toThrow(coded("APPROVAL_CLAIM_INVALID", "claim.json"));
      expect(() => approvals.claim(digest, sampleClaim(digest, "run-1"))).toThrow(coded("APPROVAL_CLAIM_INVALID"));
    }
  });

  it("is won by exactly one of 20 processes that race for it", async () => {
    await using place = createTemporaryStore();
    const { approvals, root } = place.store;
    const digest = approvals.writePacket(samplePacket());
    const script = fileURLToPath(new URL("../test/claiming-process.ts", import.meta.url));
    const racers = Array.from({ length: 20 }, (_, index) => {
      const args = ["--conditions=@cto/source", script, place.home, digest, `run-${index}`];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      let output = "";
      child.stdout.on("data", (part) => {
        output += part;
      });
      return { started: once(child.stdout, "data"), ended: once(child, "close").then(() => output) };
    });
    await Promise.all(racers.map(({ started }) => started));
    fs.writeFileSync(path.join(place.home, "go"), "");
    const answers = await Promise.all(racers.map(({ ended }) => ended));
    expect(answers.toSorted()).toEqual(["ready\nclaimed\n", ...Array.from({ length: 19 }, () => "ready\ntaken\n")]);
    expect(approvals.read(digest)?.claim?.run_id).toBe(`run-${answers.indexOf("ready\nclaimed\n")}`);
    expect(fs.readdirSync(path.join(root, "approvals", digest)).sort()).toEqual(["claim.json", "packet.json"]);
  });
});

function _identityOf(file: string): unknown {
  const { ctimeNs, ino, mode, nlink, size } = fs.lstatSync(file, { bigint: true });
  return { ctimeNs, ino, mode, nlink, size };
}

function _makePipe(file: string): void {
  const { status } = spawnSync("mkfifo", [file]);
  expect(status).toBe(0);
}
