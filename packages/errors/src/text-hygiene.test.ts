import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findSecrets, oneLine, redactSecrets, stripControls } from "./index.ts";

// Built from pieces: a secret-shaped literal in a file would be reported by every scanner of secrets, this one included.
const secrets: Readonly<Record<string, string>> = {
  "private-key": ["-----BEGIN ", "RSA PRIVATE", " KEY-----"].join(""),
  "github-token": ["gh", "s_", "A1".repeat(18)].join(""),
  "npm-token": ["np", "m_", "b".repeat(36)].join(""),
  "aws-access-key": ["AK", "IA", "Q".repeat(16)].join(""),
  "google-api-key": ["AI", "za", "c_-".repeat(11), "dd"].join(""),
  "slack-token": ["xo", "xb-", "12-34".repeat(4)].join(""),
  "model-key": ["s", "k-ant-", "e_-9".repeat(9)].join(""),
  "stripe-key": ["r", "k_live_", "f".repeat(24)].join(""),
};
const kinds = Object.entries(secrets);

describe("stripControls", () => {
  it("replaces what moves a cursor or reorders a line, and nothing else", () => {
    expect(stripControls("a\u001b[2J\rb\u0085\u007f\u202ec\u2028\u2066d")).toBe(
      "a\ufffd[2J\ufffdb\ufffd\ufffd\ufffdc\ufffd\ufffdd",
    );
    expect(stripControls("tab\tline\nümläut 日本 👩‍🚀")).toBe("tab\tline\nümläut 日本 👩‍🚀");
  });

  it("keeps the length and leaves no control character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const clean = stripControls(text);
        expect(clean.length).toBe(text.length);
        expect(clean.replace(/[\t\n]/g, "")).not.toMatch(/\p{Cc}|\p{Bidi_Control}|\p{Zl}|\p{Zp}/u);
      }),
    );
  });
});

describe("oneLine", () => {
  it("joins lines and cuts the middle", () => {
    expect(oneLine(" a\r\n\tb \n c ")).toBe("a b c");
    expect(oneLine("0123456789", 9)).toBe("012...789");
    expect(oneLine("0123456789", 10)).toBe("0123456789");
    expect(oneLine("0123456789", 3)).toBe("...");
    expect(oneLine("a\u001b[2Jb")).toBe("a\ufffd[2Jb");
  });

  it("is one well-formed line of at most the given length", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.integer({ min: 3, max: 250 }), (text, max) => {
        const line = oneLine(text, max);
        expect(line.length).toBeLessThanOrEqual(max);
        expect(line).not.toMatch(/[\n\r\t]/);
        expect(line.isWellFormed()).toBe(true);
      }),
    );
  });

  it("does not leave half an emoji at a cut", () => {
    expect(oneLine("🚀".repeat(10), 9)).toBe("🚀\ufffd...\ufffd🚀");
  });
});

describe("findSecrets and redactSecrets", () => {
  it.each(kinds)("finds and redacts a %s", (kind, secret) => {
    const text = `before ${secret}\nafter`;
    expect(findSecrets(text)).toEqual([{ kind, start: 7, end: 7 + secret.length }]);
    expect(redactSecrets(text)).toBe(`before [redacted:${kind}]\nafter`);
  });

  it("leaves ordinary text alone", () => {
    const text = `sk-short ghp_short ${"a".repeat(40)} -----BEGIN PUBLIC KEY----- x${secrets["npm-token"]} ${"0".repeat(64)}`;
    expect(findSecrets(text)).toEqual([]);
    expect(redactSecrets(text)).toBe(text);
  });

  it("takes overlapping secrets as one, so that no tail of the second is left", () => {
    const first = ["xo", "xb-", "1".repeat(20), "-"].join("");
    const second = ["s", "k-", "_".repeat(3), "x".repeat(40)].join("");
    const text = `a ${first}${second} z`;
    expect(findSecrets(text)).toEqual([{ kind: "slack-token", start: 2, end: text.length - 2 }]);
    expect(redactSecrets(text)).toBe("a [redacted:slack-token] z");
  });

  it("returns spans in order and apart, and leaves no secret behind, whatever stands around and between", () => {
    const piece = fc.oneof(
      fc.constantFrom(...Object.values(secrets)),
      fc.constantFrom("-", "_", " ", "\n", ".", "[", "a", "Z9", "sk-", "ghp_", "x".repeat(31), "y".repeat(240)),
      fc.string({ unit: "binary", maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        let from = 0;
        for (const { start, end } of findSecrets(text)) {
          expect(start).toBeGreaterThanOrEqual(from);
          expect(end).toBeGreaterThan(start);
          from = end;
        }
        expect(findSecrets(redactSecrets(text))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["beginnings of every secret", kinds.map(([, secret]) => secret.slice(0, 8)).join("")],
    ["dashes", "-"],
    ["labels without end", "-----BEGIN AAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAA "],
    ["tokens without end", `${["s", "k-"].join("")}${"a".repeat(400)}.`],
    ["secrets", `${secrets["model-key"]} `],
    ["overlapping secrets", ["xo", "xb-", "1".repeat(12), "-s", "k-", "x".repeat(33), "-"].join("")],
  ])("is done with 1 MB of %s within seconds", { timeout: 10_000 }, (_, unit) => {
    const text = unit.repeat(Math.ceil(2 ** 20 / unit.length));
    // Work that grows with the square of the length would take hours here.
    expect(findSecrets(redactSecrets(text))).toEqual([]);
  });
});
