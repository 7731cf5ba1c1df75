import { toHtmlText } from "./html-text.ts";
import type { ObserverData } from "./observer-data.ts";
import { changesSection, diffSection, outcomeSection, reviewSection } from "./page-change-sections.ts";
import { eventsSection, evidenceSection, gatesSection, verificationSection } from "./page-proof-sections.ts";
import { pageStyle } from "./page-style.ts";

/**
 * `observer/index.html`: one static page of a run, below 150 kB whatever the data are. No script, no request (its CSP forbids both), every
 * foreign character escaped and hidden ones made visible. Digests are shown as recorded, not checked: a page from `file://` cannot
 * read its neighbours. It opens without a server and stands until an Observer replaces it.
 */
export function toObserverPage(data: ObserverData): string {
  const title = toHtmlText(data.report.title, 160);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${data.report.status}: ${title}</title>
<style>${pageStyle}</style>
</head>
<body>
<header><div>
${band(data, title)}
</div></header>
<main>
${[
  outcomeSection(data),
  changesSection(data),
  diffSection(data),
  verificationSection(data),
  reviewSection(data),
  gatesSection(data),
  evidenceSection(data),
  eventsSection(data),
].join("\n")}
<footer><p>A copy of what the bundle recorded. Nothing on this page was checked by it: <code>cto verify ${toHtmlText(data.report.run_id, 128)}</code> checks the files themselves.</p></footer>
</main>
</body>
</html>
`;
}

function band({ report, run }: ObserverData, title: string): string {
  const seconds = (Date.parse(report.run_finished_at) - Date.parse(report.run_started_at)) / 1000;
  const facts: readonly (readonly [string, string])[] = [
    ["engine", `${report.engine.id} ${report.engine.version ?? ""}`.trim()],
    ["stage", `${report.stage} (${run.mode})`],
    ["task", report.task_id],
    ["run", report.run_id],
    ["started", report.run_started_at],
    ["took", `${seconds.toFixed(1)} s`],
    ["isolation", report.isolation.kind],
    ["runtime default activation", "false"],
  ];
  const items = facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${toHtmlText(value, 130)}</dd></div>`).join("");
  return `<span class="badge ${report.status}">${report.status}</span>
<h1>${title}</h1>
<dl class="band">${items}</dl>`;
}
