import type { ChangedFile, Report, Review } from "@cto/evidence-interface";
import { SCHEMAS } from "@cto/evidence-interface";
import { toMarkdownCode, toMarkdownText } from "./markdown.ts";
import { type PatchFile, toPatchOutline } from "./patch-outline.ts";
import { classifyPath } from "./review-paths.ts";

/** The start of a text file, and whether there is more of it. */
export interface BoundedText {
  readonly text: string;
  readonly truncated: boolean;
}

export type ReviewItem = Review["items"][number];

const largeChange = 400;
const itemLimit = 500;
const weights = ["must-look", "should-look", "note"] as const;

/**
 * `review.json`: what a person should look at, most important first. The harness's own list, from the report and the patch: it decides
 * nothing. Without a patch (none made, or quarantined) only the report speaks.
 */
export function toReview(report: Report, patch: BoundedText | null): Review {
  const parts = new Map(patch === null ? [] : toPatchOutline(patch.text).map((file) => [file.path, file] as const));
  const items = [
    ...runItems(report, patch),
    ...report.changes.flatMap((change) => changeItems(change, parts.get(change.path))),
    ...report.by_products.map((path) =>
      item("note", "by-product", path, "A build product: listed, and left out of the result."),
    ),
  ].sort((a, b) => weights.indexOf(a.weight) - weights.indexOf(b.weight));
  const rest = items.length - itemLimit;
  const more = item("must-look", "list cut", null, `${rest} more items are left out; report.json has every path.`);
  return {
    schema: SCHEMAS.review,
    run_id: report.run_id,
    items: rest > 0 ? [more, ...items.slice(0, itemLimit)] : items,
  };
}

function item(weight: ReviewItem["weight"], subject: string, path: string | null, message: string): ReviewItem {
  return { weight, subject, path, message };
}

function runItems(report: Report, patch: BoundedText | null): readonly ReviewItem[] {
  const items = report.blockers.map((blocker) => item("must-look", `blocker ${blocker.code}`, null, blocker.message));
  if (report.claims_match === false) {
    items.push(item("must-look", "claims", null, "The engine claimed more than what was seen."));
  }
  if (report.changes.length > 0 && report.verification.length === 0) {
    items.push(item("must-look", "verification", null, "Files were changed and no verification ran."));
  }
  for (const result of report.verification) {
    if ((result.tests?.skipped ?? 0) > 0)
      items.push(
        item("should-look", `verification ${result.id}`, null, `${result.tests?.skipped} tests were skipped.`),
      );
    if (result.log.truncated) items.push(item("note", `verification ${result.id}`, null, "Its output was cut short."));
  }
  if (report.process_started && report.isolation.kind === "none") {
    items.push(
      item("should-look", "isolation", null, "The run had no sandbox: effects outside of the workspace were not seen."),
    );
  }
  if (patch?.truncated === true)
    items.push(item("should-look", "patch", null, "The patch is large; line counts below cover its beginning only."));
  return items;
}

function changeItems(change: ChangedFile, part: PatchFile | undefined): readonly ReviewItem[] {
  const items: ReviewItem[] = [];
  const add = (weight: ReviewItem["weight"], subject: string, message: string): void => {
    items.push(item(weight, subject, change.path, message));
  };
  if (!change.allowed) add("must-look", "not allowed", "No rule permits this change, or one forbids it.");
  const kind = classifyPath(change.path);
  if (kind !== undefined) add(kind.weight, kind.subject, kind.message);
  if (change.change === "deleted") add("should-look", "deleted file", "The file is gone; check that nothing needs it.");
  if (change.change === "type-changed" || part?.newMode === "120000" || part?.newMode === "160000") {
    add("must-look", "file type", "A link or nested repository stands where a file may be expected.");
  }
  if (change.change === "mode-changed") add("should-look", "file mode", "The permission bits changed.");
  else if (part?.newMode === "100755") add("should-look", "executable", "The file is executable.");
  if (part?.binary === true) add("must-look", "binary file", "A diff cannot show what changed.");
  const lines = (part?.added ?? 0) + (part?.removed ?? 0);
  if (lines > largeChange) add("should-look", "large change", `${lines} lines changed.`);
  return items;
}

/** `review.md`: the review for a person. */
export function toReviewText(review: Review): string {
  const sections = weights.map((weight) => {
    const lines = review.items.filter((entry) => entry.weight === weight).map(itemLine);
    return lines.length === 0 ? "" : `\n## ${headings[weight]}\n\n${lines.join("\n")}\n`;
  });
  const none = review.items.length === 0 ? "\nNothing stands out. Read the diff all the same.\n" : "";
  return `# What to look at\n\nRun ${toMarkdownCode(review.run_id)}. The harness made this list by rules; it decides nothing.\n${none}${sections.join("")}`;
}

const headings = { "must-look": "Look at this", "should-look": "Have a look", note: "Good to know" } as const;

function itemLine(entry: ReviewItem): string {
  const where = entry.path === null ? "" : ` ${toMarkdownCode(entry.path)}`;
  return `- **${toMarkdownText(entry.subject)}**${where}: ${toMarkdownText(entry.message)}`;
}
