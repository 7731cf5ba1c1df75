import { type GitResult, runGit } from "@cto/git-state";
import type { Baseline } from "./workspace-contract.ts";

export interface WorkspaceGitRequest {
  readonly args: readonly [string, ...string[]];
  readonly workTree?: string;
  readonly indexFile?: string;
  readonly objectDirectories?: readonly string[];
  readonly stdin?: string | Uint8Array;
  readonly exitCodes?: readonly number[];
  readonly onStdout?: (chunk: Uint8Array) => void;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs git on the private repository of a baseline. Its configuration was written by this package, so nothing that an engine plants in
 * its own `.git` is ever looked at; attributes in the work tree find no driver.
 */
export function runWorkspaceGit(baseline: Pick<Baseline, "gitDir">, request: WorkspaceGitRequest): Promise<GitResult> {
  const { args, workTree, indexFile, objectDirectories, ...rest } = request;
  return runGit({
    ...rest,
    args,
    place: {
      kind: "repository",
      gitDir: baseline.gitDir,
      ...(workTree === undefined ? {} : { workTree }),
      ...(indexFile === undefined ? {} : { indexFile }),
      ...(objectDirectories === undefined ? {} : { objectDirectories }),
    },
    config: {
      // The private repository lives as long as its run: what must last is fsynced where it is written.
      "core.fsync": "none",
      // Names like `git~1` are judged by rules for paths, not by a git that refuses the whole tree.
      "core.protectNTFS": "false",
    },
  });
}
