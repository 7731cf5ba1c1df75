import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CtoError } from "@cto/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseExpectation } from "./parse-expectation.ts";

const passing =
  "schema: cto.expect.v1\ninvoke: {stage: 2, target: none}\nexpect: {status: pass, code: null, event: null, exit: 0}\n";

function messageFor(text: string): string {
  try {
    parseExpectation({ file: "expect.yaml", text });
  } catch (thrown) {
    if (CtoError.is(thrown) && thrown.code === "CASE_EXPECTATION_INVALID") return thrown.message;
    throw thrown;
  }
  return "accepted";
}

describe("parseExpectation", () => {
  it("reads how a case is invoked and what must come out", () => {
    expect(parseExpectation({ file: "expect.yaml", text: passing })).toEqual({
      schema: "cto.expect.v1",
      invoke: { stage: 2, target: "none" },
      expect: { status: "pass", code: null, event: null, exit: 0 },
    });
  });

  it.each([
    ["another version", passing.replace("v1", "v2"), "expect.yaml:1:9: schema: "],
    ["an unknown key", `${passing}more: 1\n`, 'expect.yaml:4:1: "more" is not a key here, expected one of schema, '],
    ["a target below stage 3", passing.replace("none", "clean"), "expect.yaml:2:28: invoke.target: "],
    ["no target at stage 3", passing.replace("stage: 2", "stage: 3"), "expect.yaml:2:28: invoke.target: "],
    ["a pass with a code", passing.replace("code: null", "code: no_diff"), "expect.yaml:3:18: expect.status: "],
    ["a failure without a code", passing.replace("pass", "fail"), "expect.yaml:3:18: expect.status: "],
    [
      "an event without a code",
      passing.replace("event: null", "event: run.completed"),
      "expect.yaml:3:43: expect.event: ",
    ],
    ["an exit code of another status", passing.replace("exit: 0", "exit: 3"), "expect.yaml:3:55: expect.exit: "],
    ["an unknown code", passing.replace("code: null", "code: bad_luck"), "expect.yaml:3:30: expect.code: "],
    ["invalid YAML", "a: [", "expect.yaml:1:5: "],
    ["two documents", `${passing}---\n${passing}`, "expect.yaml:4:1: "],
    ["aliases without end", "a: &a [1]\nb: &b [*a, *a]\nc: [*b, *b, *b, *b]", "expect.yaml:2:8: "],
    ["an empty file", "", "expect.yaml:1:1: the document: "],
  ])("refuses %s, with its place", (_, text, start) => {
    expect(messageFor(text).slice(0, start.length)).toBe(start);
  });

  it("throws nothing but its own error, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(messageFor(text)).not.toBe("accepted");
      }),
    );
  });

  it("accepts the expectation of every case of this repository", () => {
    const cases = fileURLToPath(new URL("../../../../fixtures/cases/", import.meta.url));
    const ids = readdirSync(cases);
    expect(ids.length).toBeGreaterThan(10);
    for (const id of ids) expect(messageFor(readFileSync(`${cases}${id}/expect.yaml`, "utf8"))).toBe("accepted");
  });
});
