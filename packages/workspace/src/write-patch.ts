import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { toWriteFailure } from "./git-directory.ts";
import type { Baseline } from "./workspace-contract.ts";
import { runWorkspaceGit } from "./workspace-git.ts";

export interface PatchRequest {
  /** Trees in the baseline's private repository. */
  readonly from: string;
  readonly to: string;
  /** Must not exist. */
  readonly file: string;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export type WrittenPatch =
  | { readonly kind: "written"; readonly bytes: number; readonly sha256: string }
  /** Nothing is left of the file. */
  | { readonly kind: "too-large"; readonly maxBytes: number };

/**
 * Writes the exact difference of two trees as a git patch, binary contents and full object ids included, and fsyncs it. The same trees
 * give the same bytes, whatever attributes the trees hold. Equal trees give an empty file. Throws `WORKSPACE_WRITE_FAILED` and what
 * `runGit` throws; the file is then removed.
 */
export async function writePatch(
  baseline: Baseline,
  { from, to, file, maxBytes, signal }: PatchRequest,
): Promise<WrittenPatch> {
  const handle = await open(file, "wx", 0o600).catch((thrown: unknown) => {
    throw toWriteFailure(file, thrown);
  });
  let kept = false;
  try {
    const hash = createHash("sha256");
    const stop = new AbortController();
    let bytes = 0;
    const onStdout = (chunk: Uint8Array): void => {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        stop.abort();
        return;
      }
      hash.update(chunk);
      writeAll(handle.fd, chunk, file);
    };
    const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
    if (from !== to) {
      await streamDiff(baseline, from, to, onStdout, either).catch((thrown: unknown) => {
        // Stopped from here because of its size.
        if (bytes <= maxBytes) throw thrown;
      });
    }
    if (bytes > maxBytes) return { kind: "too-large", maxBytes };
    await handle.sync().catch((thrown: unknown) => {
      throw toWriteFailure(file, thrown);
    });
    kept = true;
    return { kind: "written", bytes, sha256: hash.digest("hex") };
  } finally {
    await handle.close();
    if (!kept) await rm(file, { force: true });
  }
}

async function streamDiff(
  baseline: Baseline,
  from: string,
  to: string,
  onStdout: (chunk: Uint8Array) => void,
  signal: AbortSignal,
): Promise<void> {
  const shape = [
    "--binary",
    "--full-index",
    "--no-renames",
    "--unified=3",
    "--inter-hunk-context=0",
    "--diff-algorithm=myers",
  ];
  const plain = ["--no-ext-diff", "--no-textconv", "--no-color", "--submodule=short", "--ignore-submodules=none"];
  await runWorkspaceGit(baseline, {
    args: ["diff-tree", "-p", ...shape, ...plain, "--src-prefix=a/", "--dst-prefix=b/", "--end-of-options", from, to],
    onStdout,
    signal,
  });
}

function writeAll(fd: number, chunk: Uint8Array, file: string): void {
  try {
    for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
  } catch (thrown) {
    throw toWriteFailure(file, thrown);
  }
}
