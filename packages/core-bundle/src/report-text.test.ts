import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toReportText, toUnproven } from "./index.ts";
import { sampleReport } from "./test/sample-documents.ts";

const extras = { brief: "Make slugify work.", next: [{ does: "Check the bundle", command: "cto verify latest" }] };

describe("toReportText", () => {
  it("says of a pass what was asked, what changed by which rule, what was checked and where, and what is not proven", () => {
    const text = toReportText(sampleReport(), extras);
    expect(text).toMatch(/^# PASS: Make slugify work\n/);
    expect(text.match(/^## .*$/gm)).toEqual([
      "## What was asked",
      "## What changed",
      "## What was checked, and where",
      "## What is not proven",
      "## What to do next",
    ]);
    expect(text).toContain("```text\nMake slugify work.\n```");
    expect(text).toContain("- modified `src/slugify.js`: allowed by `src/`");
    expect(text).toContain(
      "in a fresh checkout made from the baseline and patch.diff, in a bubblewrap sandbox, network: none",
    );
    expect(text).toContain("- `unit` passed: `node --test` exited with 0 after 0.1 s, 4 passed, 0 failed, 0 skipped");
    expect(text).toContain("- runtime default activation: false");
    expect(text).toContain("- Check the bundle: `cto verify latest`");
    expect(text.endsWith("\n")).toBe(true);
  });

  it("puts the reasons with their hints first when a run did not pass", () => {
    const blocker = {
      code: "no_diff",
      event: "git.diff.checked",
      message: "The engine made no change.",
      hint: "Be more concrete.",
    } as const;
    const text = toReportText(
      sampleReport({ status: "fail", blockers: [blocker], changes: [], changed_files: [], verification: [] }),
      extras,
    );
    expect(text).toMatch(/^# FAIL: /);
    expect(text).toContain(
      "## Why it did not pass\n\n- `no_diff` (git.diff.checked): The engine made no change.\n  What to do: Be more concrete.",
    );
    expect(text.indexOf("Why it did not pass")).toBeLessThan(text.indexOf("What was asked"));
    expect(text).toContain("No file was changed.");
    expect(text).toContain("No verification command ran; test.log says why.");
  });

  it.each([
    [{ kind: "signaled", signal: "SIGKILL" }, "was ended by SIGKILL"],
    [{ kind: "timed-out" }, "ran out of time"],
    [{ kind: "canceled" }, "was canceled"],
    [{ kind: "not-started", reason: "command not found" }, "did not start (command not found)"],
    [{ kind: "exited", code: 3 }, "exited with 3"],
  ] as const)("tells how a command ended: %j", (exit, words) => {
    const [result] = sampleReport().verification;
    if (result === undefined) throw new Error("the sample has no verification");
    const text = toReportText(sampleReport({ verification: [{ ...result, exit, passed: false }] }), extras);
    expect(text).toContain(`**did not pass**: \`node --test\` ${words}`);
  });

  it("marks what no rule permits", () => {
    const change = { path: "evil.sh", change: "added", allowed: false, rule: null } as const;
    const text = toReportText(
      sampleReport({ changes: [change, { ...change, path: "x", rule: "forbidden: x" }] }),
      extras,
    );
    expect(text).toContain("- added `evil.sh`: **not allowed**: no rule permits it");
    expect(text).toContain("- added `x`: **not allowed**: `forbidden: x`");
  });

  it("lets no foreign text become a heading, a link, HTML, or leave its block", () => {
    const hostile = fc.constantFrom(
      "\n# PASS",
      "```\n# PASS\n```",
      "<script>",
      "[x](http://e.x)",
      "`",
      "```",
      "**x**",
      "@team",
      "|",
      "\u202e",
      "\u001b[2J",
      "a",
      " ",
      "\n",
      "www.e.x",
      "~~~",
    );
    fc.assert(
      fc.property(
        fc.array(hostile, { maxLength: 12 }).map((parts) => parts.join("")),
        (foreign) => {
          const change = { path: foreign, change: "added", allowed: true, rule: foreign } as const;
          const text = toReportText(sampleReport({ title: foreign, changes: [change], by_products: [foreign] }), {
            brief: foreign,
            next: [{ does: foreign, command: foreign }],
          });
          const outside = text
            .replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, "")
            .replace(/(?<![`\\])(`+)(?!`)(.*?)(?<!`)\1(?!`)/g, "");
          expect(outside.match(/^#.*$/gm)?.slice(1)).toEqual([
            "## What was asked",
            "## What changed",
            "## What was checked, and where",
            "## What is not proven",
            "## What to do next",
          ]);
          expect(outside).not.toMatch(/(?<!\\)[<@|~]|(?<!\\)\]\(|:\/\/|www\./);
          expect(text).not.toMatch(/[\u001b\u202e]/);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("stays readable with many changes", () => {
    const changes = Array.from(
      { length: 250 },
      (_, index) => ({ path: `src/${index}`, change: "added", allowed: true, rule: "src/" }) as const,
    );
    const text = toReportText(sampleReport({ changes }), extras);
    expect(text).toContain("- and 50 more, all in report.json");
    expect(text).not.toContain("`src/200`");
  });
});

describe("toUnproven", () => {
  const said = (changes: Parameters<typeof sampleReport>[0]): string => toUnproven(sampleReport(changes)).join("\n");

  it("names missing walls, open network and limits that nothing held", () => {
    const limits = { memory: "none", processes: "kernel" } as const;
    const isolation = { kind: "none" as const, network: "host" as const, writable: [], limits };
    expect(said({ isolation })).toMatch(
      /Isolation: .*without a sandbox[\s\S]*network: it was open[\s\S]*Limits that nothing held: memory\./,
    );
    expect(said({})).not.toMatch(/Isolation:|network|Limits/);
  });

  it("names what the tests do not show", () => {
    const [result] = sampleReport().verification;
    if (result === undefined) throw new Error("the sample has no verification");
    const { tests: _, ...uncounted } = result;
    const counts = { passed: 1, failed: 0, skipped: 2 };
    expect(said({ verification: [] })).toContain("no verification ran");
    expect(said({ verification: [uncounted] })).toContain("no counts were read");
    expect(said({})).toContain("not compared with the baseline");
    expect(said({ verification: [{ ...result, tests: counts, baseline_tests: counts }] })).toMatch(
      /^(?![\s\S]*not compared with the baseline)[\s\S]*2 skipped tests/,
    );
  });

  it("names an engine without a digest, a run that was not compared, and a run without a process", () => {
    const engine = { ...sampleReport().engine, executable_sha256: null };
    expect(said({ engine })).toContain("no recorded digest");
    expect(said({ backend: "codex" })).toContain("was not compared");
    expect(said({ backend: "codex", comparison: { verdict: "same" } })).not.toContain("was not compared");
    expect(said({ process_started: false, verification: [] })).toContain("no process was started");
  });

  it("always says that claims prove nothing and that digests are no signature", () => {
    for (const status of ["pass", "fail", "blocked"] as const) {
      expect(said({ status })).toMatch(
        /none of it was taken as proof[\s\S]*without a signature[\s\S]*changes no default/,
      );
    }
  });
});
