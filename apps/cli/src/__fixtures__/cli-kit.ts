import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";

/** The bundled app: what people run. `pnpm --filter @cto/cli build` makes it; `npm test` does so first. */
const app = fileURLToPath(new URL("../../dist/cto.js", import.meta.url));

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder with a `.git`, so that `.cto` is made there. */
export function createHome(): string {
  const folder = mkdtempSync(join(tmpdir(), "cto-cli-"));
  mkdirSync(join(folder, ".git"));
  folders.push(folder);
  return folder;
}

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A started `cto`. `result` settles when it has ended. */
export interface StartedCli {
  readonly child: ChildProcess;
  readonly result: Promise<CliResult>;
  stderr(): string;
}

export function startCli(cwd: string, args: readonly string[], options: { readonly command?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {}): StartedCli {
  const [command, ...rest] = [...(options.command ?? []), process.execPath, app, ...args];
  const child = spawn(command ?? process.execPath, rest, { cwd, env: { ...process.env, NO_COLOR: "1", ...options.env }, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const result = new Promise<CliResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, result, stderr: () => stderr };
}

export function runCli(cwd: string, ...args: readonly string[]): Promise<CliResult> {
  return startCli(cwd, args).result;
}

/** Runs `cto` on a terminal of its own and types `answer` as soon as it has shown `question`. Answers the exit code and what the terminal showed. */
export function runOnTerminal(cwd: string, args: readonly string[], question: string, answer: string): Promise<{ readonly code: number | null; readonly output: string }> {
  const line = [process.execPath, app, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  // `script` of util-linux gives the command a terminal, and with -e passes its exit code on.
  const child = spawn("script", ["-qefc", line, "/dev/null"], { cwd, env: { ...process.env, NO_COLOR: "1" }, stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (part: Buffer) => {
    const hadAsked = output.includes(question);
    output += part.toString();
    if (!hadAsked && output.includes(question)) child.stdin.write(answer);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

/** Polls until `check` holds; fails after ten seconds. */
export async function until(what: string, check: () => boolean): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 20) {
    if (check()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain until ${what}`);
}

/** Process ids whose command line holds the marker. */
export function processesWith(marker: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(marker);
    } catch {
      return false;
    }
  });
}
