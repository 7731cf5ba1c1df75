import type { Engine } from "@cto/engine-interface";
import { EXIT } from "../exit-codes.ts";
import { createEngines, findEngine, openSetting } from "../setting.ts";
import type { Terminal } from "../terminal.ts";

// A script is needed for a run, not for being there.
const emptyScript = { file: "fake.yaml", text: "schema: cto.fake-script.v1\nsteps: [{exit: 0}]\n" };

/** `cto engines list`. */
export async function listEnginesCommand(terminal: Terminal): Promise<number> {
  const items = await Promise.all(createEngines().map(describe));
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

async function describe(engine: Engine) {
  const { id, title, needs_model } = engine.describe();
  const probe = await engine.doProbe(emptyScript);
  return {
    id,
    title,
    needs_model,
    state: probe.kind,
    version: probe.kind === "ready" ? probe.version : null,
    admission: id === "fake" ? "built-in" : "missing_admission",
    highest_stage: 3,
    missing: probe.kind === "missing" ? { message: probe.message, hint: probe.hint } : null,
    executable: probe.kind === "ready" ? probe.executable : null,
  };
}
