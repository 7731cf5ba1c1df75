import { readFile, realpath, stat } from "node:fs/promises";
import { posix, sep } from "node:path";
import { CtoError, messageOf } from "@cto/errors";
import { fromPathText } from "@cto/evidence-interface";
import { toDiskPath, toLatin1Path } from "./disk-path.ts";
import { takeSnapshot } from "./take-snapshot.ts";
import type { Snapshot, SnapshotEntry } from "./workspace-contract.ts";
import { createWorkspaceError, type WorkspaceErrorCode } from "./workspace-error.ts";
import { runWorkspaceGit } from "./workspace-git.ts";

const maxBytes = 256 * 1024 * 1024;
const newline = Buffer.from("\n");
/** 2000-01-01: a commit that depends on nothing but the files. */
const identity = "cto <cto@cto.invalid> 946684800 +0000";

/**
 * Writes all files of a folder, ignored ones too, as one commit on `main` of the git directory. The same files give the same commit id
 * everywhere. Throws `WORKSPACE_FIXTURE_MISSING`, `WORKSPACE_FIXTURE_INVALID` (a repository inside, a special file, a link that leaves
 * the folder), `WORKSPACE_FIXTURE_TOO_LARGE` (256 MiB).
 */
export async function commitFixture(
  from: string,
  gitDir: string,
  signal: AbortSignal | undefined,
): Promise<{ commit: string; tree: string }> {
  const root = await findFolder(from);
  const { byPath } = await takeFixtureSnapshot(root, signal);
  const entries = [...byPath.values()].filter((entry) => entry.kind !== "directory");
  for (const entry of byPath.values()) await requireStorable(root, entry);
  const header = `commit refs/heads/main\nmark :1\ncommitter ${identity}\ndata 9\nBaseline\n\n`;
  const stream: Uint8Array[] = [Buffer.from(header)];
  for (const entry of entries) {
    const content = await readContent(root, entry);
    stream.push(Buffer.from(`M ${toGitMode(entry)} inline ${entry.path}\ndata ${content.length}\n`), content, newline);
  }
  stream.push(Buffer.from('get-mark :1\nls :1 ""\ndone\n'));
  const { stdout } = await runWorkspaceGit(
    { gitDir },
    {
      args: ["-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", "--done"],
      stdin: Buffer.concat(stream),
      signal,
    },
  );
  return parseAnswer(new TextDecoder().decode(stdout));
}

async function takeFixtureSnapshot(root: string, signal: AbortSignal | undefined): Promise<Snapshot> {
  try {
    return await takeSnapshot(root, { maxBytes, signal });
  } catch (thrown) {
    if (!CtoError.is(thrown) || thrown.code !== ("WORKSPACE_TOO_LARGE" satisfies WorkspaceErrorCode)) throw thrown;
    throw createWorkspaceError("WORKSPACE_FIXTURE_TOO_LARGE", `${root} holds more than 256 MiB`, {
      hint: "Put large inputs under git and run the task on the repository instead.",
      cause: thrown,
    });
  }
}

/** `<commit>\n040000 tree <tree>\t\n`. Source: git-fast-import(1), "Responses To Commands". */
function parseAnswer(answer: string): { commit: string; tree: string } {
  const [, commit, tree] = /^([0-9a-f]{40})\n040000 tree ([0-9a-f]{40})\t/.exec(answer) ?? [];
  if (commit !== undefined && tree !== undefined) return { commit, tree };
  throw createWorkspaceError("WORKSPACE_WRITE_FAILED", "git fast-import did not name the commit that it wrote", {
    hint: "Check the version of git; 2.39 and later are known to work.",
    details: { answer },
  });
}

async function findFolder(from: string): Promise<string> {
  try {
    const root = await realpath(from);
    if ((await stat(root)).isDirectory()) return root;
  } catch (thrown) {
    throw createWorkspaceError("WORKSPACE_FIXTURE_MISSING", `cannot read the fixture ${from}: ${messageOf(thrown)}`, {
      hint: "A case folder needs a folder `fixture` beside its task file.",
      cause: thrown,
    });
  }
  throw createWorkspaceError("WORKSPACE_FIXTURE_MISSING", `the fixture ${from} is not a folder`, {
    hint: "A case folder needs a folder `fixture` beside its task file.",
  });
}

async function requireStorable(root: string, entry: SnapshotEntry): Promise<void> {
  const name = posix.basename(entry.path).replace(/"$/, "");
  if (name.toLowerCase() === ".git") throw invalid(entry, "is a git repository", "Remove it, or run on the original.");
  if (entry.kind === "other") throw invalid(entry, "is neither file, folder nor link", "Remove it from the fixture.");
  if (entry.kind === "symlink" && (await leaves(root, entry))) {
    throw invalid(entry, "is a link that leaves the fixture", "Make the link relative and keep it inside the fixture.");
  }
}

function invalid(entry: SnapshotEntry, what: string, hint: string) {
  return createWorkspaceError("WORKSPACE_FIXTURE_INVALID", `${entry.path} ${what}`, {
    hint,
    details: { path: entry.path },
  });
}

/** By its words, and where it leads to something also by the file system: a chain of links can leave though each one's words do not. */
async function leaves(root: string, entry: SnapshotEntry): Promise<boolean> {
  const target = toLatin1Path(entry.symlinkTarget ?? "/");
  const lexical = posix.join(posix.dirname(toLatin1Path(entry.path)), target);
  if (posix.isAbsolute(target) || lexical === ".." || lexical.startsWith("../")) return true;
  const real = await realpath(toDiskPath(root, entry.path), { encoding: "buffer" }).catch(() => undefined);
  return (
    real !== undefined &&
    !`${real.toString("latin1")}${sep}`.startsWith(`${Buffer.from(root).toString("latin1")}${sep}`)
  );
}

async function readContent(root: string, entry: SnapshotEntry): Promise<Uint8Array> {
  if (entry.kind === "symlink") return fromPathText(entry.symlinkTarget ?? "") ?? new Uint8Array();
  return readFile(toDiskPath(root, entry.path));
}

/** Git keeps one bit of a mode: whether the owner may execute. */
function toGitMode(entry: SnapshotEntry): string {
  if (entry.kind === "symlink") return "120000";
  return (entry.mode & 0o100) === 0 ? "100644" : "100755";
}
