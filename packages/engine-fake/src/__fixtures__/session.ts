import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ENGINE_CONTRACT, type EngineEvent, type EngineProcessResult, type EngineSession } from "@cto/engine-interface";
import { FAKE_SCRIPT_SCHEMA, type FakeStep } from "../index.ts";

/** The executable as source: it needs no build. */
export const executable = fileURLToPath(new URL("../bin/fake-engine.ts", import.meta.url));
/** Where a sandbox shows it. */
export const inside = "/opt/cto/engine-fake/fake-engine.mts";

type Spawn = EngineSession["spawn"];
type End = EngineProcessResult["end"];

/** Starts the real executable, or a stand-in for it, in a folder: a session without walls. */
export function spawnLocally(cwd: string, file = executable, signal?: AbortSignal): Spawn {
  return (request) =>
    new Promise((resolve, reject) => {
      const [command, ...args] = request.argv;
      if (command !== "node") throw new Error(`started ${command}`);
      const translated = args.map((arg) => (arg === inside ? file : arg));
      const child = spawn(process.execPath, translated, { cwd, stdio: "pipe" });
      signal?.addEventListener("abort", () => child.kill("SIGKILL"));
      child.stdin.on("error", () => undefined);
      child.stdin.end(request.stdin);
      child.stdout.on("data", (chunk: Buffer) => request.onStdout?.(chunk));
      child.stderr.on("data", (chunk: Buffer) => request.onStderr?.(chunk));
      child.on("error", reject);
      child.on("close", (code, name) => {
        resolve({ end: endOf(code, name, signal), left_behind: null, truncated: false });
      });
    });
}

function endOf(code: number | null, name: string | null, signal: AbortSignal | undefined): End {
  if (signal?.aborted === true) return { kind: "canceled" };
  return code === null ? { kind: "signaled", signal: name ?? "unknown" } : { kind: "exited", code };
}

/** No process at all: the given bytes arrive in the given chunks, whose memory is used again at once. */
export function spawnReplay(chunks: readonly Uint8Array[], end: End = { kind: "exited", code: 0 }): Spawn {
  return async (request) => {
    for (const chunk of chunks) {
      const lent = Uint8Array.from(chunk);
      request.onStdout?.(lent);
      lent.fill(33);
    }
    return { end, left_behind: null, truncated: false };
  };
}

/** A session with a script, and the list of events that it was shown. */
export function createSession(steps: readonly FakeStep[], spawn: Spawn) {
  const events: EngineEvent[] = [];
  const session: EngineSession = {
    contract: ENGINE_CONTRACT,
    run_id: "run-1",
    workspace: "/workspace",
    task: {
      id: "t",
      title: "t",
      brief: "",
      allowed_paths: [],
      forbidden_paths: [],
      forbidden_actions: [],
      verification: [],
    },
    input: { file: "fake.yaml", text: JSON.stringify({ schema: FAKE_SCRIPT_SCHEMA, steps }) },
    model: null,
    spawn,
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    deadline: Number.MAX_SAFE_INTEGER,
  };
  return { session, events };
}
