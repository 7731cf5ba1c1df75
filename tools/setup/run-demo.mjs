// @ts-check
import { spawnSync } from "node:child_process";
import { canSandbox } from "./system-packages.mjs";

const unprotected =
  "NOTE: there is no working bubblewrap here, so this demo types --isolation none: nothing holds the engine but its good will.";

/**
 * Runs a built-in case, verifies its bundle and shows its report. Returns the exit code of the first command that fails, or 0.
 * @param {{root: string, node: string, cli: string, env: NodeJS.ProcessEnv, say: (line: string) => void}} options
 */
export function runDemo({ root, node, cli, env, say }) {
  const sandboxed = canSandbox();
  if (!sandboxed) say(`\n${unprotected}`);
  const commands = [
    ["run", "r1-string-slugify", ...(sandboxed ? [] : ["--isolation", "none"])],
    ["verify", "latest"],
    ["report", "latest"],
  ];
  for (const command of commands) {
    say(`\n$ cto ${command.join(" ")}`);
    const { status, signal, error } = spawnSync(node, [cli, ...command], { cwd: root, env, stdio: "inherit" });
    if (status === 0) continue;
    say(
      `\ncto ${command[0]} did not pass (${error?.message ?? signal ?? `exit ${status}`}). Run \`node apps/cli/dist/cto.js doctor\` to see what is missing.`,
    );
    return status ?? 1;
  }
  for (const line of nextSteps) say(line);
  if (!sandboxed) say(`\n${unprotected}`);
  return 0;
}

const nextSteps = [
  "",
  "Next:",
  "  node apps/cli/dist/cto.js cases list          the other built-in cases, most of them made to fail",
  "  node apps/cli/dist/cto.js cases run           all of them: expected beside seen",
  "  node apps/cli/dist/cto.js run task.yaml --target ../your-repo --stage 3",
  "                                                your own task; docs/guides/first-task.md shows how to write it",
];
