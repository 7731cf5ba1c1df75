import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CtoError, messageOf, systemCode } from "@cto/errors";
import type { Baseline } from "./workspace-contract.ts";
import { createWorkspaceError } from "./workspace-error.ts";

/** Makes a directory, or takes an empty one. Throws `WORKSPACE_DIRECTORY_IN_USE` or `WORKSPACE_WRITE_FAILED`. */
export async function makeEmptyDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    if ((await readdir(path)).length === 0) return;
  } catch (thrown) {
    if (systemCode(thrown) !== "EEXIST" && systemCode(thrown) !== "ENOTDIR") throw toWriteFailure(path, thrown);
  }
  throw createWorkspaceError("WORKSPACE_DIRECTORY_IN_USE", `${path} is there already and not an empty directory`, {
    hint: "Name a directory that does not exist.",
  });
}

/** A system error on writing, as this package's own. */
export function toWriteFailure(path: string, cause: unknown) {
  return createWorkspaceError("WORKSPACE_WRITE_FAILED", `cannot write ${path}: ${messageOf(cause)}`, {
    hint: "Check the free space and the permissions of the folder.",
    details: { system_code: systemCode(cause) ?? null },
    cause,
  });
}

/** Does some writing below `path`; a system error becomes `WORKSPACE_WRITE_FAILED`, a coded one is passed on. */
export async function writeBelow<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw CtoError.is(thrown) ? thrown : toWriteFailure(path, thrown);
  }
}

/** The smallest git directory that git accepts: no remote, hook, description or exclusion. Source: gitrepository-layout(5). */
export async function writeGitDirectory(
  gitDir: string,
  options: {
    readonly bare: boolean;
    readonly objectFormat: Baseline["objectFormat"];
    /** The bytes of the file `shallow`, or null. */
    readonly shallow: Uint8Array | null;
  },
): Promise<void> {
  await Promise.all(
    ["objects/pack", "objects/info", "refs/heads", "info"].map((name) =>
      mkdir(join(gitDir, name), { recursive: true }),
    ),
  );
  const files: [name: string, content: string | Uint8Array][] = [
    ["HEAD", "ref: refs/heads/main\n"],
    ["config", toConfigText(options)],
    ["info/exclude", ""],
  ];
  if (options.shallow !== null) files.push(["shallow", options.shallow]);
  await Promise.all(files.map(([name, content]) => writeFile(join(gitDir, name), content)));
}

function toConfigText({ bare, objectFormat }: { bare: boolean; objectFormat: Baseline["objectFormat"] }): string {
  const sha256 = objectFormat === "sha256";
  return [
    "[core]",
    `\trepositoryformatversion = ${sha256 ? 1 : 0}`,
    "\tfilemode = true",
    `\tbare = ${bare}`,
    `\tlogallrefupdates = ${!bare}`,
    // Otherwise an engine's git leaves a process behind that packs objects.
    "[gc]",
    "\tauto = 0",
    ...(sha256 ? ["[extensions]", "\tobjectformat = sha256"] : []),
    "",
  ].join("\n");
}
