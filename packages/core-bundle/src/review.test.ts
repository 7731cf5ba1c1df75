import { reviewSchema } from "@cto/evidence-interface";
import { describe, expect, it } from "vitest";
import { toReview, toReviewText } from "./index.ts";
import { sampleReport } from "./test/sample-documents.ts";

type Change = Parameters<typeof sampleReport>[0];
const changed = (
  path: string,
  change: "added" | "modified" | "deleted" | "type-changed" | "mode-changed" = "modified",
  allowed = true,
) => ({ path, change, allowed, rule: allowed ? "**" : null });
const seen = (report: Change, patch: string | null = null): readonly string[] => {
  const review = toReview(
    sampleReport({ changes: [], ...report }),
    patch === null ? null : { text: patch, truncated: false },
  );
  expect(reviewSchema.safeParse(review).error).toBeUndefined();
  return review.items.map((item) => `${item.weight}: ${item.subject}${item.path === null ? "" : ` ${item.path}`}`);
};

describe("toReview", () => {
  it("finds nothing in an ordinary change of an ordinary file", () => {
    expect(seen({ changes: [changed("src/slugify.js")] })).toEqual([]);
  });

  it.each([
    ["test/a.js", "must-look: test file"],
    ["src/a.test.ts", "must-look: test file"],
    ["pkg/__tests__/a.js", "must-look: test file"],
    ["tests/test_a.py", "must-look: test file"],
    ["a_test.go", "must-look: test file"],
    ["src/ATest.java", "must-look: test file"],
    [".github/workflows/ci.yml", "must-look: build or CI file"],
    ["Makefile", "must-look: build or CI file"],
    [".husky/pre-commit", "must-look: build or CI file"],
    ["sub/.GitAttributes", "must-look: tool settings"],
    [".npmrc", "must-look: tool settings"],
    ["pnpm-lock.yaml", "should-look: lock file"],
    ["sub/Cargo.lock", "should-look: lock file"],
    ["package.json", "should-look: dependency manifest"],
    ["requirements-dev.txt", "should-look: dependency manifest"],
  ])("%s is a matter of its kind", (path, item) => {
    expect(seen({ changes: [changed(path)] })).toEqual([`${item} ${path}`]);
  });

  it.each(["latest.js", "contest/a.js", "src/protest.ts", "attest.py"])("%s is no test file", (path) => {
    expect(seen({ changes: [changed(path)] })).toEqual([]);
  });

  it("reads kinds, modes, binaries and sizes from report and patch", () => {
    const patch = [
      "diff --git a/run.sh b/run.sh",
      "new file mode 100755",
      "--- /dev/null",
      "+++ b/run.sh",
      "@@ -0,0 +1,401 @@",
      ...Array.from({ length: 401 }, () => "++++ b/other"),
      "diff --git a/logo.png b/logo.png",
      "index 1..2 100644",
      "GIT binary patch",
      "literal 3",
      'diff --git "a/li\\377nk" "b/li\\377nk"',
      "new file mode 120000",
      "--- /dev/null",
      '+++ "b/li\\377nk"',
      "@@ -0,0 +1 @@",
      "+/etc/passwd",
      "diff --git a/gone.js b/gone.js",
      "deleted file mode 100644",
      "--- a/gone.js",
      "+++ /dev/null",
      "@@ -1 +0,0 @@",
      "--- a/not-a-header",
    ].join("\n");
    const changes = [
      changed("run.sh", "added"),
      changed("logo.png"),
      changed('"li\\377nk"', "added"),
      changed("gone.js", "deleted"),
      changed("mode.js", "mode-changed"),
      changed("type.js", "type-changed"),
    ];
    expect(seen({ changes }, patch)).toEqual([
      "must-look: binary file logo.png",
      'must-look: file type "li\\377nk"',
      "must-look: file type type.js",
      "should-look: executable run.sh",
      "should-look: large change run.sh",
      "should-look: deleted file gone.js",
      "should-look: file mode mode.js",
    ]);
  });

  it("lists blockers, overstated claims, forbidden changes, missing checks, missing walls and by-products", () => {
    const blocker = { code: "no_diff", event: "git.diff.checked", message: "m", hint: "h" } as const;
    expect(
      seen({
        blockers: [blocker],
        claims_match: false,
        verification: [],
        changes: [changed("x.js", "added", false)],
        by_products: ["build/"],
        isolation: { ...sampleReport().isolation, kind: "none" },
      }),
    ).toEqual([
      "must-look: blocker no_diff",
      "must-look: claims",
      "must-look: verification",
      "must-look: not allowed x.js",
      "should-look: isolation",
      "note: by-product build/",
    ]);
  });

  it("is bounded, and says that it was cut", () => {
    const changes = Array.from({ length: 600 }, (_, index) => changed(`test/${index}.js`));
    const items = seen({ changes });
    expect(items).toHaveLength(501);
    expect(items[0]).toBe("must-look: list cut");
  });
});

describe("toReviewText", () => {
  it("groups the items by weight and escapes what is foreign", () => {
    const review = toReview(
      sampleReport({ changes: [changed("test/`x`.js"), changed("package.json")], by_products: ["<b>"] }),
      null,
    );
    expect(toReviewText(review)).toBe(
      [
        "# What to look at",
        "",
        `Run \`${sampleReport().run_id}\`. The harness made this list by rules; it decides nothing.`,
        "",
        "## Look at this",
        "",
        "- **test file** ``test/`x`.js``: A check may have become weaker; compare what it asserted before.",
        "",
        "## Have a look",
        "",
        "- **dependency manifest** `package.json`: Check new dependencies and scripts.",
        "",
        "## Good to know",
        "",
        "- **by-product** `<b>`: A build product: listed, and left out of the result.",
        "",
      ].join("\n"),
    );
  });

  it("says so when nothing stands out", () => {
    expect(toReviewText(toReview(sampleReport(), null))).toContain("Nothing stands out. Read the diff all the same.");
  });
});
