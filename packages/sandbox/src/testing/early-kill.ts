import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { runProcess } from "@cto/exec";

/** How many kills hit before and after the command had started, and what was still alive ten seconds after each (a busy machine takes its time). */
interface KillCount {
  readonly before: number;
  readonly after: number;
  readonly survivors: readonly string[];
}

/** The path of the harness that is killed. */
export const DRIVER = fileURLToPath(new URL("./driver.ts", import.meta.url));

/** SIGKILL for `rounds` harnesses, each 0 to 60 ms after it began to start its sandbox. */
export async function killHarnesses(rounds: number): Promise<KillCount> {
  let before = 0;
  const survivors: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const workspace = await mkdtemp(join(tmpdir(), "cto-kill-"));
    // The fraction is the marker of the commands, the path of the workspace that of bwrap.
    const marker = `300.${process.pid}${String(round).padStart(6, "0")}1`;
    if (!(await killOne(workspace, marker, (round / rounds) * 60))) before += 1;
    survivors.push(...(await waitUntilGone([workspace, marker])));
    await rm(workspace, { recursive: true });
  }
  return { before, after: rounds - before, survivors };
}

/** Returns whether the command had started. */
async function killOne(workspace: string, marker: string, delayMs: number): Promise<boolean> {
  const script = `echo up; sleep ${marker} & setsid sleep ${marker} & sleep ${marker}`;
  const controller = new AbortController();
  let seen = "";
  const { outcome } = await runProcess({
    argv: [process.execPath, "--conditions=@cto/source", DRIVER, workspace, "sh", "-c", script],
    cwd: workspace,
    env: {},
    timeoutMs: 60_000,
    graceMs: 0,
    signal: controller.signal,
    onStdout: async (chunk) => {
      const first = seen === "";
      seen += Buffer.from(chunk).toString();
      if (!first) return;
      await sleep(delayMs);
      killDriver(workspace);
    },
  });
  if (outcome.kind !== "signaled") throw new Error(`the harness was not killed: ${JSON.stringify(outcome)}`);
  return seen.includes("up");
}

/** From another process, as an operator's `kill -9` would. */
function killDriver(workspace: string): void {
  for (const { pid, line } of processes())
    if (line.includes(DRIVER) && line.includes(workspace)) process.kill(pid, "SIGKILL");
}

/** An init that had its orders when the harness died may still start the command, and kills it at once: gone means gone for a while. */
async function waitUntilGone(markers: readonly string[]): Promise<string[]> {
  const find = () => processes().filter(({ line }) => markers.some((marker) => line.includes(marker)));
  let quiet = 0;
  for (let wait = 0; wait < 500 && quiet < 10; wait += 1) {
    quiet = find().length === 0 ? quiet + 1 : 0;
    await sleep(20);
  }
  return quiet < 10 ? find().map(({ line }) => line) : [];
}

function processes(): { readonly pid: number; readonly line: string }[] {
  const found: { pid: number; line: string }[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      found.push({ pid: Number(name), line: readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ") });
    } catch {
      // Gone between the listing and the look.
    }
  }
  return found;
}
