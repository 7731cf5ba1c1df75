import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { runGit } from "@cto/git-state";
import type { SandboxMount } from "@cto/sandbox";
import { isPlainFolder, takeSnapshot } from "@cto/workspace";
import type { RunContext } from "../run/run-context.ts";
import { refuseStart } from "./refuse-start.ts";

/** An ignored folder of the target, shown read-only at the same place in both work trees. */
export interface BroughtFolder {
  /** Relative path, without a trailing slash. */
  readonly path: string;
  readonly mount: SandboxMount;
  readonly sha256: string;
  readonly entries: number;
}

/**
 * Makes `bring[]` of the contract available: a mount behind walls, a copy without them, never a link. Each folder must exist in the target
 * and be ignored there; its digest goes into `proofs/brought.json`.
 */
export async function bringFolders(
  context: RunContext,
  checkouts: readonly string[],
): Promise<readonly BroughtFolder[]> {
  const { ports, record, repository, task, writer } = context;
  const brought: BroughtFolder[] = [];
  if (task.bring.length === 0) return brought;
  if (repository === null || repository.kind === "bare")
    return refuse(context, task.bring.join(", "), "only a target with a work tree has folders to bring");
  const { topLevel } = repository;
  for (const pattern of task.bring) {
    const path = pattern.replace(/\/+$/, "");
    const host = join(topLevel, path);
    if (!(await isPlainFolder(topLevel, path)))
      refuse(context, path, "it is not a folder of the target itself, without links on the way");
    if (!(await isIgnored(topLevel, path)))
      refuse(context, path, "git does not ignore it in the target, so it is part of the source");
    const { sha256, entries } = await record.timed("bring.digest", () => takeSnapshot(host, { signal: ports.signal }));
    for (const checkout of checkouts) {
      if (ports.sandbox.kind === "none")
        await cp(host, join(checkout, path), { recursive: true, verbatimSymlinks: true });
      else await mkdir(join(checkout, path), { recursive: true });
    }
    brought.push({ path, sha256, entries, mount: { host, inside: `/workspace/${path}`, writable: false } });
  }
  if (brought.length > 0) {
    await writer.writeDocument("proofs/brought.json", {
      schema: "cto.brought-folders.v1",
      run_id: context.runId,
      folders: brought.map(({ path, sha256, entries }) => ({ path, sha256, entries })),
    });
  }
  return brought;
}

/** True if nothing below the folder is tracked, and nothing could be added without force. */
async function isIgnored(topLevel: string, path: string): Promise<boolean> {
  const { stdout } = await runGit({
    args: ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", path],
    place: { kind: "directory", path: topLevel },
  });
  return stdout.byteLength === 0;
}

function refuse(context: RunContext, path: string, reason: string): never {
  return refuseStart(
    context,
    "bring",
    `bring: ${path}: ${reason}`,
    "bring[] in the task contract names ignored folders of the target, such as node_modules/ or .venv/.",
  );
}
