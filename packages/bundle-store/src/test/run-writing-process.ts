import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Starts `writing-process.ts`. */
export function startWritingProcess(home: string, runId: string, wrap: readonly string[] = []): ChildProcess {
  const script = fileURLToPath(new URL("./writing-process.ts", import.meta.url));
  const [command = process.execPath, ...rest] = [
    ...wrap,
    process.execPath,
    "--conditions=@cto/source",
    script,
    home,
    runId,
  ];
  return spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
}

/** Kills the process with SIGKILL `afterMs` milliseconds after it printed `step`, and returns the last step that it printed. */
export async function killAfterStep(child: ChildProcess, step: string, afterMs: number): Promise<string> {
  let printed = "";
  const ended = once(child, "exit");
  child.stdout?.on("data", (chunk: Buffer) => {
    const before = printed.includes(`${step}\n`);
    printed += chunk;
    if (!before && printed.includes(`${step}\n`)) setTimeout(() => child.kill("SIGKILL"), afterMs);
  });
  await ended;
  return printed.trimEnd().split("\n").at(-1) ?? "";
}
