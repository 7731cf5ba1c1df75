import { CtoError } from "@cto/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRecord, RECORD_KINDS } from "../index.ts";
import { NOW, SAMPLES } from "./__fixtures__/sample-records.ts";
import { change, FIELDS, placesOf, refusalOf, shown, type Value, valueAt } from "./__fixtures__/spoil-record.ts";

describe("a secret in a record", () => {
  const token = `ghp_${"A1b2".repeat(9)}`;
  const values = [
    token,
    `run with ${token} set`,
    `npm_${"a".repeat(36)}`,
    "-----BEGIN PRIVATE KEY-----",
    "git clone https://x-oauth@example.org/a.git",
    "git clone ssh://me:word@example.org/a.git",
  ];

  const texts = FIELDS.filter(({ path, sample }) => typeof valueAt(sample, path) === "string");

  it.each(texts)("is refused as the value of $name and never shown", ({ path, sample }) => {
    for (const value of values) {
      const { code, problems, text } = refusalOf(
        change(sample, path, (parent, key) => {
          parent[key] = value;
        }),
      );
      expect(code).toBe("ADMISSION_SECRET");
      expect(problems[0]).toMatchObject({ path: shown(path), message: expect.stringContaining("looks like a secret") });
      expect(text).not.toContain(token);
      expect(text).not.toContain("word@");
    }
  });

  it.each([
    "password",
    "apiKey",
    "API-KEY",
    "api_key",
    "access_token",
    "Secret",
    "client_secret",
    "credential",
    "passphrase",
    "ｐａｓｓｗｏｒｄ",
    "pass\u200bword",
  ])("is refused as the key %s, wherever it stands, without its value", (key) => {
    for (const value of [
      { ...SAMPLES.model, [key]: "hunter2" },
      { ...SAMPLES.model, prices: { ...SAMPLES.model.prices, [key]: "hunter2" } },
      { ...SAMPLES.model, extra: [{ deep: { [key]: "hunter2" } }] },
    ]) {
      const { code, text } = refusalOf(value);
      expect(code).toBe("ADMISSION_SECRET");
      expect(text).not.toContain("hunter2");
    }
  });

  it("is refused as a key itself and not shown", () => {
    const { code, text } = refusalOf({ ...SAMPLES.model, [token]: 1 });
    expect(code).toBe("ADMISSION_SECRET");
    expect(text).not.toContain(token);
  });

  it("is not seen in the fields that only name a class of credentials", () => {
    expect(refusalOf({ ...SAMPLES.model, credential_source: "hunter2" }).text).not.toContain("hunter2");
  });
});

describe("any JSON", () => {
  it("is read or refused with a code of this area, and never shows a place of the machine", () => {
    const kinds = fc.constantFrom(...RECORD_KINDS);
    fc.assert(
      fc.property(kinds, fc.array(fc.tuple(fc.nat(), fc.jsonValue()), { maxLength: 4 }), (kind, edits) => {
        let value = SAMPLES[kind] as unknown as Value;
        for (const [at, replacement] of edits) {
          const places = placesOf(value);
          const path = places[at % Math.max(1, places.length)];
          if (path === undefined) break;
          value = change(value, path, (parent, key) => {
            parent[key] = replacement as Value;
          });
        }
        try {
          expect(parseRecord({ file: "r.json", text: JSON.stringify(value), now: NOW })).toEqual(
            JSON.parse(JSON.stringify(value)),
          );
        } catch (thrown) {
          if (!CtoError.is(thrown)) throw thrown;
          expect(thrown.code).toMatch(/^ADMISSION_(?:VERSION|INVALID|SECRET)$/);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("never throws uncoded, whatever the bytes", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          expect(() => parseRecord({ file: "r.json", bytes, now: NOW })).toThrow(
            expect.objectContaining({ code: expect.stringMatching(/^ADMISSION_(?:SYNTAX|VERSION)$/) }),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("does not show a path of this machine", () => {
    const { text } = refusalOf({ ...SAMPLES.engine, path: "/home/somebody/x\ny" });
    expect(text).not.toContain("somebody");
  });

  it("is refused in time that grows with its size", () => {
    const keys = Object.fromEntries(Array.from({ length: 30_000 }, (_, n) => [`k${n}`, "https://".repeat(2)]));
    const started = performance.now();
    expect(refusalOf({ ...SAMPLES.model, ...keys }).problems.length).toBe(100);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
