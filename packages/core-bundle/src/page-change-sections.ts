import { takeRows, toHtmlText, utf8Length } from "./html-text.ts";
import type { ObserverData } from "./observer-data.ts";
import { pageList, pageSection, pageTable, pageText } from "./page-section.ts";
import { type PatchFile, toPatchOutline } from "./patch-outline.ts";
import { toUnproven } from "./unproven.ts";

const verdicts = {
  pass: "The change was made, stayed within its rules and passed its checks.",
  fail: "The change did not hold up.",
  blocked: "The run could not be completed, so nothing is said about the change.",
} as const;

/** What was asked, the verdict, its reasons, and what it does not prove. */
export function outcomeSection({ report, brief }: ObserverData): string {
  const blockers = report.blockers.map(
    (blocker) =>
      `<code>${toHtmlText(blocker.code)}</code> ${toHtmlText(blocker.message, 400)}<br><span class="dim">${toHtmlText(blocker.hint, 400)}</span>`,
  );
  const unproven = toUnproven(report).map((line) => toHtmlText(line, 400));
  return [
    pageSection("asked", "Asked", pageText(brief, "brief", 8_000)),
    pageSection(
      "verdict",
      "Verdict",
      `<p><span class="badge ${report.status}">${report.status}</span> ${verdicts[report.status]}</p>${pageList(blockers, 10_000, "report.json")}<h3>Not proven</h3>${pageList(unproven, 6_000, "report.md")}`,
    ),
  ].join("\n");
}

/** Every changed file with the rule that decided about it. */
export function changesSection({ report }: ObserverData): string {
  if (report.changes.length === 0) return pageSection("changes", "Changes", "<p>No file was changed.</p>");
  const rows = report.changes.map((change) => [
    change.change,
    `<code>${toHtmlText(change.path)}</code>`,
    `<span class="badge ${change.allowed ? "pass" : "fail"}">${change.allowed ? "allowed" : "not allowed"}</span>`,
    change.rule === null ? '<span class="dim">no rule</span>' : `<code>${toHtmlText(change.rule)}</code>`,
  ]);
  const products = report.by_products.map((path) => `<code>${toHtmlText(path)}</code>`);
  const left =
    products.length === 0 ? "" : `<h3>Build products, left out</h3>${pageList(products, 3_000, "report.json")}`;
  return pageSection(
    "changes",
    "Changes",
    pageTable(["Change", "Path", "Ruling", "Rule"], rows, 16_000, "report.json") + left,
  );
}

/** The patch, file by file, within a fixed budget. */
export function diffSection({ patch, report }: ObserverData): string {
  if (patch === null) {
    const leaked = report.blockers.some((blocker) => blocker.code === "secret_leak");
    return pageSection(
      "diff",
      "Diff",
      `<p>${leaked ? "The patch is kept outside of the bundle." : "There is no patch."}</p>`,
    );
  }
  let room = 42_000;
  let cut = patch.truncated;
  const parts: string[] = [];
  for (const file of toPatchOutline(patch.text)) {
    const part = diffFile(file, room);
    if (part === undefined) {
      cut = true;
      break;
    }
    cut ||= part.left > 0;
    parts.push(part.html);
    room -= utf8Length(part.html);
  }
  const note = cut ? '<p class="dim">The rest is in <code>patch.diff</code></p>' : "";
  return pageSection("diff", "Diff", `${parts.join("\n") || (cut ? "" : "<p>The patch is empty.</p>")}${note}`);
}

function diffFile(file: PatchFile, room: number): { readonly html: string; readonly left: number } | undefined {
  const name = toHtmlText(file.path);
  const counts = file.binary ? "binary" : `+${file.added} −${file.removed}`;
  const frame = utf8Length(name) * 2 + 250;
  if (frame > room) return undefined;
  const lines = takeRows(diffLines(file), room - frame);
  const html = `<details open><summary><code>${name}</code> <span class="dim">${counts}</span></summary><pre tabindex="0" aria-label="diff of ${name}">${lines.html}</pre></details>`;
  return { html, left: lines.left };
}

function* diffLines(file: PatchFile): Generator<string> {
  let inHunk = false;
  for (const line of file.lines) {
    inHunk ||= line.startsWith("@@ ");
    const kind = lineKind(line, inHunk);
    const text = toHtmlText(line, 500) || " ";
    yield kind === "" ? `<span>${text}</span>` : `<span class="${kind}">${text}</span>`;
  }
}

function lineKind(line: string, inHunk: boolean): string {
  if (!inHunk) return "dim";
  if (line.startsWith("@@ ")) return "hunk";
  return line.startsWith("+") ? "add" : line.startsWith("-") ? "del" : "";
}

const weights = { "must-look": "fail", "should-look": "blocked", note: "pass" } as const;

/** The harness's list of what to look at. */
export function reviewSection({ review }: ObserverData): string {
  const items = review.items.map((item) => {
    const where = item.path === null ? "" : ` <code>${toHtmlText(item.path)}</code>`;
    return `<span class="badge ${weights[item.weight]}">${item.weight}</span> ${toHtmlText(item.subject, 100)}${where}: ${toHtmlText(item.message, 300)}`;
  });
  const body =
    items.length === 0
      ? "<p>Nothing stands out. Read the diff all the same.</p>"
      : pageList(items, 9_000, "review.json");
  return pageSection("review", "To look at", body);
}
