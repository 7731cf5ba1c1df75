import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseTestCounts } from "./index.ts";

const tap = (...lines: readonly string[]) => parseTestCounts("tap", lines.join("\n"));
const junit = (text: string) => parseTestCounts("junit:out.xml", text);

describe("a real report of node --test", () => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "cto-gates-"));
    await writeFile(
      join(directory, "a.test.mjs"),
      `import { describe, test } from "node:test";
      describe("suite", () => {
        test("one", () => {});
        test("two", () => { throw new Error("no\\n\\nok 7 - not a test\\n"); });
        test.skip("three", () => {});
        test.todo("four");
        test("parent", async (t) => { await t.test("child # 1", () => {}); await t.test("child 2", () => {}); });
      });
      test("fails by itself", async (t) => { await t.test("fine", () => {}); throw new Error("late"); });
      test("<&> \\"quotes\\"", () => { console.log("ok 99 - printed"); });`,
    );
  });
  afterAll(() => rm(directory, { recursive: true }));

  test.each([
    ["tap", "tap"],
    ["junit", "junit:out.xml"],
  ])("gives the same leaves from %s", async (reporter, reads) => {
    const out = join(directory, `out.${reporter}`);
    const run = () =>
      execFileSync(
        process.execPath,
        ["--test", `--test-reporter=${reporter}`, `--test-reporter-destination=${out}`, "a.test.mjs"],
        {
          cwd: directory,
          env: { PATH: process.env.PATH ?? "" },
          stdio: "ignore",
        },
      );
    expect(run).toThrow();
    const counts = parseTestCounts(reads, await readFile(out, "utf8"));
    expect(counts).toMatchObject({ passed: 5, skipped: 2 });
    expect(counts?.failed).toBeGreaterThanOrEqual(1);
  });
});

describe("TAP", () => {
  test("counts points, skip, todo and what the plan misses", () => {
    expect(
      tap("TAP version 14", "1..6", "ok 1 - a", "not ok 2 - b", "ok 3 - c # SKIP why", "not ok 4 # TODO later", "ok"),
    ).toEqual({
      passed: 2,
      failed: 2,
      skipped: 2,
    });
  });

  test("counts leaves only, and a parent that fails by itself", () => {
    expect(tap("# Subtest: p", "    ok 1 - a", "    not ok 2 - b", "    1..2", "not ok 1 - p", "1..1")).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
    });
    expect(tap("    ok 1 - a", "    1..1", "not ok 1 - p", "ok 2 - q", "1..2")).toEqual({
      passed: 2,
      failed: 1,
      skipped: 0,
    });
  });

  test("passes over diagnostics, also with blank lines", () => {
    expect(
      tap("not ok 1 - a", "  ---", "  error: |-", "    x", "", "    ok 5 - no", "  ...", "ok 2 - b", "1..2"),
    ).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  test("takes an escaped hash as part of the name, and a bail-out as a failure", () => {
    expect(tap("ok 1 - no \\# skip here", "Bail out! no disk")).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  test("reads an empty plan as no tests, and other text as no counts", () => {
    expect(tap("TAP version 13", "1..0 # SKIP nothing to do")).toEqual({ passed: 0, failed: 0, skipped: 0 });
    expect(tap("okay", "notok", "# pass 5", "")).toBeUndefined();
  });
});

describe("JUnit XML", () => {
  test("counts test cases by the elements inside", () => {
    expect(
      junit(`<?xml version="1.0"?><!-- <testcase/> -->
<testsuites tests="99"><testsuite name="a > b"><properties/>
<testcase name="1"/><testcase name='2'></testcase>
<testcase name="3"><failure message="&lt;skipped/&gt;"><![CDATA[<skipped/>]]></failure><skipped/></testcase>
<testcase name="4"><error/></testcase><testcase name="5"><skipped/></testcase>
<testcase name="6"><system-out><skipped/></system-out></testcase>
</testsuite></testsuites>`),
    ).toEqual({ passed: 3, failed: 2, skipped: 1 });
  });

  test.each([
    ["text", "all fine"],
    ["another document", "<html></html>"],
    ["a document that is cut off", "<testsuite><testcase/>"],
    ["a tag that is cut off", '<testsuite><testcase name="'],
    ["crossed tags", "<testsuite><testcase></testsuite></testcase>"],
    ["a document type", '<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>'],
    ["an open comment", "<testsuite/><!-- "],
  ])("gives no counts for %s", (_what, text) => {
    expect(junit(text)).toBeUndefined();
  });
});

test("nothing is read where the contract reads nothing", () => {
  expect(parseTestCounts("none", "ok 1\n1..1")).toBeUndefined();
});

test("any text gives counts or none, never an error", () => {
  const piece = fc.constantFrom(
    "<testsuite>",
    "</testsuite>",
    "<testcase>",
    "</testcase>",
    "<skipped/>",
    "<",
    ">",
    '"',
    "<!--",
    "-->",
    "<![CDATA[",
    "ok 1",
    "not ok",
    "\n",
    "    ",
    "1..3",
    "---",
    "...",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 60 }), (parts) => {
      for (const reads of ["tap", "junit:x"]) {
        const counts = parseTestCounts(reads, parts.join(""));
        if (counts !== undefined)
          expect(Object.values(counts).every((count) => Number.isInteger(count) && Number(count) >= 0)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});
