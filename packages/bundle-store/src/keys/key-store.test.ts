import { spawnSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { APPROVAL_DECISION_TYPE } from "@cto/evidence-interface";
import { describe, expect, it } from "vitest";
import { verifyEd25519 } from "../index.ts";
import { samplePacket, signSampleDecision } from "../test/sample-approval.ts";
import { createTemporaryStore } from "../test/sample-run.ts";

const coded = (code: string, part = ""): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(part), hint: expect.stringMatching(/\S/) });

function openssl(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { error, status, stderr, stdout } = spawnSync("openssl", args, { encoding: "utf8" });
  expect(error).toBeUndefined();
  return { status, output: `${stdout}${stderr}` };
}

describe("a new key", () => {
  it("is an Ed25519 PKCS#8 PEM file that only its owner can read; its id is the digest of the public half", async () => {
    await using place = createTemporaryStore();
    const { keys, root } = place.store;
    const publicKey = keys.createKey({ name: "alice" });
    const file = path.join(root, "keys/alice.pem");
    const key = crypto.createPrivateKey(fs.readFileSync(file, "utf8"));
    const der = crypto.createPublicKey(key).export({ format: "der", type: "spki" });
    expect(key.asymmetricKeyType).toBe("ed25519");
    expect(publicKey).toEqual({
      name: "alice",
      keyid: crypto.createHash("sha256").update(der).digest("hex"),
      public_key: der.toString("base64"),
    });
    expect([file, path.dirname(file), root].map((one) => fs.statSync(one).mode & 0o777)).toEqual([0o600, 0o700, 0o700]);
    expect(fs.readFileSync(path.join(root, ".gitignore"), "utf8")).toBe("*\n");
    expect(keys.listKeys()).toEqual([{ kind: "usable", name: "alice", publicKey }]);
    expect(keys.openSigner("alice").publicKey).toEqual(publicKey);
  });

  it("never takes the place of another", async () => {
    await using place = createTemporaryStore();
    const { keys } = place.store;
    const first = keys.createKey({ name: "alice" });
    expect(() => keys.createKey({ name: "alice" })).toThrow(coded("KEY_EXISTS", "alice"));
    fs.symlinkSync("/nonexistent", path.join(place.store.root, "keys/bob.pem"));
    expect(() => keys.createKey({ name: "bob" })).toThrow(coded("KEY_EXISTS", "bob"));
    expect(keys.openSigner("alice").publicKey).toEqual(first);
    expect(fs.readdirSync(path.join(place.store.root, "keys")).sort()).toEqual(["alice.pem", "bob.pem"]);
  });

  it.each(["", "Alice", "a b", "-a", ".a", "a/b", "../a", "a.pem", "a".repeat(65), "é", "a\n"])(
    "is not made under the name %j",
    async (name) => {
      await using place = createTemporaryStore();
      expect(() => place.store.keys.createKey({ name })).toThrow(coded("KEY_NAME_INVALID"));
      expect(fs.existsSync(place.store.root)).toBe(false);
    },
  );
});

describe("a signer", () => {
  it("signs what openssl alone can verify, envelope and all", async () => {
    await using place = createTemporaryStore();
    const { approvals, keys } = place.store;
    const { public_key } = keys.createKey({ name: "alice" });
    const digest = approvals.writePacket(samplePacket());
    await approvals.writeDecision(digest, signSampleDecision(keys.openSigner("alice"), digest));
    const stored = JSON.parse(
      fs.readFileSync(path.join(place.store.root, "approvals", digest, "decision.json"), "utf8"),
    ) as { payload: string; payloadType: string; signatures: readonly { sig: string }[] };
    const at = (name: string): string => path.join(place.home, name);
    fs.writeFileSync(at("key.der"), Buffer.from(public_key, "base64"));
    // The pre-authentication encoding as the DSSE specification words it, with nothing of this project.
    const payload = Buffer.from(stored.payload, "base64");
    const head = `DSSEv1 ${stored.payloadType.length} ${stored.payloadType} ${payload.length} `;
    fs.writeFileSync(at("message"), Buffer.concat([Buffer.from(head), payload]));
    fs.writeFileSync(at("signature"), Buffer.from(stored.signatures[0]?.sig ?? "", "base64"));
    const verify = (): number | null =>
      openssl(
        "pkeyutl",
        "-verify",
        "-pubin",
        "-keyform",
        "DER",
        "-inkey",
        at("key.der"),
        "-rawin",
        "-in",
        at("message"),
        "-sigfile",
        at("signature"),
      ).status;
    expect(stored.payloadType).toBe(APPROVAL_DECISION_TYPE);
    expect(verify()).toBe(0);
    fs.appendFileSync(at("message"), " ");
    expect(verify()).not.toBe(0);
  });

  it("opens a PEM file that openssl made, by its path", async () => {
    await using place = createTemporaryStore();
    const { keys } = place.store;
    const file = path.join(place.home, "My Key.pem");
    expect(openssl("genpkey", "-algorithm", "ed25519", "-out", file).status).toBe(0);
    fs.chmodSync(file, 0o600);
    const signer = keys.openSigner("./My Key.pem", { cwd: place.home });
    expect(keys.openSigner(file)).toMatchObject({ publicKey: signer.publicKey });
    expect(signer.publicKey.name).toBe(`key-${signer.publicKey.keyid.slice(0, 8)}`);
    const message = Buffer.from("hello");
    const publicKey = Buffer.from(signer.publicKey.public_key, "base64");
    expect(verifyEd25519({ publicKey, message, signature: signer.sign(message) })).toBe(true);
  });

  it.each<readonly [string, string, (file: string, home: string) => void]>([
    [
      "a link",
      "KEY_LINKED",
      (file, home) => {
        fs.renameSync(file, path.join(home, "real.pem"));
        fs.symlinkSync(path.join(home, "real.pem"), file);
      },
    ],
    [
      "a directory",
      "KEY_FILE_UNSAFE",
      (file) => {
        fs.rmSync(file);
        fs.mkdirSync(file);
      },
    ],
    [
      "a pipe",
      "KEY_FILE_UNSAFE",
      (file) => {
        fs.rmSync(file);
        expect(spawnSync("mkfifo", [file]).status).toBe(0);
      },
    ],
    ["a gigabyte", "KEY_FILE_UNSAFE", (file) => fs.truncateSync(file, 1024 ** 3)],
    ["readable by its group", "KEY_READABLE_BY_OTHERS", (file) => fs.chmodSync(file, 0o640)],
    ["readable by all", "KEY_READABLE_BY_OTHERS", (file) => fs.chmodSync(file, 0o604)],
    ["writable by others", "KEY_READABLE_BY_OTHERS", (file) => fs.chmodSync(file, 0o602)],
    ["empty", "KEY_INVALID", (file) => fs.writeFileSync(file, "")],
    ["garbage", "KEY_INVALID", (file) => fs.writeFileSync(file, crypto.randomBytes(200))],
    [
      "a public key",
      "KEY_INVALID",
      (file) =>
        fs.writeFileSync(file, crypto.createPublicKey(fs.readFileSync(file)).export({ format: "pem", type: "spki" })),
    ],
    [
      "encrypted",
      "KEY_INVALID",
      (file) =>
        fs.writeFileSync(
          file,
          crypto
            .createPrivateKey(fs.readFileSync(file))
            .export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "x" }),
        ),
    ],
    [
      "an RSA key",
      "KEY_TYPE_UNSUPPORTED",
      (file) =>
        fs.writeFileSync(
          file,
          crypto
            .generateKeyPairSync("rsa", { modulusLength: 2048 })
            .privateKey.export({ format: "pem", type: "pkcs8" }),
        ),
    ],
    [
      "an Ed448 key",
      "KEY_TYPE_UNSUPPORTED",
      (file) =>
        fs.writeFileSync(file, crypto.generateKeyPairSync("ed448").privateKey.export({ format: "pem", type: "pkcs8" })),
    ],
  ])("is refused for a key file that is %s: %s", async (_, code, spoil) => {
    await using place = createTemporaryStore();
    const { keys, root } = place.store;
    keys.createKey({ name: "alice" });
    const file = path.join(root, "keys/alice.pem");
    spoil(file, place.home);
    const refused = coded(code, ".cto/keys/alice.pem");
    expect(() => keys.openSigner("alice")).toThrow(refused);
    expect(() => keys.openSigner(file)).toThrow(coded(code));
    expect(keys.listKeys()).toEqual([{ kind: "broken", name: "alice", problem: refused }]);
  });

  it.runIf(process.getuid?.() === 0)("is refused for a key file of another user", async () => {
    await using place = createTemporaryStore();
    place.store.keys.createKey({ name: "alice" });
    fs.chownSync(path.join(place.store.root, "keys/alice.pem"), 12345, 12345);
    expect(() => place.store.keys.openSigner("alice")).toThrow(coded("KEY_OWNER_OTHER", "alice.pem"));
  });

  it("shows nothing of a broken key in its error", async () => {
    await using place = createTemporaryStore();
    const { keys, root } = place.store;
    keys.createKey({ name: "alice" });
    const file = path.join(root, "keys/alice.pem");
    const body = fs.readFileSync(file, "utf8").split("\n")[1] ?? "";
    fs.writeFileSync(file, `-----BEGIN PRIVATE KEY-----\n${body.slice(0, -8)}\n-----END PRIVATE KEY-----\n`, {
      mode: 0o600,
    });
    let thrown: unknown;
    try {
      keys.openSigner("alice");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toEqual(coded("KEY_INVALID"));
    expect(JSON.stringify(thrown)).not.toContain(body.slice(20, 40));
  });

  it("that is not there is named with what is near", async () => {
    await using place = createTemporaryStore();
    const { keys } = place.store;
    expect(() => keys.openSigner("alice")).toThrow(coded("KEY_NOT_FOUND", "alice"));
    expect(fs.existsSync(place.store.root)).toBe(false);
    keys.createKey({ name: "alice" });
    expect(() => keys.openSigner("alcie")).toThrow(expect.objectContaining({ hint: expect.stringContaining("alice") }));
    expect(() => keys.openSigner("./alice.pem", { cwd: place.home })).toThrow(coded("KEY_NOT_FOUND"));
    expect(() => keys.openSigner("Alice")).toThrow(coded("KEY_NAME_INVALID"));
  });
});
