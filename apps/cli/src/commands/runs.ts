import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findTrustedKeys, type OutcomeReading, verifyRunDirectory } from "@cto/bundle-store";
import { oneLine } from "@cto/errors";
import { type Report, RUN_FILES } from "@cto/evidence-interface";
import { EXIT } from "../exit-codes.ts";
import { findRun } from "../find-run.ts";
import { closeDeadRuns, openSetting, toShownPath } from "../setting.ts";
import type { Terminal } from "../terminal.ts";

/** `cto runs list`. */
export async function listRunsCommand(terminal: Terminal): Promise<number> {
  const setting = await openSetting();
  await closeDeadRuns(setting, (line) => terminal.note(line));
  const items = setting.store.listRuns();
  if (terminal.json) {
    terminal.document({ schema: "cto.runs.v1", items });
    return EXIT.pass;
  }
  if (items.length === 0) terminal.say("no runs yet: cto run r1-string-slugify makes one");
  for (const row of items) {
    const colour = row.status === "pass" ? "green" : row.status === "fail" ? "red" : "yellow";
    const duration = row.duration_ms === null ? "-" : `${(row.duration_ms / 1000).toFixed(1)} s`;
    terminal.say(
      `${terminal.paint(colour, row.status.padEnd(11))} ${row.started_at?.slice(0, 19).replace("T", " ") ?? "-"}  ${duration.padStart(8)}  stage ${row.stage ?? "-"}  ${row.engine_id ?? "-"}  ${row.run_id}`,
    );
  }
  return EXIT.pass;
}

/** `cto runs show`. */
export async function showRunCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const setting = await openSetting();
  await closeDeadRuns(setting, (line) => terminal.note(line));
  const { directory, runId } = findRun(setting.store, args[0] ?? "latest", setting.cwd);
  const row = setting.store.listRuns().find(({ run_id }) => run_id === runId);
  const verified = verifyRunDirectory(directory, findTrustedKeys(setting.home));
  const report = await readReport(directory);
  const outcome = setting.store.outcomes.read(runId);
  if (terminal.json) {
    terminal.document({
      schema: "cto.run.v1",
      run: row ?? null,
      run_dir: toShownPath(setting, directory),
      verify: { verdict: verified.verdict },
      report,
      outcome,
    });
    return EXIT.pass;
  }
  terminal.say(`${row?.status ?? "unknown"}  ${runId}  (evidence: ${verified.verdict})`);
  for (const { code, message } of report?.blockers ?? []) terminal.say(`  ${code}: ${oneLine(message, 300)}`);
  for (const { path, change } of report?.changes ?? []) terminal.say(`  ${change.padEnd(13)} ${path}`);
  if (report?.landing === "pending") terminal.say(`  ${describeOutcome(runId, outcome)}`);
  terminal.say(`  files in ${toShownPath(setting, directory)}`);
  return EXIT.pass;
}

/** What became of a run that waited for a person. */
function describeOutcome(runId: string, outcome: OutcomeReading): string {
  if (outcome.kind === "none") return `waits for a person: cto accept ${runId}, or cto reject ${runId}`;
  if (outcome.kind === "invalid")
    return `has an outcome record that does not verify: ${oneLine(outcome.problems.join("; "), 200)}`;
  const { approver, landing, outcome: word, recorded_at } = outcome.outcome;
  return `${word} by ${approver.name} at ${recorded_at}${landing === null ? "" : `, on ${landing.branch.replace("refs/heads/", "")}`}`;
}

/** `cto runs rm`. */
export async function removeRunCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const setting = await openSetting();
  await closeDeadRuns(setting, (line) => terminal.note(line));
  const { runId, notes } = await setting.store.removeRun(args[0] ?? "");
  for (const note of notes) terminal.note(note);
  if (terminal.json) terminal.document({ schema: "cto.run-removed.v1", run_id: runId });
  terminal.say(`removed ${runId}; the ledger keeps a tombstone`);
  return EXIT.pass;
}

async function readReport(directory: string): Promise<Report | null> {
  const text = await readFile(join(directory, RUN_FILES.report), "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as Report);
}
