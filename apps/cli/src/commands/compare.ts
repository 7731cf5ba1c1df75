import { CtoError, oneLine } from "@cto/errors";
import { type Comparison, identifierSchema } from "@cto/evidence-interface";
import { compareLanes, LANE_ENGINES, type LadderEvidence } from "@cto/gates";
import { loadTask } from "@cto/harness";
import { EXIT } from "../exit-codes.ts";
import { readEvidence } from "../ladder/read-evidence.ts";
import { createEngines, openSettingOfRun, type Setting } from "../setting.ts";
import type { Terminal } from "../terminal.ts";

/** `cto compare`: engines beside one another on one task. Exit 0 if the comparison is complete, 1 if it is not, 3 if there is no bundle to compare. */
export async function compareCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const setting = await openSettingOfRun();
  const evidence = readEvidence(setting);
  const known = createEngines().map((engine) => engine.describe().id);
  const lanes = [...new Set([...LANE_ENGINES, ...known])].map((engine) => ({
    engine,
    unavailable: known.includes(engine) ? null : `this version has no adapter for ${engine}`,
  }));
  const task_id = await findTaskId(setting, args[0] ?? "", evidence);
  const comparison = compareLanes({ task_id, lanes, evidence });
  if (terminal.json) terminal.document(comparison);
  terminal.say(toText(terminal, comparison).join("\n"));
  if (comparison.lanes.every(({ run_id }) => run_id === null)) return EXIT.blocked;
  return comparison.complete ? EXIT.pass : EXIT.fail;
}

/** A task id that bundles know, or that of a case or task file. */
async function findTaskId(
  { caseFolders, cwd }: Setting,
  selector: string,
  evidence: readonly LadderEvidence[],
): Promise<string> {
  const isKnown = evidence.some((item) => item.state === "verified" && item.value.task_id === selector);
  if (isKnown) return selector;
  try {
    return (await loadTask({ selector, cwd, caseFolders })).task.id;
  } catch (thrown) {
    // An id that no bundle has is no mistake in the command: there is nothing to compare yet.
    if (CtoError.is(thrown) && thrown.code === "TASK_NOT_FOUND" && identifierSchema.safeParse(selector).success)
      return selector;
    throw thrown;
  }
}

function toText(terminal: Terminal, { aspects, complete, lanes, task_id }: Comparison): readonly string[] {
  const present = lanes.filter(({ run_id }) => run_id !== null);
  const stage = present[0]?.stage ?? null;
  const head = `${task_id}${stage === null ? "" : `, compared at stage ${stage}`}`;
  const rows = lanes.map(({ codes, engine, missing, run_id, status }) =>
    run_id === null
      ? `  ${engine.padEnd(8)} ${"-".padEnd(8)} ${oneLine(missing ?? "", 300)}`
      : `  ${engine.padEnd(8)} ${paintStatus(terminal, status)} ${run_id}${codes.length === 0 ? "" : `  (${codes.join(", ")})`}`,
  );
  if (present.length === 0)
    return [
      head,
      ...rows,
      `no run of ${task_id} verifies, so there is nothing to compare: cto run ${task_id} makes one`,
    ];
  const differences = aspects.flatMap(({ aspect, differences: found, equal }) =>
    equal
      ? [`  ${aspect.padEnd(16)} equal`]
      : [`  ${aspect.padEnd(16)} differs`, ...found.map((text) => `    - ${oneLine(text, 300)}`)],
  );
  const last = complete
    ? `complete: nothing differs between ${present.length === 1 ? "the one lane that has a bundle" : `${present.length} lanes`}, and the others have a reason`
    : "not complete: the lanes differ";
  return [head, ...rows, ...differences, last];
}

function paintStatus(terminal: Terminal, status: Comparison["lanes"][number]["status"]): string {
  return terminal.paint(status === "pass" ? "green" : status === "fail" ? "red" : "yellow", (status ?? "-").padEnd(8));
}
