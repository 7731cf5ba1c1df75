import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ProcessOutcome, runProcess } from "@cto/exec";
import { SYSTEM_PATH, toCleanEnvironment } from "./clean-environment.ts";
import { resolveInWorld } from "./resolve-in-world.ts";
import type { Sandbox, SandboxEnd, SandboxRequest, SandboxResult, Toolchain } from "./sandbox.ts";

export interface NoSandboxOptions {
  readonly toolchains: readonly Toolchain[];
  /** A private directory on the host. A HOME and a TMPDIR for each process are made in it, and removed after it. */
  readonly scratch: string;
}

const LIMITS = { processes: "none", memory: "none", disk: "none", wall_time: "watchdog" } as const;

/**
 * The same shape without walls: a clean environment, a HOME and TMPDIR of its own, and the kill of the process group. The process
 * can read and write whatever its user can, and reach the network. For a person who typed it, never as a fallback.
 */
export function createNoSandbox({ toolchains, scratch }: NoSandboxOptions): Sandbox {
  const toolchainPath = toolchains.flatMap((toolchain) =>
    toolchain.path.map((directory) => toHostPath(toolchain, directory)),
  );
  return {
    kind: "none",
    toolchains,
    workspaceInside: (workspace) => workspace,
    mountInside: ({ host }) => host,
    probe: async () => ({ kind: "ready", version: "none", limits: LIMITS }),
    resolveCommand: async (command, workspace) =>
      resolveInWorld({
        command,
        path: [...toolchainPath, ...SYSTEM_PATH],
        directory: workspace,
        links: [],
        mounts: [{ host: "", inside: "" }],
      }),
    run: async (request) => {
      // New for every process: what one leaves in its HOME must not reach the next, which may be a check of its work.
      await mkdir(scratch, { recursive: true, mode: 0o700 });
      const place = await mkdtemp(join(scratch, "none-"));
      const [home, temporary] = [join(place, "home"), join(place, "tmp")];
      try {
        await Promise.all([home, temporary].map((directory) => mkdir(directory, { mode: 0o700 })));
        const env = toCleanEnvironment({ home, temporary, toolchainPath, libraries: [] });
        return await run(request, { ...env, ...request.env });
      } finally {
        await rm(place, { recursive: true, force: true, maxRetries: 2 });
      }
    },
  };
}

async function run(request: SandboxRequest, env: Readonly<Record<string, string>>): Promise<SandboxResult> {
  const { outcome, durationMs } = await runProcess({
    argv: request.argv,
    cwd: request.workspace,
    env,
    stdin: request.stdin,
    onStdout: request.onStdout,
    onStderr: request.onStderr,
    maxOutputBytes: 0,
    timeoutMs: request.timeoutMs,
    graceMs: request.graceMs,
    signal: request.signal,
  });
  return { end: toEnd(outcome), leftBehind: null, durationMs };
}

function toEnd(outcome: ProcessOutcome): SandboxEnd {
  if (outcome.kind !== "not-started") return outcome;
  const { reason, message } = outcome;
  return { kind: "not-started", reason: reason === "spawn-failed" ? "setup-failed" : reason, message };
}

/** A path inside a tool chain, on the host. A tool chain of one file stands in a directory of its own inside, not on the host. */
function toHostPath({ root, inside }: Toolchain, path: string): string {
  return path === inside || path.startsWith(`${inside}/`) ? root + path.slice(inside.length) : dirname(root);
}
