import { rm } from "node:fs/promises";
import { oneLine } from "@cto/errors";
import { runProcess } from "@cto/exec";
import { toWriteFailure } from "./git-directory.ts";

/**
 * Removes a directory with all that an engine may have left in it: also paths longer than the system takes in one call, and folders
 * without permissions. Links are removed, not followed. Nothing there is fine. Throws `WORKSPACE_WRITE_FAILED` if something stays.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 2 });
  } catch {
    // `rm` and `chmod -R` walk by directory descriptors, which Node does not offer.
    await runSystem(["chmod", "-R", "u+rwX", "--", path], path, false);
    await runSystem(["rm", "-rf", "--", path], path, true);
  }
}

async function runSystem(argv: readonly [string, ...string[]], path: string, required: boolean): Promise<void> {
  const env = { PATH: "/usr/bin:/bin", LC_ALL: "C" };
  const { outcome, stderr } = await runProcess({ argv, cwd: "/", env, timeoutMs: 600_000, graceMs: 1_000 });
  if (!required || (outcome.kind === "exited" && outcome.code === 0)) return;
  throw toWriteFailure(path, new Error(oneLine(new TextDecoder().decode(stderr)) || `${argv[0]}: ${outcome.kind}`));
}
