import { oneLine } from "@cto/errors";
import { type ProcessOutcome, runProcess } from "@cto/exec";
import { toBubblewrapArguments } from "./bubblewrap-arguments.ts";
import type { HostLayout } from "./host-layout.ts";
import { INIT_PROGRAM } from "./init-program.ts";
import { type InitReport, SOFT_STOP, toInitArguments, toInitPlan, toInitReport } from "./init-protocol.ts";
import type { SandboxEnd, SandboxMount, SandboxRequest, SandboxResult } from "./sandbox.ts";
import { SYNTHETIC_ETC } from "./synthetic-etc.ts";

/** What is the same for every process of one sandbox. */
export interface Walls {
  readonly tools: { readonly bwrap: string; readonly perl: string; readonly disableUserNamespaces: boolean };
  readonly layout: HostLayout;
  readonly toolchainMounts: readonly SandboxMount[];
  readonly env: Readonly<Record<string, string>>;
}

/** A request; without a workspace it gets an empty one that is thrown away. */
export type WallsRequest = Omit<SandboxRequest, "workspace"> & { readonly workspace: string | null };

/** Starts bwrap, which starts pid 1, which starts the command and reports how it ended. Throws what a sink throws. */
export async function runInWalls(walls: Walls, request: WallsRequest): Promise<SandboxResult> {
  const env = { ...walls.env, ...request.env };
  const problem = findProblem(request.argv, env);
  if (problem !== undefined) return { end: setupFailed(problem), leftBehind: null, durationMs: 0 };
  const stderr = createHeldSink(request.onStderr);
  let reported = "";
  const onReport = (chunk: Uint8Array): void => {
    reported += Buffer.from(chunk).toString("latin1");
    if (reported.startsWith("started\n")) stderr.release();
  };
  const { outcome, durationMs } = await runProcess({
    argv: toCommandLine(walls, request),
    cwd: "/",
    env: {},
    stdin: request.stdin,
    onStdout: request.onStdout,
    onStderr: stderr.sink,
    maxOutputBytes: 0,
    timeoutMs: request.timeoutMs,
    graceMs: request.graceMs,
    signal: request.signal,
    pipes: [
      { kind: "lifeline", greeting: toInitPlan(request.argv, env), softStop: SOFT_STOP },
      { kind: "output", onChunk: onReport },
      ...SYNTHETIC_ETC.map(({ text }) => ({ kind: "data", bytes: text }) as const),
    ],
  });
  const report = toInitReport(reported, request.argv[0]);
  return { end: toEnd(outcome, report, stderr.held()), leftBehind: report.leftBehind, durationMs };
}

function toCommandLine(
  { tools, layout, toolchainMounts }: Walls,
  request: WallsRequest,
): readonly [string, ...string[]] {
  const plan = {
    layout,
    workspace: request.workspace,
    mounts: [...toolchainMounts, ...request.mounts],
    disableUserNamespaces: tools.disableUserNamespaces,
  };
  return [
    tools.bwrap,
    ...toBubblewrapArguments(plan),
    tools.perl,
    "-e",
    INIT_PROGRAM,
    ...toInitArguments(process.arch),
  ];
}

function toEnd(outcome: ProcessOutcome, report: InitReport, stderr: string): SandboxEnd {
  if (outcome.kind === "timed-out" || outcome.kind === "canceled") return { kind: outcome.kind };
  if (report.end !== undefined) return report.end;
  // Pid 1 died without a word, by somebody outside: with it the kernel has killed everything inside.
  if (report.started) return { kind: "signaled", signal: "SIGKILL" };
  if (outcome.kind === "not-started") return setupFailed(outcome.message);
  return setupFailed(oneLine(stderr) || `bwrap ended (${JSON.stringify(outcome)}) before the command was started`);
}

function setupFailed(message: string): SandboxEnd {
  return { kind: "not-started", reason: "setup-failed", message };
}

function findProblem(argv: readonly string[], env: Readonly<Record<string, string>>): string | undefined {
  if (argv.some((part) => part.includes("\0"))) return "an argument holds a NUL character";
  for (const [name, value] of Object.entries(env)) {
    if (name === "" || /[=\0]/.test(name) || value.includes("\0"))
      return "a name or value of the environment cannot be passed on";
  }
  return undefined;
}

/** Until the command has started, standard error is bwrap's own; it then belongs to nobody's output. */
function createHeldSink(onStderr: SandboxRequest["onStderr"]) {
  let chunks: Uint8Array[] | undefined = [];
  return {
    sink: (chunk: Uint8Array): void => {
      if (chunks === undefined) onStderr(chunk);
      else chunks.push(chunk);
    },
    release: (): void => {
      const waiting = chunks ?? [];
      chunks = undefined;
      for (const chunk of waiting) onStderr(chunk);
    },
    held: (): string => Buffer.concat(chunks ?? []).toString(),
  };
}
