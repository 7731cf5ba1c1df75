import { INSIDE } from "./bubblewrap-arguments.ts";
import { SYSTEM_PATH, toCleanEnvironment } from "./clean-environment.ts";
import { findBubblewrap, toRefusalHint } from "./find-bubblewrap.ts";
import { type HostLayout, readHostLayout } from "./host-layout.ts";
import { resolveInWorld } from "./resolve-in-world.ts";
import { runInWalls, type WallsRequest } from "./run-in-walls.ts";
import type { Sandbox, SandboxMount, SandboxProbe, SandboxResult, Toolchain } from "./sandbox.ts";

export interface BubblewrapSandboxOptions {
  readonly toolchains: readonly Toolchain[];
  /** Absolute paths, where they are not at their usual places. Perl must stand below `/usr`. */
  readonly bwrap?: string;
  readonly perl?: string;
}

/** Nothing is limited yet but time (by the harness) and output (by its sinks). */
const LIMITS = { processes: "none", memory: "none", disk: "none", wall_time: "watchdog" } as const;

/**
 * Walls made by the kernel, through bubblewrap: own user, pid, ipc, uts, network and cgroup namespaces, no capabilities, a file tree of
 * `/usr`, the tool chains and the request's mounts. Never throws but for what a sink throws; a machine that cannot build
 * the walls answers `not-started`, `setup-failed`. Probe and discovery happen once per object.
 */
export function createBubblewrapSandbox(options: BubblewrapSandboxOptions): Sandbox {
  const toolchainMounts = options.toolchains.map(({ root, inside }) => ({ host: root, inside, writable: false }));
  const path = options.toolchains.flatMap((toolchain) => toolchain.path);
  const env = toCleanEnvironment({
    home: INSIDE.home,
    temporary: INSIDE.temporary,
    toolchainPath: path,
    libraries: options.toolchains.flatMap(({ libraries }) => libraries),
  });
  const layout = once(readHostLayout);
  const find = once(() => findBubblewrap(options));
  const run = async (request: WallsRequest): Promise<SandboxResult> => {
    const tools = await find();
    if (tools.kind === "found") return runInWalls({ tools, layout: layout(), toolchainMounts, env }, request);
    return {
      end: { kind: "not-started", reason: "setup-failed", message: tools.message },
      leftBehind: null,
      durationMs: 0,
    };
  };
  const probe = once(async (): Promise<SandboxProbe> => {
    const tools = await find();
    if (tools.kind === "unavailable") return tools;
    const { end } = await run(TRIVIAL);
    if (end.kind === "exited" && end.code === 0) return { kind: "ready", version: tools.version, limits: LIMITS };
    const message = end.kind === "not-started" ? end.message : `a trivial sandbox ended with ${JSON.stringify(end)}`;
    return { kind: "unavailable", message, hint: toRefusalHint() };
  });
  return {
    kind: "bubblewrap",
    toolchains: options.toolchains,
    workspaceInside: () => INSIDE.workspace,
    mountInside: ({ inside }) => inside,
    probe,
    run,
    resolveCommand: async (command, workspace, mounts = []) =>
      resolveInWorld({
        command,
        path: [...path, ...SYSTEM_PATH],
        directory: INSIDE.workspace,
        links: layout().links,
        mounts: toWorld(layout(), [
          ...toolchainMounts,
          { host: workspace, inside: INSIDE.workspace, writable: true },
          ...mounts,
        ]),
      }),
  };
}

const TRIVIAL: WallsRequest = {
  argv: ["/usr/bin/true"],
  workspace: null,
  mounts: [],
  env: {},
  stdin: null,
  onStdout: () => {},
  onStderr: () => {},
  signal: new AbortController().signal,
  timeoutMs: 10_000,
  graceMs: 500,
};

function toWorld(layout: HostLayout, mounts: readonly SandboxMount[]): readonly SandboxMount[] {
  return [...layout.shown.map((path) => ({ host: path, inside: path, writable: false })), ...mounts];
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
