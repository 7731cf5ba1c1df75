import { access } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CtoError, messageOf, systemCode } from "./index.ts";

const secret = ["gh", "p_", "a".repeat(36)].join("");

describe("CtoError", () => {
  it("carries code, message, hint, details and cause", () => {
    const cause = new Error("below");
    const error = new CtoError("TASK_NOT_FOUND", "no such task", { hint: "Look again.", details: { line: 2 }, cause });
    expect(error).toBeInstanceOf(Error);
    expect({ ...error, name: error.name, message: error.message, cause: error.cause }).toEqual({
      name: "CtoError",
      code: "TASK_NOT_FOUND",
      message: "no such task",
      hint: "Look again.",
      details: { line: 2 },
      cause,
    });
  });

  it("has a cause only if there is one", () => {
    expect("cause" in new CtoError("A_B", "m", { hint: "h" })).toBe(false);
  });

  it("prints as cto.error.v1, without cause and stack", () => {
    const error = new CtoError("A_B", "m", {
      hint: "h",
      details: { at: [1, null, { deep: true }] },
      cause: new Error("no"),
    });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      schema: "cto.error.v1",
      code: "A_B",
      message: "m",
      hint: "h",
      details: { at: [1, null, { deep: true }] },
    });
  });

  it("takes control characters out of message and hint, and secrets out of details too", () => {
    const hostile = `\u001b[2Jgone\u202e ${secret}`;
    const clean = "\ufffd[2Jgone\ufffd [redacted:github-token]";
    const exact = "\u001b[2Jgone\u202e [redacted:github-token]";
    const error = new CtoError("A_B", hostile, { hint: hostile, details: { [hostile]: [{ deep: hostile, n: 1 }] } });
    expect(error.toJSON()).toEqual({
      schema: "cto.error.v1",
      code: "A_B",
      message: clean,
      hint: clean,
      details: { [exact]: [{ deep: exact, n: 1 }] },
    });
  });

  it("keeps a detail named __proto__ as a plain key", () => {
    const details = JSON.parse('{"__proto__": "x"}');
    expect(JSON.stringify(new CtoError("A_B", "m", { hint: "h", details }).details)).toBe('{"__proto__":"x"}');
  });

  it("is recognised when it comes from another copy of the module", async () => {
    const otherUrl = `./cto-error.ts?${"copy=2"}`;
    const other: typeof import("./index.ts") = await import(otherUrl);
    const error = new other.CtoError("A_B", "m", { hint: "h" });
    expect(other.CtoError).not.toBe(CtoError);
    expect(error).not.toBeInstanceOf(CtoError);
    expect(CtoError.is(error)).toBe(true);
    expect(other.CtoError.is(new CtoError("A_B", "m", { hint: "h" }))).toBe(true);
  });

  it("does not take anything else for one, not even its JSON", () => {
    const error = new CtoError("A_B", "m", { hint: "h" });
    const others = [new Error("m"), error.toJSON(), JSON.parse(JSON.stringify(error)), "A_B", null, undefined];
    expect(others.map((other) => CtoError.is(other))).toEqual(others.map(() => false));
  });
});

describe("messageOf", () => {
  it.each([
    ["an error", new Error("no"), "no"],
    ["text with a control character and a secret", `a\u0007 ${secret}`, "a\ufffd [redacted:github-token]"],
    ["an error without a message", new Error(), "unknown error"],
    ["an error whose message is no text", Object.assign(new Error(), { message: 7 }), "7"],
    ["nothing", undefined, "undefined"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["an object that cannot be turned into text", Object.create(null), "unknown error"],
  ])("says something about %s", (_, thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });

  it("answers for anything that can be thrown", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (thrown) => {
        expect(messageOf(thrown)).toMatch(/./su);
      }),
    );
  });
});

describe("systemCode", () => {
  it("is the code of a system error", async () => {
    const thrown = await access("/nowhere/at/all").catch((cause: unknown) => cause);
    expect(systemCode(thrown)).toBe("ENOENT");
  });

  it("is undefined for everything without a textual code", () => {
    expect([new Error("m"), { code: 2 }, "ENOENT", null, undefined].map(systemCode)).toEqual(Array(5).fill(undefined));
  });
});
