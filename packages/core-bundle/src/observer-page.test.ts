import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ObserverSource, toObserverData, toObserverPage, toReview } from "./index.ts";
import { sampleDocuments, sampleReport } from "./test/sample-documents.ts";

function source(changes: Partial<ObserverSource> = {}): ObserverSource {
  const { run, review, eligibility, events, patch } = sampleDocuments();
  return {
    brief: "Make slugify work.",
    run,
    report: sampleReport(),
    review,
    eligibility,
    events,
    streams: [],
    patch: { text: patch, truncated: false },
    testLog: { text: "ok 1\n", truncated: false },
    ...changes,
  };
}
const page = (changes: Partial<ObserverSource> = {}): string => toObserverPage(toObserverData(source(changes)));

/** All tags of a page, without attributes' values. */
const tags = (html: string): ReadonlySet<string> =>
  new Set(Array.from(html.matchAll(/<\/?([a-z0-9!]+)/gi), (match) => match[1]?.toLowerCase() ?? ""));

describe("toObserverData", () => {
  it("gathers the documents and says that they are recorded", () => {
    const data = toObserverData(source());
    expect(data).toMatchObject({
      schema: "cto.observer-data.v1",
      recorded: true,
      brief: "Make slugify work.",
      patch: { truncated: false },
      test_log: { text: "ok 1\n", truncated: false },
    });
    expect(data.report).toEqual(sampleReport());
    expect(data.events.at(-1)?.event).toBe("run.completed");
  });

  it("cuts a long patch at a line border and redacts secret shapes", () => {
    const text = `+ ghp_${"a".repeat(36)}\n${"+ line\n".repeat(50_000)}`;
    const data = toObserverData(source({ patch: { text, truncated: false } }));
    expect(data.patch?.truncated).toBe(true);
    expect(data.patch?.text.length).toBeLessThanOrEqual(200_000);
    expect(data.patch?.text).toMatch(/^\+ \[redacted:github-token\]\n[\s\S]*\+ line\n$/);
    expect(toObserverData(source({ patch: null, testLog: null }))).toMatchObject({ patch: null, test_log: null });
  });
});

describe("toObserverPage", () => {
  it("shows verdict, default activation, changes, diff, verification, gates, evidence and events", () => {
    const html = page();
    expect(html.match(/<h2 id="([a-z]+)"/g)?.map((match) => match.slice(8, -1))).toEqual([
      "asked",
      "verdict",
      "changes",
      "diff",
      "verification",
      "review",
      "gates",
      "evidence",
      "events",
    ]);
    expect(html).toContain("<dt>runtime default activation</dt><dd>false</dd>");
    expect(html).toContain("<strong>Recorded, not checked.</strong>");
    expect(html).toContain('<span class="badge pass">allowed</span>');
    expect(html).toMatch(/<span class="add">\+/);
    expect(html).toContain("run.completed");
  });

  it("has no script, no link to anything, and a policy that forbids both", () => {
    const html = page();
    expect(html).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">`,
    );
    expect(
      [...tags(html)].filter((tag) =>
        ["script", "link", "img", "iframe", "a", "form", "object", "embed", "base"].includes(tag),
      ),
    ).toEqual([]);
    expect(html).not.toMatch(/\s(?:src|href|on[a-z]+|style)=/i);
  });

  it("is the same set of tags whatever foreign text says, shows hidden characters, and stays below 150 kB", () => {
    const piece = fc.constantFrom(
      "<script>alert(1)</script>",
      "</pre></section>",
      '" onload="x',
      "'",
      "&lt;",
      "\u202e",
      "\u200b",
      "\u001b[2J",
      "\n",
      "+",
      "@@ -1 +1 @@\n",
      "diff --git a/x b/x\n",
      "x",
      "\ud800",
    );
    const known = tags(page());
    for (const extra of ["p", "br", "h3", "ul", "li", "table", "details"])
      expect([...known, "br", "p"]).toContain(extra);
    const foreign = fc.array(piece, { maxLength: 200 }).map((parts) => parts.join("") || "x");
    fc.assert(
      fc.property(foreign, fc.integer({ min: 0, max: 400 }), (text, count) => {
        const change = { path: text, change: "added", allowed: false, rule: text } as const;
        const blocker = { code: "no_diff", event: "git.diff.checked", message: text, hint: text } as const;
        const many = <Item>(item: Item): Item[] => Array.from({ length: count }, () => item);
        const report = sampleReport({
          title: text,
          changes: many(change),
          by_products: many(text),
          blockers: many(blocker),
          artifact_digests: { [text]: text },
        });
        const patch = { text: text.repeat(count), truncated: false };
        const html = page({ brief: text.repeat(20), report, review: toReview(report, patch), patch, testLog: patch });
        expect([...tags(html)].filter((tag) => !known.has(tag) && tag !== "br" && tag !== "p")).toEqual([]);
        expect(html).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e]/);
        expect(html.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(html)).toBeLessThan(150_000);
      }),
      { numRuns: 60 },
    );
    expect(page({ brief: "a\u202eb" })).toContain("a⟨U+202E⟩b");
  });

  it("is below 150 kB for the largest of everything", () => {
    const worst = "\u202e".repeat(5000);
    const changes = Array.from(
      { length: 5000 },
      () => ({ path: worst, change: "added", allowed: true, rule: worst }) as const,
    );
    const report = sampleReport({ title: worst, changes, by_products: Array.from({ length: 5000 }, () => worst) });
    const text = `diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n${`+${worst}\n`.repeat(60)}`;
    const html = page({
      brief: worst,
      report,
      review: toReview(report, null),
      patch: { text, truncated: false },
      testLog: { text: `${worst}\n`.repeat(9), truncated: true },
    });
    expect(Buffer.byteLength(html)).toBeLessThan(150_000);
    expect(html).toContain("more in <code>report.json</code>");
    expect(html).toContain("The rest is in <code>patch.diff</code>");
  });

  it("says why there is no diff", () => {
    expect(page({ patch: null })).toContain("There is no patch.");
    const blocker = { code: "secret_leak", event: "git.diff.checked", message: "m", hint: "h" } as const;
    expect(page({ patch: null, report: sampleReport({ status: "blocked", blockers: [blocker] }) })).toContain(
      "kept outside of the bundle",
    );
    expect(page({ patch: { text: "", truncated: false } })).toContain("The patch is empty.");
  });
});
