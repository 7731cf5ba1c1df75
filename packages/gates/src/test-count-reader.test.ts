import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTestCountReader, parseTestCounts } from "./index.ts";

function readInPieces(pieces: Iterable<Uint8Array | string>) {
  const reader = createTestCountReader("tap");
  for (const piece of pieces) reader.push(piece);
  return reader.counts();
}

function* cutAt<T extends Uint8Array | string>(whole: T, lengths: readonly number[]): Generator<T> {
  let start = 0;
  for (const length of [...lengths, whole.length]) {
    yield whole.slice(start, start + length) as T;
    start += length;
  }
}

const line = fc.oneof(
  fc.constantFrom("ok", "ok 1 - a", "not ok 2", "ok 3 # SKIP", "not ok # todo", "1..4", "1..999999999", "Bail out!"),
  fc.constantFrom(
    "---",
    "...",
    "# Subtest: \u00fcber",
    "TAP version 14",
    "\ufeffok",
    "ok \ud83d\ude00 # skip \u00df",
    "",
  ),
  fc.string({ maxLength: 12, unit: "binary" }),
);
const output = fc
  .array(fc.tuple(fc.constantFrom("", "", "  ", "    ", "        ", "\u00a0", " ".repeat(2000)), line), {
    maxLength: 40,
  })
  .map((lines) => lines.map(([indent, text]) => indent + text))
  .chain((lines) => fc.constantFrom("\n", "\r\n").map((end) => lines.join(end)));
const lengths = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 });

describe("counts while the output comes", () => {
  test("are those of the whole text, however text or bytes are cut", () => {
    fc.assert(
      fc.property(output, lengths, (text, cuts) => {
        const whole = parseTestCounts("tap", text);
        expect(readInPieces(cutAt(text, cuts))).toEqual(whole);
        expect(readInPieces(cutAt(new TextEncoder().encode(text), cuts))).toEqual(whole);
        expect(readInPieces(text)).toEqual(whole);
      }),
      { numRuns: 1000 },
    );
  });

  test("count every point of an output far larger than a mebibyte", () => {
    const reader = createTestCountReader("tap");
    const name = "n".repeat(90);
    for (let index = 1; index <= 40_000; index += 1) reader.push(`ok ${index} - ${name}\n`);
    reader.push("1..40000\n");
    expect(reader.counts()).toEqual({ passed: 40_000, failed: 0, skipped: 0 });
  });

  test("read the first 64 Ki code units of a line, wherever it is cut", () => {
    const room = 64 * 1024 - "ok ".length;
    const inside = `ok ${"x".repeat(room - 6)}# skip and more\nok\n`;
    const outside = `ok ${"x".repeat(room - 5)}# skip and more\nok\n`;
    for (const size of [1, 7, 65_536, 1_000_000]) {
      const cuts = (text: string) => Array.from({ length: Math.ceil(text.length / size) }, () => size);
      expect(readInPieces(cutAt(inside, cuts(inside)))).toEqual({ passed: 1, failed: 0, skipped: 1 });
      expect(readInPieces(cutAt(outside, cuts(outside)))).toEqual({ passed: 2, failed: 0, skipped: 0 });
    }
  });

  test.each<[string, (index: number) => string]>([
    ["one line without an end", () => "ok ".repeat(20_000)],
    ["levels that only go deeper", (index) => `${" ".repeat(index * 40)}ok\n`],
    ["plans that announce everything", () => "    1..999999999\nok\n".repeat(100)],
    ["diagnostics that never end", () => `  ---\n${"    x\n".repeat(5000)}`],
  ])("hold little of %s", (_what, pieceOf) => {
    const reader = createTestCountReader("tap");
    const before = heapUsed();
    for (let index = 0; index < 1500; index += 1) reader.push(pieceOf(index));
    expect(heapUsed() - before).toBeLessThan(8 * 1024 * 1024);
    const counts = Object.values(reader.counts() ?? {});
    expect(counts.every((count) => Number.isSafeInteger(count))).toBe(true);
  });

  test("go no further than the largest plan, however many there are", () => {
    expect(readInPieces(["  1..999999999\nok\n".repeat(20)])).toEqual({ passed: 0, failed: 999_999_999, skipped: 0 });
  });

  test("take levels beyond 1024 columns for one", () => {
    const nested = (indent: number) => readInPieces([`${" ".repeat(indent + 4)}ok\n${" ".repeat(indent)}ok\n`]);
    expect(nested(1020)).toEqual({ passed: 1, failed: 0, skipped: 0 });
    expect(nested(1024)).toEqual({ passed: 2, failed: 0, skipped: 0 });
  });

  test("pass over a byte order mark", () => {
    expect(readInPieces(["\ufeffok 1\nok 2\n"])).toEqual({ passed: 2, failed: 0, skipped: 0 });
    expect(readInPieces([new TextEncoder().encode("\ufeffok 1\nok 2\n")])).toEqual({
      passed: 2,
      failed: 0,
      skipped: 0,
    });
  });

  test("take no more once they were asked for", () => {
    const reader = createTestCountReader("tap");
    reader.push("ok 1\nok 2");
    expect(reader.counts()).toEqual({ passed: 2, failed: 0, skipped: 0 });
    reader.push("\nok 3\n");
    expect(reader.counts()).toEqual({ passed: 2, failed: 0, skipped: 0 });
  });

  test.each(["none", "junit:out.xml"])("are none where the contract reads %s", (reads) => {
    const reader = createTestCountReader(reads);
    reader.push("ok 1\n1..1\n<testsuite><testcase/></testsuite>");
    expect(reader.counts()).toBeUndefined();
  });
});

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
