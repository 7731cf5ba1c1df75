import { oneLine } from "@cto/errors";
import { readGitFile } from "./read-git-file.ts";

const maxBytes = 1024 * 1024;

/**
 * Names of the remotes that `.git/config` of a work tree defines, made safe to show. Empty for a missing file and for one that cannot be told: that is seen
 * as a change of the file itself. Text only, nothing of it is followed. Source: git-config(1), CONFIGURATION FILE.
 */
export async function readRemotes(workspaceDirectory: string): Promise<readonly string[]> {
  const text = await readGitFile(workspaceDirectory, "config", maxBytes).catch(() => "");
  const names = [...text.matchAll(/^[\t ]*\[[\t ]*remote(?:[\t ]+"((?:[^"\\\n]|\\.)*)"|\.([^\]\s]+))[\t ]*\]/gim)];
  return [...new Set(names.map(([, quoted, dotted]) => oneLine(quoted ?? dotted ?? "", 80)))];
}
