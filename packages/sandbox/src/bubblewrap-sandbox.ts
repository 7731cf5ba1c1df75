import { INSIDE } from "./bubblewrap-arguments.ts";
import { SYSTEM_PATH, toCleanEnvironment } from "./clean-environment.ts";
import { findBubblewrap, readBubblewrapVersion, toRefusalHint } from "./find-bubblewrap.ts";
import { type HostLayout, readHostLayout } from "./host-layout.ts";
import { resolveInWorld } from "./resolve-in-world.ts";
import { runInWalls, type WallsRequest } from "./run-in-walls.ts";
import type { Sandbox, SandboxEnd, SandboxMount, SandboxProbe, SandboxResult, Toolchain } from "./sandbox.ts";

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
  let disableUserNamespaces = true;
  const build = async (request: WallsRequest): Promise<SandboxResult> => {
    const tools = find();
    if (tools.kind === "found")
      return runInWalls(
        { tools: { ...tools, disableUserNamespaces }, layout: layout(), toolchainMounts, env },
        request,
      );
    const end = { kind: "not-started", reason: "setup-failed", message: tools.message } as const;
    return { end, leftBehind: null, durationMs: 0 };
  };
  const probe = once(async (): Promise<SandboxProbe> => {
    const tools = find();
    if (tools.kind === "unavailable") return tools;
    const { end } = await build(TRIVIAL);
    // Asking for the version costs a process, and a trial that went well has answered what matters.
    if (isSuccess(end)) return { kind: "ready", version: "0.8 or later", limits: LIMITS };
    const known = await readBubblewrapVersion(tools.bwrap);
    if (known.kind === "unavailable") return known;
    if (known.disableUserNamespaces) return refused(end);
    disableUserNamespaces = false;
    const again = await build(TRIVIAL);
    return isSuccess(again.end) ? { kind: "ready", version: known.version, limits: LIMITS } : refused(again.end);
  });
  const run = async (request: WallsRequest): Promise<SandboxResult> => {
    await probe();
    return build(request);
  };
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

function isSuccess(end: SandboxEnd): boolean {
  return end.kind === "exited" && end.code === 0;
}

function refused(end: SandboxEnd): SandboxProbe {
  const message = end.kind === "not-started" ? end.message : `a trivial sandbox ended with ${JSON.stringify(end)}`;
  return { kind: "unavailable", message, hint: toRefusalHint() };
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
