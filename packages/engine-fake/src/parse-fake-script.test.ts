import { CtoError } from "@cto/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FAKE_ACTIONS, FAKE_SCRIPT_SCHEMA, type FakeStep, parseFakeScript } from "./index.ts";

function problemsOf(text: string): readonly unknown[] {
  try {
    parseFakeScript({ file: "fake.yaml", text });
  } catch (thrown) {
    if (!CtoError.is(thrown) || thrown.code !== "FAKE_SCRIPT_INVALID") throw thrown;
    const { problems } = thrown.details;
    if (Array.isArray(problems) && problems.length > 0) return problems;
    throw new Error("no problems are given");
  }
  return [];
}

const script = (...steps: readonly string[]) =>
  `schema: cto.fake-script.v1\nsteps:\n${steps.map((step) => `  - ${step}\n`).join("")}`;

/** One valid example of every action. */
const examples: Readonly<Record<string, FakeStep>> = {
  append: { append: { path: "a", base64: "AAE=" } },
  chmod: { chmod: { path: "a", mode: "0755" } },
  claim: { claim: { files: ["a"], tests_passed: true, committed: false, summary: "s" } },
  close_stdout: { close_stdout: true },
  commit: { commit: "message" },
  delete: { delete: "a" },
  exit: { exit: 255 },
  fail: { fail: { reason: "provider-auth", message: "401", exit: 0 } },
  fifo: { fifo: "a" },
  fill: { fill: { path: "a", bytes: 0 } },
  hardlink: { hardlink: { path: "a", target: "/b" } },
  ignore_signals: { ignore_signals: true },
  patch: { patch: "--- a/x\n" },
  print: { print: { stream: "stderr", text: "", repeat: 3 } },
  rename: { rename: { from: "a", to: "../b" } },
  attempt: { attempt: { name: "push" } },
  use: { use: { input_tokens: 10, output_tokens: 5, usd: 0.25 } },
  run: { run: { argv: ["a", ""], env: { A: "" }, ok_to_fail: true } },
  signal: { signal: "SIGKILL" },
  sleep: { sleep: 0.5 },
  spawn: { spawn: { argv: ["a"], keep_stdout: true } },
  symlink: { symlink: { path: "a", target: "/" } },
  write: { write: { path_base64: "/w==", text: "t", mode: "755", mkdir: false } },
};

describe("parseFakeScript", () => {
  it("knows an example of every action and accepts it, written as JSON too", () => {
    expect(Object.keys(examples).sort()).toEqual(FAKE_ACTIONS);
    const whole = { schema: FAKE_SCRIPT_SCHEMA, steps: Object.values(examples) };
    expect(parseFakeScript({ file: "fake.json", text: JSON.stringify(whole, null, 2) })).toEqual(whole);
  });

  it("gives file, line, column and path of every problem at once", () => {
    const text = script(
      "wriet: {path: a, text: b}",
      "write: {path: a, txt: b, mode: 755}",
      "{exit: 1, sleep: 1}",
      "exit: 256",
    );
    expect(problemsOf(`${text}stesp: 1\n`)).toEqual([
      { file: "fake.yaml", line: 7, column: 1, path: "", message: "unknown key stesp; did you mean steps?" },
      { file: "fake.yaml", line: 3, column: 5, path: "steps[0]", message: "unknown key wriet; did you mean write?" },
      {
        file: "fake.yaml",
        line: 4,
        column: 36,
        path: "steps[1].write.mode",
        message: 'expected an octal mode in quotes, such as "0755"',
      },
      {
        file: "fake.yaml",
        line: 4,
        column: 22,
        path: "steps[1].write",
        message: "unknown key txt; did you mean text?",
      },
      {
        file: "fake.yaml",
        line: 4,
        column: 12,
        path: "steps[1].write",
        message: "expected exactly one of text and base64",
      },
      {
        file: "fake.yaml",
        line: 5,
        column: 5,
        path: "steps[2]",
        message: "expected exactly one action in a step, found exit, sleep",
      },
      {
        file: "fake.yaml",
        line: 6,
        column: 11,
        path: "steps[3].exit",
        message: "Too big: expected number to be <=255",
      },
    ]);
  });

  it("lists the actions where nothing is similar to an unknown one", () => {
    expect(problemsOf(script("teleport: {}"))).toMatchObject([
      { line: 3, column: 5, message: `unknown key teleport; known are ${FAKE_ACTIONS.join(", ")}` },
    ]);
  });

  it.each([
    ["an empty file", "", 1, 1],
    ["another version, without judging the rest", "schema: cto.fake-script.v2\nnew: 1\n", 1, 9],
    ["steps that are not a list", "schema: cto.fake-script.v1\nsteps: {}\n", 2, 8],
    ["a step that is not a map", script("write"), 3, 5],
    ["both contents of a file", script("write: {path: a, text: b, base64: AA==}"), 3, 12],
    ["no place of a file", script("write: {text: b}"), 3, 12],
    ["a path with NUL", script('delete: "a\\0b"'), 3, 13],
    ["base64 that is none", script("print: {base64: '%'}"), 3, 21],
    ["an unknown reason of failure", script("fail: {reason: tired, message: m}"), 3, 20],
    ["an alias", script("delete: &a x", "delete: *a"), 4, 13],
    ["a tag of its own", script("delete: !x y"), 3, 13],
    ["two documents", `${script("exit: 0")}---\na: 1\n`, 4, 1],
    ["a key twice", script("{exit: 0, exit: 1}"), 3, 15],
    ["broken YAML", "schema: [", 1, 10],
    ["a megabyte and more", " ".repeat(2 ** 20 + 1), 1, 1],
  ])("refuses %s at its place", (_, text, line, column) => {
    expect(problemsOf(text)[0]).toMatchObject({ line, column });
  });

  it("refuses nesting without end and keeps the list of problems short", () => {
    const problems = problemsOf("[".repeat(100_000));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(50);
  });

  it("throws nothing but its own error, whatever the text", () => {
    const fragment = fc.constantFrom(
      ...FAKE_ACTIONS,
      "schema: cto.fake-script.v1\n",
      "steps:\n",
      "  - ",
      ": ",
      "{",
      "}",
      "[",
      "*a",
      "&a ",
      "\n",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fc.oneof(fragment, fc.string({ maxLength: 4 })), { maxLength: 30 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (text) => {
        problemsOf(text);
      }),
      { numRuns: 500 },
    );
  });

  it("gives back every list of valid steps unchanged", () => {
    const steps = fc.array(fc.constantFrom(...Object.values(examples)));
    fc.assert(
      fc.property(steps, (steps) => {
        const whole = { schema: FAKE_SCRIPT_SCHEMA, steps };
        expect(parseFakeScript({ file: "fake.json", text: JSON.stringify(whole) })).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });
});
