import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CtoError, oneLine } from "@cto/errors";
import { SCHEMAS } from "@cto/evidence-interface";
import { listCaseIds, loadTask, runCases, runTask } from "@cto/harness";
import { EXIT } from "../exit-codes.ts";
import { listenForSignals } from "../interruption.ts";
import { closeDeadRuns, createSandbox, findEngine, openSetting, type Setting } from "../setting.ts";
import type { Terminal } from "../terminal.ts";
import { commandsOf, toPorts } from "./run.ts";

/** `cto cases list`: every case; one whose contract is broken is listed with its first problem, and does not hide the others. */
export async function listCasesCommand(terminal: Terminal): Promise<number> {
  const setting = await openSetting();
  const items = [];
  for (const found of await listCaseIds(setting.caseFolders)) items.push(await readItem(setting, found));
  if (terminal.json) terminal.document({ schema: "cto.cases.v1", items });
  for (const { id, title, error } of items) {
    const broken = error === null ? "" : `${terminal.paint("red", "broken")} ${error.code}: ${error.message}`;
    terminal.say(`${id.padEnd(34)} ${title ?? broken}`);
  }
  return EXIT.pass;
}

async function readItem(setting: Setting, { id, directory }: { readonly id: string; readonly directory: string }) {
  const builtIn = dirname(directory) !== join(setting.home, "cto", "cases");
  try {
    const { task } = await loadTask({ selector: id, cwd: setting.cwd, caseFolders: setting.caseFolders });
    return { id, title: task.title, stage: task.stage, risk_class: task.risk_class, built_in: builtIn, error: null };
  } catch (thrown) {
    if (!CtoError.is(thrown)) throw thrown;
    const error = { code: thrown.code, message: oneLine(thrown.message.split("\n")[0] ?? "", 300) };
    return { id, title: null, stage: null, risk_class: null, built_in: builtIn, error };
  }
}

/** `cto cases run`: exit 0 if every case came out as its expect.yaml says, else 1. */
export async function runCasesCommand(
  terminal: Terminal,
  args: readonly string[],
  options: Record<string, unknown>,
): Promise<number> {
  const setting = await openSetting();
  const known = (await listCaseIds(setting.caseFolders)).map(({ id }) => id);
  const unknown = args.find((id) => !known.includes(id));
  if (unknown !== undefined)
    throw new CtoError("CLI_CASE_UNKNOWN", `no case "${unknown}"`, { hint: "`cto cases list` shows all cases." });
  await closeDeadRuns(setting, (line) => terminal.note(line));
  const interruption = listenForSignals(terminal);
  // Not in .cto: that is made by the first run, or refused there with a code.
  const scratch = await mkdtemp(join(tmpdir(), "cto-cases-"));
  const items = await runCases({
    ids: args.length > 0 ? args : known,
    caseFolders: setting.caseFolders,
    cwd: setting.cwd,
    scratch,
    engine: findEngine(String(options.engine)),
    isolation: "bubblewrap",
    run: async (request) => {
      const sandbox = await createSandbox(setting, "bubblewrap", commandsOf(request.loaded.task));
      return runTask(
        request,
        toPorts(setting, sandbox, interruption.signal, () => {}),
      );
    },
    onCase: ({ case: id, ok, expected, seen }) => {
      const mark = ok ? terminal.paint("green", "ok ") : terminal.paint("red", "NO ");
      const wanted = ok
        ? ""
        : `, expected ${expected.status} ${expected.code ?? ""} at ${expected.event ?? "-"}, exit ${expected.exit}`;
      terminal.say(`${mark} ${id.padEnd(34)} ${seen.status} ${seen.code ?? ""} exit ${seen.exit}${wanted}`);
    },
  }).finally(async () => {
    interruption.stop();
    await rm(scratch, { recursive: true, force: true });
  });
  if (terminal.json) terminal.document({ schema: SCHEMAS.casesRun, items });
  const failed = items.filter(({ ok }) => !ok).length;
  terminal.say(`${items.length - failed} of ${items.length} cases came out as expected`);
  return interruption.exitCode() ?? (failed === 0 ? EXIT.pass : EXIT.fail);
}
