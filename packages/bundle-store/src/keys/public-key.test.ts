import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parsePublicKey, verifyEd25519 } from "../index.ts";
import { createTemporaryStore } from "../test/sample-run.ts";

const coded = (code: string, part = ""): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(part), hint: expect.stringMatching(/\S/) });

function _openssl(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { error, status, stderr, stdout } = spawnSync("openssl", args, { encoding: "utf8" });
  expect(error).toBeUndefined();
  return { status, output: `${stdout}${stderr}` };
}

describe("verifyEd25519", () => {
  it("is true for exactly the key, message and signature that belong together", async () => {
    await using place = createTemporaryStore();
    const { keys } = place.store;
    const [alice, bob] = ["alice", "bob"].map((name) => {
      keys.createKey({ name });
      const signer = keys.openSigner(name);
      return { der: Buffer.from(signer.publicKey.public_key, "base64"), sign: signer.sign };
    });
    const message = Buffer.from("a message");
    const signature = Buffer.from(alice?.sign(message) ?? []);
    const publicKey = alice?.der ?? Buffer.alloc(0);
    expect(verifyEd25519({ publicKey, message, signature })).toBe(true);
    expect(verifyEd25519({ publicKey: bob?.der ?? publicKey, message, signature })).toBe(false);
    for (let at = 0; at < 64; at += 1) {
      const flipped = Buffer.from(signature);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      expect(verifyEd25519({ publicKey, message, signature: flipped })).toBe(false);
    }
    for (const other of [Buffer.alloc(0), Buffer.from("a message "), Buffer.from("b message")])
      expect(verifyEd25519({ publicKey, message: other, signature })).toBe(false);
    const wrongKeys = [
      Buffer.alloc(0),
      publicKey.subarray(1),
      Buffer.concat([publicKey, Buffer.alloc(1)]),
      Buffer.alloc(44, 255),
    ];
    for (const wrong of wrongKeys) expect(verifyEd25519({ publicKey: wrong, message, signature })).toBe(false);
    for (const wrong of [Buffer.alloc(0), signature.subarray(1), Buffer.concat([signature, Buffer.alloc(1)])])
      expect(verifyEd25519({ publicKey, message, signature: wrong })).toBe(false);
  });

  it("agrees with the first test vectors of RFC 8032", () => {
    const vectors = [
      [
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
      ],
      [
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
      ],
    ].map((vector) => vector.map((text) => Buffer.from(text, "hex")));
    for (const [key = Buffer.alloc(0), message = key, signature = key] of vectors) {
      const publicKey = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]);
      expect(verifyEd25519({ publicKey, message, signature })).toBe(true);
      expect(verifyEd25519({ publicKey: key, message, signature })).toBe(false);
    }
  });
});

describe("a public key in a file", () => {
  it("is read with its schema and without", async () => {
    await using place = createTemporaryStore();
    const key = place.store.keys.createKey({ name: "alice" });
    for (const document of [key, { schema: "cto.public-key.v1", ...key }])
      expect(parsePublicKey({ file: "k", bytes: Buffer.from(JSON.stringify(document)) })).toEqual(key);
  });

  it("is refused if its id is another's, or anything about it is odd", async () => {
    await using place = createTemporaryStore();
    const [alice, bob] = ["alice", "bob"].map((name) => place.store.keys.createKey({ name }));
    const wrong = [
      "",
      "[]",
      JSON.stringify({ ...alice, schema: "cto.public-key.v2" }),
      JSON.stringify({ ...alice, keyid: bob?.keyid }),
      JSON.stringify({ ...alice, public_key: bob?.public_key }),
      JSON.stringify({ ...alice, name: "A" }),
      JSON.stringify({ ...alice, roles: ["approver"] }),
      JSON.stringify({ ...alice, public_key: alice?.public_key.replace(/.=$/, "B=") }),
      JSON.stringify(alice).replace("{", '{"name":"bob",'),
      JSON.stringify({ keyid: alice?.keyid, name: alice?.name }),
    ];
    for (const text of wrong)
      expect(() => parsePublicKey({ file: "k.json", bytes: Buffer.from(text) })).toThrow(
        coded("KEY_PUBLIC_INVALID", "k.json"),
      );
  });

  it("is not a private key, and nothing of that gets into the error", async () => {
    await using place = createTemporaryStore();
    place.store.keys.createKey({ name: "alice" });
    const bytes = fs.readFileSync(path.join(place.store.root, "keys/alice.pem"));
    expect(() => parsePublicKey({ file: "k", bytes })).toThrow(coded("KEY_PUBLIC_INVALID", "k holds a private key."));
  });
});
