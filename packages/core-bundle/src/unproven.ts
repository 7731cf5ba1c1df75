import type { Report } from "@cto/evidence-interface";

/** What a report does not prove, as sentences of Markdown: every reader should see them beside the verdict. Never empty. */
export function toUnproven(report: Report): readonly string[] {
  return [...wallGaps(report), ...checkGaps(report), ...identityGaps(report), ...always];
}

const always: readonly string[] = [
  "What the engine said about its work was recorded and compared; none of it was taken as proof.",
  "Who sealed the bundle: its files are bound together by digests, and without a signature whoever kept it could have made it anew.",
  "Fitness for use: this outcome lands nothing and changes no default.",
];

function wallGaps(report: Report): readonly string[] {
  const { isolation } = report;
  if (!report.process_started && report.verification.length === 0)
    return ["Anything about an engine's work: no process was started."];
  const gaps: string[] = [];
  if (isolation.kind === "none") {
    gaps.push(
      "Isolation: engine and checks ran without a sandbox and could reach all that this user can, evidence included; processes that they left were not looked for.",
    );
  }
  if (isolation.network === "host") gaps.push("What went over the network: it was open.");
  const loose = Object.keys(isolation.limits).filter((name) => isolation.limits[name] === "none");
  if (loose.length > 0)
    gaps.push(`Limits that nothing held: ${loose.map((name) => name.replace(/[^a-z0-9_-]/gi, "?")).join(", ")}.`);
  return gaps;
}

function checkGaps(report: Report): readonly string[] {
  const results = report.verification;
  if (results.length === 0) return ["That the change works: no verification ran."];
  const gaps = ["That the change is right beyond these commands: they show what they test and nothing more."];
  if (results.every((result) => result.tests === undefined)) {
    gaps.push("How many tests ran: no counts were read, only exit codes.");
  } else if (results.every((result) => result.baseline_tests === undefined)) {
    gaps.push("That no test was lost: the counts were not compared with the baseline.");
  }
  const skipped = results.reduce((sum, result) => sum + (result.tests?.skipped ?? 0), 0);
  if (skipped > 0) gaps.push(`What ${skipped} skipped test${skipped === 1 ? "" : "s"} would have shown.`);
  return gaps;
}

function identityGaps(report: Report): readonly string[] {
  const gaps: string[] = [];
  if (report.process_started && report.engine.executable_sha256 === null) {
    gaps.push("Which engine ran: its executable has no recorded digest.");
  }
  if (report.stage >= 2 && report.backend !== "fake" && report.comparison === undefined) {
    gaps.push("How another engine does on this task: the run was not compared.");
  }
  return gaps;
}
