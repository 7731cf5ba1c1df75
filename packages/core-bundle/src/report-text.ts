import type { Blocker, ChangedFile, ProcessEnd, Report, VerificationResult } from "@cto/evidence-interface";
import { toMarkdownBlock, toMarkdownCode, toMarkdownText } from "./markdown.ts";
import { toUnproven } from "./unproven.ts";

/** What report.md says besides report.json. */
export interface ReportExtras {
  /** The brief as the engine was given it. */
  readonly brief: string;
  /** What a reader can do next: a command and a short sentence in plain words. */
  readonly next: readonly { readonly command: string; readonly does: string }[];
}

const listLimit = 200;

/**
 * `report.md`: the report for a person. What was asked, what changed and by which rule, what was checked and where, what is not proven, why
 * it did not pass, what to do next. Everything that comes from an engine, a repository or a contract is escaped.
 */
export function toReportText(report: Report, extras: ReportExtras): string {
  const sections = [
    [`# ${report.status.toUpperCase()}: ${toMarkdownText(report.title, 120)}`, "", ...summary(report)],
    report.blockers.length === 0 ? [] : ["## Why it did not pass", "", ...report.blockers.flatMap(blockerLines)],
    ["## What was asked", "", toMarkdownBlock(extras.brief)],
    ["## What changed", "", ...changes(report)],
    ["## What was checked, and where", "", ...checks(report)],
    ["## What is not proven", "", ...toUnproven(report).map((line) => `- ${line}`)],
    extras.next.length === 0
      ? []
      : [
          "## What to do next",
          "",
          ...extras.next.map((step) => `- ${toMarkdownText(step.does)}: ${toMarkdownCode(step.command)}`),
        ],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n").trimEnd())
    .join("\n\n")}\n`;
}

const outcomes = {
  pass: "The change was made, stayed within its rules, and passed its checks in a fresh checkout.",
  fail: "The change did not hold up. Nothing was landed.",
  blocked: "The run could not be completed, so nothing is said about the change. Nothing was landed.",
} as const;

function summary(report: Report): readonly string[] {
  const seconds = (Date.parse(report.run_finished_at) - Date.parse(report.run_started_at)) / 1000;
  const version = report.engine.version === null ? "" : ` ${toMarkdownText(report.engine.version, 60)}`;
  return [
    outcomes[report.status],
    "",
    `- Run ${toMarkdownCode(report.run_id)}, task ${toMarkdownCode(report.task_id)}${report.case_id === null ? "" : `, case ${toMarkdownCode(report.case_id)}`}`,
    `- Engine ${toMarkdownCode(report.engine.id)}${version}, stage ${report.stage}, ${report.process_started ? `process ${ending(report.backend_exit, report.backend_exit_code)}` : "no process was started"}`,
    `- Started ${report.run_started_at}, took ${seconds.toFixed(1)} s`,
    "- runtime default activation: false",
  ];
}

function ending(kind: ProcessEnd["kind"], code: number | null): string {
  return kind === "exited" ? `exited with ${code}` : kind.replace("-", " ");
}

function blockerLines(blocker: Blocker): readonly string[] {
  return [
    `- ${toMarkdownCode(blocker.code)} (${blocker.event}): ${toMarkdownText(blocker.message)}`,
    `  What to do: ${toMarkdownText(blocker.hint)}`,
  ];
}

function changes(report: Report): readonly string[] {
  const lines = bounded(
    report.changes.map((change) => `- ${change.change} ${toMarkdownCode(change.path)}: ${ruling(change)}`),
  );
  const products = bounded(report.by_products.map((path) => `- ${toMarkdownCode(path)}`));
  return [
    ...(lines.length === 0 ? ["No file was changed."] : lines),
    ...(products.length === 0 ? [] : ["", "Build products, listed and left out of the result:", "", ...products]),
  ];
}

function ruling(change: ChangedFile): string {
  if (change.allowed) return change.rule === null ? "allowed" : `allowed by ${toMarkdownCode(change.rule)}`;
  return change.rule === null
    ? "**not allowed**: no rule permits it"
    : `**not allowed**: ${toMarkdownCode(change.rule)}`;
}

function checks(report: Report): readonly string[] {
  const { isolation } = report;
  const walls =
    isolation.kind === "none" ? "without a sandbox" : `in a ${isolation.kind} sandbox, network: ${isolation.network}`;
  const runs = report.verification.flatMap(verificationLines);
  return [
    `- Only allowed paths were written: ${answer(report.allowed_writes_passed)}`,
    `- No forbidden path was written: ${answer(report.forbidden_paths_passed)}`,
    `- The engine's claims agree with what was seen: ${answer(report.claims_match)}`,
    `- Approval: ${report.approval_status}`,
    "",
    ...(runs.length === 0
      ? ["No verification command ran; test.log says why."]
      : [
          `These commands ran in a fresh checkout made from the baseline and patch.diff, ${walls}, after the engine was gone:`,
          "",
          ...runs,
        ]),
  ];
}

function answer(value: boolean | null): string {
  return value === null ? "not judged" : value ? "yes" : "**no**";
}

function verificationLines(result: VerificationResult): readonly string[] {
  const counts =
    result.tests === undefined
      ? ""
      : `, ${result.tests.passed} passed, ${result.tests.failed} failed, ${result.tests.skipped} skipped`;
  const before = result.baseline_tests;
  const baseline =
    before === undefined
      ? ""
      : ` (baseline: ${before.passed} passed, ${before.failed} failed, ${before.skipped} skipped)`;
  const end = result.exit.kind === "exited" ? `exited with ${result.exit.code}` : describeEnd(result.exit);
  return [
    `- ${toMarkdownCode(result.id)} ${result.passed ? "passed" : "**did not pass**"}: ${toMarkdownCode(result.command.join(" "))} ${end} after ${(result.duration_ms / 1000).toFixed(1)} s${counts}${baseline}`,
    `  Output: ${toMarkdownCode(result.log.path)}, ${result.log.bytes} bytes${result.log.truncated ? ", cut short" : ""}`,
  ];
}

function describeEnd(end: ProcessEnd): string {
  if (end.kind === "signaled") return `was ended by ${toMarkdownText(end.signal, 40)}`;
  if (end.kind === "not-started") return `did not start (${toMarkdownText(end.reason)})`;
  return end.kind === "timed-out" ? "ran out of time" : "was canceled";
}

function bounded(lines: readonly string[]): readonly string[] {
  if (lines.length <= listLimit) return lines;
  return [...lines.slice(0, listLimit), `- and ${lines.length - listLimit} more, all in report.json`];
}
