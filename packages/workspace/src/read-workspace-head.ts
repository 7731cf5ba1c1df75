import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, oneLine } from "@cto/errors";
import { toPathText } from "@cto/evidence-interface";
import { readGitFile } from "./read-git-file.ts";
import { readPackedRefs } from "./read-packed-refs.ts";
import type { Baseline, Checkout } from "./workspace-contract.ts";
import { runWorkspaceGit } from "./workspace-git.ts";

/** Where the workspace's own HEAD stands. */
export type WorkspaceHead =
  | {
      readonly kind: "known";
      readonly commit: string;
      readonly tree: string;
      /** True if it is not the baseline's commit. */
      readonly moved: boolean;
      /** Like `refs/heads/main`; null where HEAD is detached. */
      readonly ref: string | null;
    }
  | { readonly kind: "unknown"; readonly message: string };

const maxRef = 4 * 1024;
const maxCommitBytes = 1024 * 1024;

/**
 * Reads HEAD of the workspace's own `.git` without running git on it: HEAD, the loose ref and packed-refs by hand, the commit's tree
 * through the private repository. Whatever an engine left there is answered: no repository, a broken or endless file, a link, borrowed
 * objects, a commit that is not there are all `unknown`. The tree is what the commit names; whether it is there nobody looked.
 */
export async function readWorkspaceHead(baseline: Baseline, checkout: Checkout): Promise<WorkspaceHead> {
  try {
    const head = (await readGitFile(checkout.directory, "HEAD", maxRef)).trimEnd();
    const ref = /^ref: (refs\/heads\/[^\u0000-\u0020\u007f]+)$/.exec(head)?.[1];
    const commit = ref === undefined ? head : await readRef(checkout.directory, ref);
    if (commit === undefined || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return unknown("HEAD names no commit");
    if (commit === baseline.commit) {
      return { kind: "known", commit, tree: baseline.tree, moved: false, ref: ref ?? null };
    }
    const tree = await readTree(baseline, join(checkout.directory, ".git/objects"), commit);
    if (tree === undefined) return unknown(`HEAD names ${commit.slice(0, 12)}, which is not a readable commit`);
    return { kind: "known", commit, tree, moved: true, ref: ref ?? null };
  } catch (thrown) {
    return unknown(oneLine(messageOf(thrown)));
  }
}

function unknown(message: string): WorkspaceHead {
  return { kind: "unknown", message };
}

async function readRef(workTree: string, ref: string): Promise<string | undefined> {
  if (ref.split("/").some((part) => part === "" || part === "." || part === "..")) return undefined;
  const loose = await readGitFile(workTree, ref, maxRef).catch(() => undefined);
  if (loose !== undefined) return loose.trimEnd();
  return (await readPackedRefs(workTree))?.get(toPathText(Buffer.from(ref, "latin1")));
}

/**
 * The tree of a commit that only the workspace may hold. Git reads the header of the object first: a few kilobytes can unpack to
 * gigabytes of "commit". Nothing is read through `alternates`: git would read all of that file, `/dev/zero` for one.
 */
async function readTree(baseline: Baseline, objects: string, commit: string): Promise<string | undefined> {
  if (await exists(join(objects, "info/alternates"))) throw new Error("the object store borrows from elsewhere");
  // A fifo among the objects would hold git for ever.
  const request = { objectDirectories: [objects], timeoutMs: 20_000 } as const;
  const read = async (args: readonly [string, ...string[]], stdin?: string): Promise<string> => {
    const { stdout } = await runWorkspaceGit(baseline, { ...request, args, ...(stdin === undefined ? {} : { stdin }) });
    return new TextDecoder().decode(stdout);
  };
  const header = await read(["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)"], `${commit}\n`);
  const [name, type, size] = header.trimEnd().split(" ");
  if (name !== commit || type !== "commit" || Number(size) > maxCommitBytes) return undefined;
  const text = await read(["cat-file", "commit", commit]);
  return /^tree ([0-9a-f]{40}|[0-9a-f]{64})\n/.exec(text)?.[1];
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
