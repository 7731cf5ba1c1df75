import { constants, lstat, open, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf, oneLine } from "@cto/errors";
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

const maxPackedRefs = 16 * 1024 * 1024;
const maxRef = 4 * 1024;

/**
 * Reads HEAD of the workspace's own `.git` without running git on it: HEAD, the loose ref and packed-refs by hand, the commit's tree
 * through the private repository. Whatever an engine left there is answered: no repository, a broken or endless file, a link, a commit
 * that is not there are all `unknown`.
 */
export async function readWorkspaceHead(baseline: Baseline, checkout: Checkout): Promise<WorkspaceHead> {
  const gitDir = join(checkout.directory, ".git");
  try {
    if (!(await lstat(gitDir)).isDirectory()) return unknown(".git is not a directory");
    const head = (await readSmallFile(gitDir, "HEAD", maxRef)).trimEnd();
    const ref = /^ref: (refs\/heads\/[^\u0000-\u0020\u007f]+)$/.exec(head)?.[1];
    const commit = ref === undefined ? head : await readRef(gitDir, ref);
    if (commit === undefined || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return unknown("HEAD names no commit");
    if (commit === baseline.commit) {
      return { kind: "known", commit, tree: baseline.tree, moved: false, ref: ref ?? null };
    }
    const tree = await readTree(baseline, join(gitDir, "objects"), commit);
    if (tree === undefined) return unknown(`HEAD names ${commit.slice(0, 12)}, which is not a readable commit`);
    return { kind: "known", commit, tree, moved: true, ref: ref ?? null };
  } catch (thrown) {
    return unknown(oneLine(messageOf(thrown)));
  }
}

function unknown(message: string): WorkspaceHead {
  return { kind: "unknown", message };
}

async function readRef(gitDir: string, ref: string): Promise<string | undefined> {
  if (ref.split("/").some((part) => part === "" || part === "." || part === "..")) return undefined;
  const loose = await readSmallFile(gitDir, ref, maxRef).catch(() => undefined);
  if (loose !== undefined) return loose.trimEnd();
  const packed = await readSmallFile(gitDir, "packed-refs", maxPackedRefs).catch(() => "");
  const line = packed.split("\n").find((candidate) => candidate.endsWith(` ${ref}`));
  return line?.slice(0, -ref.length - 1);
}

/** Reads a regular file below `gitDir` that no link leads to; a fifo does not block. */
async function readSmallFile(gitDir: string, name: string, maxBytes: number): Promise<string> {
  const folder = join(await realpath(gitDir), dirname(name));
  if ((await realpath(folder)) !== folder) throw new Error(`${name} lies behind a link`);
  const handle = await open(join(gitDir, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || stat.size > maxBytes) throw new Error(`${name} is not a small file`);
    return await handle.readFile("latin1");
  } finally {
    await handle.close();
  }
}

async function readTree(baseline: Baseline, objects: string, commit: string): Promise<string | undefined> {
  const { stdout } = await runWorkspaceGit(baseline, {
    args: ["cat-file", "--batch-check=%(objectname)"],
    objectDirectories: [objects],
    stdin: `${commit}^{commit}\n${commit}^{tree}\n`,
    // A fifo among the objects would hold git for ever.
    timeoutMs: 20_000,
  });
  const [own, tree = ""] = new TextDecoder().decode(stdout).split("\n");
  return own === commit && /^[0-9a-f]+$/.test(tree) ? tree : undefined;
}
