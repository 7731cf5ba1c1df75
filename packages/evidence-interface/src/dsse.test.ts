import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { approver, signEnvelope, stranger, type TestKey, verifySignature } from "../test/keys.ts";
import { type Envelope, envelopeSchema, fromBase64, openEnvelope, toEnvelope, toPreAuthentication } from "./index.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const type = "application/vnd.test";
const payload = encode('{"a":1}');
const bytesOf = ({ publicKey }: TestKey) => fromBase64(publicKey.public_key) ?? new Uint8Array();
const known = new Map([[approver.publicKey.keyid, bytesOf(approver)]]);
const open = (envelope: unknown, payloadType = type) => {
  const result = openEnvelope({ envelope, payloadType, publicKeyOf: (keyid) => known.get(keyid), verifySignature });
  return result.ok ? [new TextDecoder().decode(result.payload), result.keyid] : result.reason;
};

describe("DSSE", () => {
  test("encodes the specification's example as the specification does", () => {
    const bytes = toPreAuthentication("http://example.com/HelloWorld", encode("hello world"));
    expect(new TextDecoder().decode(bytes)).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  });

  test("counts bytes, not characters, and takes an empty type and payload", () => {
    expect(new TextDecoder().decode(toPreAuthentication("ü", encode("ö€")))).toBe("DSSEv1 2 ü 5 ö€");
    expect(new TextDecoder().decode(toPreAuthentication("", new Uint8Array()))).toBe("DSSEv1 0  0 ");
  });

  test("opens an envelope that a known key signed, also beside signatures of others", () => {
    const { keyid } = approver.publicKey;
    const envelope = signEnvelope(approver, type, payload);
    expect(envelopeSchema.parse(envelope)).toEqual(envelope);
    expect(open(envelope)).toEqual(['{"a":1}', keyid]);
    const { signatures } = signEnvelope(stranger, type, payload);
    expect(open({ ...envelope, signatures: [...signatures, ...envelope.signatures] })).toEqual(['{"a":1}', keyid]);
  });

  test("says why it does not open one", () => {
    const envelope = signEnvelope(approver, type, payload);
    const [signature] = envelope.signatures;
    const signed = (sig: string) => ({ ...envelope, signatures: [{ ...signature, sig }] });
    const cases: readonly (readonly [string, unknown, string])[] = [
      ["no envelope", null, "shape"],
      ["a field more", { ...envelope, note: 1 }, "shape"],
      ["no signature", { ...envelope, signatures: [] }, "shape"],
      ["seventeen signatures", { ...envelope, signatures: Array(17).fill(signature) }, "shape"],
      ["url-safe letters", { ...envelope, payload: "-_==" }, "shape"],
      ["stray bits", { ...envelope, payload: "QR==" }, "shape"],
      ["missing padding", { ...envelope, payload: "QQ" }, "shape"],
      ["another type", { ...envelope, payloadType: "x" }, "payload-type"],
      ["another payload", { ...envelope, payload: "QQ==" }, "signature"],
      ["another signature", signed("QQ=="), "signature"],
      ["a signature in no base64", signed("QR=="), "unknown-key"],
      ["a stranger's signature", signEnvelope(stranger, type, payload), "unknown-key"],
      [
        "a stranger's signature under a known id",
        signEnvelope(stranger, type, payload, approver.publicKey.keyid),
        "signature",
      ],
    ];
    for (const [name, value, reason] of cases) expect([name, open(value)]).toEqual([name, reason]);
    // A payload signed as one type is not one of another, though the text may read as both.
    expect(open({ ...envelope, payloadType: "other" }, "other")).toBe("signature");
  });

  test("opens nothing in which one byte of payload, signature or type was changed", () => {
    const sound = signEnvelope(approver, type, payload);
    fc.assert(
      fc.property(
        fc.constantFrom("payload" as const, "sig" as const, "payloadType" as const),
        fc.nat(),
        fc.constantFrom(..."ABab01+/="),
        (field, at, letter) => {
          const change = (text: string) =>
            text.slice(0, at % text.length) + letter + text.slice((at % text.length) + 1);
          const spoilt: Envelope = {
            ...sound,
            ...(field === "sig" ? {} : { [field]: change(sound[field]) }),
            signatures: sound.signatures.map((entry) =>
              field === "sig" ? { ...entry, sig: change(entry.sig) } : entry,
            ),
          };
          if (JSON.stringify(spoilt) !== JSON.stringify(sound)) expect(typeof open(spoilt)).toBe("string");
        },
      ),
      { numRuns: 500 },
    );
  });

  test("is refused, not crashed by, a payload of many megabytes", () => {
    const envelope = { ...signEnvelope(approver, type, payload), payload: `${"A".repeat(40_000_000)}!` };
    expect(open(envelope)).toBe("shape");
  });

  test("makes signatures that openssl alone can check, and takes those that openssl makes", () => {
    const folder = mkdtempSync(join(tmpdir(), "cto-dsse-"));
    const path = (name: string) => join(folder, name);
    try {
      const message = toPreAuthentication(type, payload);
      writeFileSync(path("message"), message);
      writeFileSync(path("key.pem"), approver.privateKey.export({ format: "pem", type: "pkcs8" }));
      writeFileSync(path("public.der"), bytesOf(approver));
      const [signature] = signEnvelope(approver, type, payload).signatures;
      writeFileSync(path("sig"), fromBase64(signature?.sig ?? "") ?? new Uint8Array());
      const openssl = (...args: string[]) =>
        execFileSync("openssl", ["pkeyutl", ...args, "-rawin", "-in", path("message")]);
      const checked = openssl(
        "-verify",
        "-pubin",
        "-keyform",
        "DER",
        "-inkey",
        path("public.der"),
        "-sigfile",
        path("sig"),
      );
      expect(checked.toString()).toContain("Signature Verified Successfully");
      const made = new Uint8Array(openssl("-sign", "-inkey", path("key.pem")));
      const { keyid } = approver.publicKey;
      expect(open(toEnvelope({ payloadType: type, payload, signatures: [{ keyid, signature: made }] }))).toEqual([
        '{"a":1}',
        keyid,
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
