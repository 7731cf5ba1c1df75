import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, oneLine } from "@cto/errors";
import { createRecordSplitter } from "@cto/git-state";
import { copyIndex } from "./check-out.ts";
import { markSubmodules } from "./mark-submodules.ts";
import type { Baseline, Checkout } from "./workspace-contract.ts";
import { createWorkspaceError } from "./workspace-error.ts";
import { runWorkspaceGit, type WorkspaceGitRequest } from "./workspace-git.ts";

export type PatchApplication =
  | {
      readonly kind: "applied";
      readonly tree: string;
      /** The same directory, with `tree` as its tree. */
      readonly checkout: Checkout;
    }
  | { readonly kind: "not-applicable"; readonly message: string };

export interface ApplyPatchOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Applies a git patch exactly, without fuzz, to the files of a checkout and returns the tree that comes out. An empty patch leaves all as
 * it is. A patch that does not fit, is not one, or names something outside the work tree or behind a link is `not-applicable`; no file
 * was written then. A patch that touches a `.gitattributes` has every tracked file written anew, as a clone of its tree would: attributes
 * decide on the bytes of files that the patch does not name. Throws `WORKSPACE_UNREADABLE` if there is no patch file, and what `runGit`
 * throws. Caller: the tracked files are those of `checkout.tree`.
 */
export async function applyPatch(
  baseline: Baseline,
  checkout: Checkout,
  patchFile: string,
  { signal }: ApplyPatchOptions = {},
): Promise<PatchApplication> {
  if ((await sizeOf(patchFile)) === 0) return { kind: "applied", tree: checkout.tree, checkout };
  const patched = await copyIndex(baseline, checkout.index);
  const apply = ["apply", "--cached", "--binary", "--whitespace=nowarn", "--end-of-options", patchFile] as const;
  const refused = await runOrRefuse(baseline, { indexFile: patched, signal }, apply);
  if (refused !== undefined) return refused;
  const { stdout } = await runWorkspaceGit(baseline, { args: ["write-tree"], indexFile: patched, signal });
  const tree = new TextDecoder().decode(stdout).trim();
  // `git apply --index` itself would write through a link that is not in the index. Checking out the tree does not, and it knows all
  // attributes of the new tree before it writes the first file.
  const index = await copyIndex(baseline, checkout.index);
  const args = ["read-tree", "-m", "-u", checkout.tree, tree] as const;
  const [clash, isRuled] = await Promise.all([
    runOrRefuse(baseline, { workTree: checkout.directory, indexFile: index, signal }, args),
    changesAttributes(baseline, patchFile, { from: checkout.tree, to: tree, signal }),
  ]);
  if (clash !== undefined) return clash;
  const written = isRuled ? await writeAnew(baseline, checkout.directory, tree, signal) : index;
  return { kind: "applied", tree, checkout: { ...checkout, index: written, tree } };
}

async function changesAttributes(
  baseline: Baseline,
  patchFile: string,
  { from, to, signal }: { readonly from: string; readonly to: string; readonly signal: AbortSignal | undefined },
): Promise<boolean> {
  if (!(await mentions(patchFile, ".gitattributes"))) return false;
  let found = false;
  const splitter = createRecordSplitter((record) => {
    found ||= /(?:^|\/)\.gitattributes$/i.test(Buffer.from(record).toString("latin1"));
  });
  await runWorkspaceGit(baseline, {
    args: ["diff-tree", "-r", "-z", "--name-only", "--no-renames", "--end-of-options", from, to],
    onStdout: (chunk) => splitter.push(chunk),
    signal,
  });
  splitter.end();
  return found;
}

/** Whether a word stands anywhere in a file, in any case: a question that needs no process. */
async function mentions(file: string, word: string): Promise<boolean> {
  let rest = "";
  for await (const chunk of createReadStream(file, { encoding: "latin1", highWaterMark: 1 << 20 })) {
    const text = (rest + String(chunk)).toLowerCase();
    if (text.includes(word)) return true;
    rest = text.slice(-word.length);
  }
  return false;
}

/** Reads the tree into an index that knows no file yet, so that git takes none on the disk for up to date. Returns the index. */
async function writeAnew(
  baseline: Baseline,
  workTree: string,
  tree: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const place = { workTree, indexFile: join(baseline.gitDir, "indexes", randomUUID()) };
  await runWorkspaceGit(baseline, { args: ["read-tree", "--reset", "-u", tree], ...place, signal });
  await markSubmodules(baseline, place, signal);
  return place.indexFile;
}

async function runOrRefuse(
  baseline: Baseline,
  place: Pick<WorkspaceGitRequest, "workTree" | "indexFile" | "signal">,
  args: readonly [string, ...string[]],
): Promise<Extract<PatchApplication, { kind: "not-applicable" }> | undefined> {
  const { exitCode, stderr } = await runWorkspaceGit(baseline, { args, ...place, exitCodes: [0, 1, 128] });
  if (exitCode === 0) return undefined;
  return { kind: "not-applicable", message: oneLine(stderr, 500) || `git ${args[0]} gave no reason` };
}

async function sizeOf(patchFile: string): Promise<number> {
  try {
    return (await stat(patchFile)).size;
  } catch (thrown) {
    throw createWorkspaceError("WORKSPACE_UNREADABLE", `cannot read the patch: ${messageOf(thrown)}`, {
      hint: "Name an existing patch file by its absolute path.",
      cause: thrown,
    });
  }
}
