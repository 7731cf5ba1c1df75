import type { ProcessEnd } from "@cto/evidence-interface";
import { toHtmlText } from "./html-text.ts";
import type { ObserverData } from "./observer-data.ts";
import { pageList, pageSection, pageTable, pageText } from "./page-section.ts";

/** The verification commands and the output that the bundle recorded. */
export function verificationSection({ report, test_log }: ObserverData): string {
  const rows = report.verification.map((result) => [
    `<span class="badge ${result.passed ? "pass" : "fail"}">${result.passed ? "passed" : "did not pass"}</span>`,
    `<code>${toHtmlText(result.command.join(" "))}</code>`,
    toHtmlText(describeEnd(result.exit), 80),
    result.tests === undefined
      ? "not counted"
      : `${result.tests.passed} passed, ${result.tests.failed} failed, ${result.tests.skipped} skipped`,
    `${(result.duration_ms / 1000).toFixed(1)} s`,
  ]);
  const table =
    rows.length === 0
      ? "<p>No verification command ran.</p>"
      : pageTable(["Outcome", "Command", "End", "Tests", "Time"], rows, 8_000, "report.json");
  const where =
    rows.length === 0
      ? ""
      : `<p class="dim">In a fresh checkout of baseline and patch; isolation: ${report.isolation.kind}, network: ${report.isolation.network}.</p>`;
  const log =
    test_log === null
      ? ""
      : `<h3>test.log${test_log.truncated ? ", in part" : ""}</h3>${pageText(test_log.text, "test.log", 10_000)}`;
  return pageSection("verification", "Verification", where + table + log);
}

function describeEnd(end: ProcessEnd): string {
  if (end.kind === "exited") return `exit ${end.code}`;
  return end.kind === "signaled" ? end.signal : end.kind.replace("-", " ");
}

/** Which gates were required, passed and missing, and what was judged about paths, claims and approval. */
export function gatesSection({ report, eligibility }: ObserverData): string {
  const answers: readonly (readonly [string, boolean | null])[] = [
    ["only allowed paths were written", report.allowed_writes_passed],
    ["no forbidden path was written", report.forbidden_paths_passed],
    ["claims agree with what was seen", report.claims_match],
  ];
  const judged = answers.map(([name, value]) => `${badge(value)} ${name}`);
  const gates = (eligibility?.required_gates ?? []).map((gate) => {
    const missing = eligibility?.missing_gates.includes(gate) === true;
    return `${badge(missing ? false : eligibility?.passed_gates.includes(gate) === true ? true : null)} <code>${toHtmlText(gate, 120)}</code>`;
  });
  const decision = eligibility === null ? "" : `<p>${toHtmlText(eligibility.reasons.join("; "), 500)}</p>`;
  return pageSection(
    "gates",
    "Gates",
    `${decision}<p>Approval: ${report.approval_status}</p>${pageList([...gates, ...judged], 6_000, "proofs/eligibility.json")}`,
  );
}

function badge(value: boolean | null): string {
  if (value === null) return '<span class="badge blocked">not judged</span>';
  return value ? '<span class="badge pass">yes</span>' : '<span class="badge fail">no</span>';
}

/** The recorded digests. The page cannot check them and says so. */
export function evidenceSection({ report }: ObserverData): string {
  const rows = Object.entries(report.artifact_digests)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, sha256]) => [
      `<code>${toHtmlText(path)}</code>`,
      `<span class="hash">${toHtmlText(sha256, 64)}</span>`,
    ]);
  const source = `<p class="dim">Baseline tree <span class="hash">${report.source.baseline_tree ?? "none"}</span>, result tree <span class="hash">${report.source.result_tree ?? "none"}</span></p>`;
  return pageSection(
    "evidence",
    "Evidence",
    `<p><strong>Recorded, not checked.</strong> These digests were written when the run ended.</p>${source}${pageTable(["File", "SHA-256 (recorded)"], rows, 10_000, "manifest.json")}`,
  );
}

/** The governed events in order. */
export function eventsSection({ events }: ObserverData): string {
  const rows = events.map((entry) => [
    String(entry.seq),
    entry.at.slice(11, 23),
    `<code>${entry.event}</code>`,
    `<code>${toHtmlText(JSON.stringify(entry.data), 200)}</code>`,
  ]);
  return pageSection(
    "events",
    "Events",
    pageTable(["#", "UTC", "Event", "Data"], rows, 10_000, "events.normalized.jsonl"),
  );
}
