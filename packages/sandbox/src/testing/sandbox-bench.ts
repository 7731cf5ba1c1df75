import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sandbox, SandboxRequest, SandboxResult } from "../index.ts";

/** A result with what was printed. */
interface Seen extends SandboxResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** A private directory, and runs in it. */
export interface Bench {
  readonly workspace: string;
  run(argv: readonly [string, ...string[]], more?: Partial<SandboxRequest>): Promise<Seen>;
  sh(script: string, more?: Partial<SandboxRequest>): Promise<Seen>;
  remove(): Promise<void>;
}

/** Sets up a workspace for tests of one sandbox. */
export async function createBench(sandbox: Sandbox): Promise<Bench> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "cto-sandbox-")));
  const run: Bench["run"] = async (argv, more = {}) => {
    const out: Uint8Array[] = [];
    const err: Uint8Array[] = [];
    const result = await sandbox.run({
      argv,
      workspace: root,
      mounts: [],
      env: {},
      stdin: null,
      onStdout: (chunk) => void out.push(chunk),
      onStderr: (chunk) => void err.push(chunk),
      signal: new AbortController().signal,
      timeoutMs: 20_000,
      graceMs: 1_000,
      ...more,
    });
    return { ...result, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
  };
  return {
    workspace: root,
    run,
    sh: (script, more) => run(["sh", "-c", script], more),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
