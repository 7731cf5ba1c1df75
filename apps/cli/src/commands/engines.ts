import type { Engine } from "@cto/engine-interface";
import { readRecords } from "@cto/harness";
import { EXIT } from "../exit-codes.ts";
import { readLadder } from "../ladder/read-ladder.ts";
import { createEngines, findEngine, openSetting, openSettingOfRun, PROBE_INPUT, type Setting } from "../setting.ts";
import type { Terminal } from "../terminal.ts";

/** `cto engines list`. */
export async function listEnginesCommand(terminal: Terminal): Promise<number> {
  const setting = await openSettingOfRun();
  const highest = await findHighestStages(setting);
  const described = await Promise.all(createEngines().map(describe));
  const items = described.map((item) => ({ ...item, highest_stage: highest(item.id) }));
  if (terminal.json)
    terminal.document({ schema: "cto.engines.v1", items: items.map(({ executable: _, ...item }) => item) });
  for (const item of items)
    terminal.say(`${item.id.padEnd(8)} ${item.state.padEnd(8)} stages 1 to ${item.highest_stage}  ${item.title}`);
  return EXIT.pass;
}

/** `cto engines probe`: exit 0 if the engine is ready, 3 if something is missing. */
export async function probeEngineCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { executable, ...item } = await describe(findEngine(args[0] ?? ""));
  const { store } = await openSetting();
  const sha256 = executable === null ? null : await store.fileDigest(executable);
  if (terminal.json) terminal.document({ schema: "cto.engine-probe.v1", ...item, executable_sha256: sha256 });
  terminal.say(`${item.id}: ${item.state}${item.version === null ? "" : `, version ${item.version}`}`);
  if (sha256 !== null) terminal.say(`  executable sha256 ${sha256}`);
  if (item.missing !== null) terminal.say(`  ${item.missing.message}\n  ${item.missing.hint}`);
  return item.state === "ready" ? EXIT.pass : EXIT.blocked;
}

/** The highest stage that each engine may be asked for now, on the target where it got furthest: one above what it has proven. */
async function findHighestStages(setting: Setting): Promise<(engineId: string) => number> {
  const { ladder, present } = await readLadder(setting, readRecords(setting.home), { engineId: null, targetId: null });
  const standing = ladder.items.filter((item) => present.whyStale(item) === null);
  return (engineId) => {
    const proven = standing.filter(({ engine }) => engine.id === engineId).map(({ proven_stage }) => proven_stage);
    const unasked = engineId === "fake" ? 3 : 2;
    return Math.min(6, Math.max(unasked, ...proven.map((stage) => stage + 1)));
  };
}

async function describe(engine: Engine) {
  const { id, title, needs_model } = engine.describe();
  const probe = await engine.doProbe(PROBE_INPUT);
  return {
    id,
    title,
    needs_model,
    state: probe.kind,
    version: probe.kind === "ready" ? probe.version : null,
    admission: id === "fake" ? "built-in" : "missing_admission",
    missing: probe.kind === "missing" ? { message: probe.message, hint: probe.hint } : null,
    executable: probe.kind === "ready" ? probe.executable : null,
  };
}
