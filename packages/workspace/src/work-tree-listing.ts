import { posix } from "node:path";
import { createRecordSplitter } from "@cto/git-state";
import { toLatin1Path } from "./disk-path.ts";
import type { Baseline, Checkout, Snapshot } from "./workspace-contract.ts";
import { runWorkspaceGit, type WorkspaceGitRequest } from "./workspace-git.ts";

/** What a work tree holds beside the index. Paths as latin1 text, one character for each byte. */
export interface WorkTreeListing {
  /** Tracked, and changed or gone. A path can stand twice. */
  readonly changed: readonly string[];
  /** Gitlinks of the index; git looked at none. */
  readonly submodules: readonly string[];
  /** Files, links and whole nested repositories that are not tracked and not ignored. */
  readonly untracked: readonly string[];
  /** Files, links and whole nested repositories that are not tracked and ignored. */
  readonly ignored: readonly string[];
}

/** A listing of a million files takes seconds. */
const listingMs = 120_000;

/**
 * Lists a work tree without letting git walk it: git compares what it tracks and answers which names it ignores, the rest comes from the
 * snapshot. A walk would look into every nested repository that an engine made: HEAD, refs and `commondir` can be links to `/dev/zero`.
 */
export async function listWorkTree(
  baseline: Baseline,
  checkout: Checkout,
  snapshot: Snapshot,
  signal: AbortSignal | undefined,
): Promise<WorkTreeListing> {
  const index = await readIndex(baseline, checkout, signal);
  const candidates = listUntracked(snapshot, index);
  const ignored = hasIgnoreRules(snapshot)
    ? await readIgnored(baseline, checkout, candidates, signal)
    : new Set<string>();
  return {
    changed: index.changed,
    submodules: index.submodules,
    untracked: candidates.filter((path) => !ignored.has(path)),
    ignored: candidates.filter((path) => ignored.has(path)),
  };
}

interface IndexListing {
  readonly tracked: ReadonlySet<string>;
  readonly changed: readonly string[];
  readonly submodules: readonly string[];
}

/** The tags are `H` tracked, `S` not to be looked at (`markSubmodules`), `C` changed, `R` gone. Source: git-ls-files(1), `-t`. */
async function readIndex(
  baseline: Baseline,
  checkout: Checkout,
  signal: AbortSignal | undefined,
): Promise<IndexListing> {
  const byTag = { H: [] as string[], S: [] as string[], C: [] as string[], R: [] as string[] };
  const args = ["ls-files", "-z", "-t", "--cached", "--modified", "--deleted"] as const;
  await readRecords(baseline, checkout, { args, signal }, (record) => {
    const tag = record[0];
    if (tag === "H" || tag === "S" || tag === "C" || tag === "R") byTag[tag].push(record.slice(2));
  });
  return { tracked: new Set([...byTag.H, ...byTag.S]), changed: [...byTag.C, ...byTag.R], submodules: byTag.S };
}

/**
 * Which of the paths, none of them tracked, git ignores. `./` keeps a name like `:(top)x` a name: this command refuses literal pathspecs.
 * Without `--no-index` it goes through the whole index once for each path.
 */
async function readIgnored(
  baseline: Baseline,
  checkout: Checkout,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const ignored = new Set<string>();
  if (paths.length === 0) return ignored;
  const args = ["--no-literal-pathspecs", "check-ignore", "--no-index", "-z", "--stdin"] as const;
  const stdin = Buffer.from(paths.map((path) => `./${path}\0`).join(""), "latin1");
  await readRecords(baseline, checkout, { args, stdin, signal, exitCodes: [0, 1] }, (record) => {
    ignored.add(record.slice(2));
  });
  return ignored;
}

async function readRecords(
  baseline: Baseline,
  checkout: Checkout,
  request: Omit<WorkspaceGitRequest, "workTree" | "indexFile" | "onStdout" | "timeoutMs">,
  onRecord: (latin1: string) => void,
): Promise<void> {
  const splitter = createRecordSplitter((record) => onRecord(Buffer.from(record).toString("latin1")));
  await runWorkspaceGit(baseline, {
    ...request,
    workTree: checkout.directory,
    indexFile: checkout.index,
    onStdout: (chunk) => splitter.push(chunk),
    timeoutMs: listingMs,
  });
  splitter.end();
}

/** Without a `.gitignore` nothing is ignored: the private repository has no other rules, and the machine's are switched off. */
function hasIgnoreRules(snapshot: Snapshot): boolean {
  for (const path of snapshot.byPath.keys()) if (/(?:^|[/"])\.gitignore"?$/.test(path)) return true;
  return false;
}

/** What `git ls-files --others` would find, but without it: nothing below a submodule, and of a nested repository only its folder. */
function listUntracked(snapshot: Snapshot, { tracked, submodules }: IndexListing): string[] {
  const nested = findNestedRepositories(snapshot, tracked);
  const closed = new Set([...nested, ...submodules]);
  const found: string[] = [];
  for (const { path: text, kind } of snapshot.byPath.values()) {
    const path = toLatin1Path(text);
    const counts = kind === "file" || kind === "symlink" || (kind === "directory" && nested.has(path));
    if (counts && !tracked.has(path) && !isInGitDirectory(path) && !isBelow(path, closed)) found.push(path);
  }
  return found;
}

/** Folders that hold something called `.git` and no tracked file. Whether git could use it is for nobody to find out by reading it. */
function findNestedRepositories(snapshot: Snapshot, tracked: ReadonlySet<string>): ReadonlySet<string> {
  const nested = new Set<string>();
  for (const text of snapshot.byPath.keys()) {
    if (!/\/\.git"?$/.test(text)) continue;
    const path = toLatin1Path(text);
    if (posix.basename(path) === ".git" && !isInGitDirectory(posix.dirname(path))) nested.add(posix.dirname(path));
  }
  if (nested.size === 0) return nested;
  for (const path of tracked) for (const folder of foldersAbove(path)) nested.delete(folder);
  return nested;
}

function isInGitDirectory(path: string): boolean {
  return path.includes(".git") && path.split("/").includes(".git");
}

function isBelow(path: string, folders: ReadonlySet<string>): boolean {
  return folders.size > 0 && foldersAbove(path).some((folder) => folders.has(folder));
}

function foldersAbove(path: string): readonly string[] {
  const found: string[] = [];
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) found.push(path.slice(0, at));
  return found;
}
