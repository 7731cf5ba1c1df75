import { stat } from "node:fs/promises";
import { messageOf, oneLine } from "@cto/errors";
import { copyIndex } from "./check-out.ts";
import type { Baseline, Checkout } from "./workspace-contract.ts";
import { createWorkspaceError } from "./workspace-error.ts";
import { runWorkspaceGit } from "./workspace-git.ts";

export type PatchApplication =
  | {
      readonly kind: "applied";
      readonly tree: string;
      /** The same directory, with `tree` as its tree. */
      readonly checkout: Checkout;
    }
  | { readonly kind: "not-applicable"; readonly message: string };

/**
 * Applies a git patch exactly, without fuzz, to the files of a checkout and returns the tree that comes out. An empty patch leaves all as
 * it is. A patch that does not fit, is not one, or names something outside the work tree or behind a link is `not-applicable`; no file
 * was written then. Throws `WORKSPACE_UNREADABLE` if there is no patch file, and what `runGit` throws.
 */
export async function applyPatch(baseline: Baseline, checkout: Checkout, patchFile: string): Promise<PatchApplication> {
  if ((await sizeOf(patchFile)) === 0) return { kind: "applied", tree: checkout.tree, checkout };
  const patched = await copyIndex(baseline, checkout.index);
  const apply = ["apply", "--cached", "--binary", "--whitespace=nowarn", "--end-of-options", patchFile] as const;
  const refused = await runOrRefuse(baseline, patched, undefined, apply);
  if (refused !== undefined) return refused;
  const { stdout } = await runWorkspaceGit(baseline, { args: ["write-tree"], indexFile: patched });
  const tree = new TextDecoder().decode(stdout).trim();
  // `git apply --index` itself would write through a link that is not in the index. Checking out the tree does not, and it knows all
  // attributes of the new tree before it writes the first file.
  const index = await copyIndex(baseline, checkout.index);
  const args = ["read-tree", "-m", "-u", checkout.tree, tree] as const;
  const clash = await runOrRefuse(baseline, index, checkout.directory, args);
  return clash ?? { kind: "applied", tree, checkout: { ...checkout, index, tree } };
}

async function runOrRefuse(
  baseline: Baseline,
  indexFile: string,
  workTree: string | undefined,
  args: readonly [string, ...string[]],
): Promise<Extract<PatchApplication, { kind: "not-applicable" }> | undefined> {
  const place = workTree === undefined ? { indexFile } : { indexFile, workTree };
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
