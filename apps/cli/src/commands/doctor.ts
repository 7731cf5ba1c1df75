import { existsSync } from "node:fs";
import { mkdtemp, rmdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { CtoError, messageOf, systemCode } from "@cto/errors";
import { runGit } from "@cto/git-state";
import { listCaseIds, loadTask } from "@cto/harness";
import { EXIT } from "../exit-codes.ts";
import { closeDeadRuns, createSandbox, findToolchains, openSetting, type Setting } from "../setting.ts";
import type { Terminal } from "../terminal.ts";
import { commandsOf } from "./run.ts";

/** One row. The same name may stand on the host and inside the sandbox, once each. */
interface Check {
  readonly name: string;
  readonly where: "host" | "inside";
  readonly state: "ok" | "missing" | "note";
  readonly message: string;
  readonly hint: string | null;
}

/** `cto doctor`: exit 0 if everything needed is there, 3 if something is missing. */
export async function doctorCommand(terminal: Terminal): Promise<number> {
  const setting = await openSetting();
  const commands = await commandsOfCases(setting);
  const sandbox = await createSandbox(setting, "bubblewrap", commands);
  const checks: Check[] = [ok("node", `${process.version}`), await checkGit()];
  checks.push(await checkRecording(setting, terminal), await checkDisk(setting));
  const probe = await sandbox.probe();
  if (probe.kind === "ready") {
    const limits = Object.entries(probe.limits).map(([name, holder]) => `${name}: ${holder}`);
    checks.push(ok("sandbox", `bubblewrap ${probe.version}; limits held by: ${limits.join(", ") || "nothing yet"}`));
  } else {
    checks.push({ name: "sandbox", where: "host", state: "missing", message: probe.message, hint: probe.hint });
  }
  for (const command of commands) {
    const found = await sandbox.resolveCommand(command, setting.home);
    checks.push(
      found === undefined
        ? {
            name: command,
            where: "inside",
            state: "note",
            message: "not found; cases that need it will be blocked",
            hint: `Install ${command}, or name it under sandbox.toolchains in cto/config.yaml.`,
          }
        : { ...ok(command, found.inside), where: "inside" },
    );
  }
  const toolchains = await findToolchains(setting, commands);
  const proposal = toolchains.map(({ name, root, inside }) => ({ name, root, inside }));
  if (terminal.json) terminal.document({ schema: "cto.doctor.v1", items: checks, toolchains: proposal });
  for (const { name, where, state, message, hint } of checks) {
    const mark =
      state === "ok"
        ? terminal.paint("green", "ok     ")
        : state === "note"
          ? terminal.paint("yellow", "note   ")
          : terminal.paint("red", "missing");
    terminal.say(`${mark} ${where.padEnd(6)} ${name}: ${message}`);
    if (hint !== null) terminal.say(`        ${hint}`);
  }
  for (const { name, root, inside } of proposal)
    terminal.say(`        tool chain ${name}: ${root} is shown read-only at ${inside}`);
  return checks.some(({ state }) => state === "missing") ? EXIT.blocked : EXIT.pass;
}

function ok(name: string, message: string): Check {
  return { name, where: "host", state: "ok", message, hint: null };
}

async function commandsOfCases(setting: Setting): Promise<readonly string[]> {
  const commands = new Set<string>(["git"]);
  for (const { id } of await listCaseIds(setting.caseFolders)) {
    try {
      const { task } = await loadTask({ selector: id, cwd: setting.cwd, caseFolders: setting.caseFolders });
      if (!id.startsWith("failure-")) for (const command of commandsOf(task)) commands.add(command);
    } catch (thrown) {
      if (!CtoError.is(thrown)) throw thrown;
    }
  }
  return [...commands].sort();
}

async function checkGit(): Promise<Check> {
  try {
    const { stdout } = await runGit({ args: ["--version"], place: { kind: "directory", path: "/" } });
    return ok("git", new TextDecoder().decode(stdout).trim());
  } catch (thrown) {
    return { name: "git", where: "host", state: "missing", message: messageOf(thrown), hint: "Install git." };
  }
}

/** Whether a run could be recorded here. Permissions alone do not tell (a superuser, a read-only mount), so it is tried. */
async function checkRecording(setting: Setting, terminal: Terminal): Promise<Check> {
  const { home, store } = setting;
  const missing = (message: string, hint: string): Check => ({
    name: "runs",
    where: "host",
    state: "missing",
    message,
    hint,
  });
  try {
    await closeDeadRuns(setting, (line) => terminal.note(line));
    await rmdir(await mkdtemp(join(existsSync(store.root) ? store.root : home, ".cto-trial-")));
    return ok("runs", "can be recorded here, in .cto");
  } catch (thrown) {
    if (CtoError.is(thrown)) return missing(thrown.message, thrown.hint);
    const why = systemCode(thrown) ?? messageOf(thrown);
    return missing(
      `cannot be recorded here (${why})`,
      "Work in a directory that can be written, or check who owns .cto.",
    );
  }
}

async function checkDisk(setting: Setting): Promise<Check> {
  const { bavail, bsize } = await statfs(setting.home);
  const free = (bavail * bsize) / 1024 ** 3;
  const message = `${free.toFixed(1)} GiB free where runs are kept`;
  return free < 1
    ? {
        name: "disk",
        where: "host",
        state: "note",
        message,
        hint: "`cto runs rm` removes runs that are no longer needed.",
      }
    : ok("disk", message);
}
