import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runProcess } from "@cto/exec";
import { createTestDirectory } from "@cto/git-state/testing";
import { type Baseline, type Checkout, checkOut, createBaseline, type Snapshot, takeSnapshot } from "../index.ts";

/** A baseline from a few files, one checkout of it and what its disk looked like. */
export interface TestWorkspace {
  /** A temporary directory around it all. */
  readonly scratch: string;
  readonly baseline: Baseline;
  readonly checkout: Checkout;
  readonly before: Snapshot;
  /** Writes a file in the checkout. */
  write(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  /** Runs a command in the checkout as an engine would, with plain git and an identity. Throws unless it exits with 0. */
  run(...argv: readonly [string, ...string[]]): Promise<string>;
  remove(): Promise<void>;
}

export async function createTestWorkspace(files: Readonly<Record<string, string>>): Promise<TestWorkspace> {
  const { path: scratch, remove } = await createTestDirectory();
  for (const [path, content] of Object.entries(files)) await writeDeep(join(scratch, "fixture", path), content);
  const baseline = await createBaseline({ kind: "fixture", from: join(scratch, "fixture") }, join(scratch, "baseline"));
  const checkout = await checkOut(baseline, join(scratch, "workspace"));
  return {
    scratch,
    baseline,
    checkout,
    before: await takeSnapshot(checkout.directory),
    write: (path, content, mode) => writeDeep(join(checkout.directory, path), content, mode),
    run: (...argv) => runPlain(checkout.directory, scratch, argv),
    remove,
  };
}

async function writeDeep(file: string, content: string | Uint8Array, mode?: number): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  if (mode !== undefined) await chmod(file, mode);
}

async function runPlain(cwd: string, home: string, argv: readonly [string, ...string[]]): Promise<string> {
  const env = {
    PATH: "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin",
    HOME: home,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "Engine",
    GIT_AUTHOR_EMAIL: "engine@cto.invalid",
    GIT_COMMITTER_NAME: "Engine",
    GIT_COMMITTER_EMAIL: "engine@cto.invalid",
  };
  const { outcome, stdout, stderr } = await runProcess({ argv, cwd, env, timeoutMs: 60_000, graceMs: 1_000 });
  if (outcome.kind === "exited" && outcome.code === 0) return new TextDecoder().decode(stdout);
  throw new Error(`${argv.join(" ")}: ${JSON.stringify(outcome)}: ${new TextDecoder().decode(stderr)}`);
}
