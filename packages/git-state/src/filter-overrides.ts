import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runGit } from "./run-git.ts";

/**
 * Configuration that switches off every filter driver which the repository's own configuration names: attributes together with such a
 * driver make `git status` start processes. Nothing is started for the usual configuration, that has neither filters nor includes.
 */
export async function readFilterOverrides(directory: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(join(directory, ".git", "config"), "latin1").catch(() => undefined);
  if (text !== undefined && !/filter|include|worktreeconfig/i.test(text)) return {};
  const { stdout } = await runGit({
    args: ["config", "-z", "--name-only", "--get-regexp", "^filter\\."],
    place: { kind: "directory", path: directory },
    // 1: none found. 128: no repository; whoever asked finds out.
    exitCodes: [0, 1, 128],
  });
  const overrides: Record<string, string> = {};
  for (const key of new TextDecoder().decode(stdout).split("\0")) {
    const driver = key.slice(0, key.lastIndexOf("."));
    if (!driver.startsWith("filter.")) continue;
    overrides[`${driver}.clean`] = "";
    overrides[`${driver}.smudge`] = "";
    overrides[`${driver}.process`] = "";
    overrides[`${driver}.required`] = "false";
  }
  return overrides;
}
