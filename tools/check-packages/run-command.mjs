// @ts-check
import { spawnSync } from "node:child_process";

/**
 * Runs a command to its end. Returns undefined if it exits with 0, else how it ended with the end of its output.
 * @param {string} command @param {readonly string[]} args @param {string} cwd
 * @returns {string | undefined}
 */
export function problemOf(command, args, cwd) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    timeout: 300_000,
  });
  if (status === 0) return undefined;
  const output = `${stdout}${stderr}`.trimEnd().split("\n").slice(-30).join("\n");
  return `${[command, ...args].join(" ")}: ${error?.message ?? signal ?? `exit ${status}`}\n${output}`;
}

/**
 * The standard output of a command. Throws if it does not exit with 0.
 * @param {string} command @param {readonly string[]} args @param {string} cwd
 */
export function outputOf(command, args, cwd) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0)
    throw new Error(`${[command, ...args].join(" ")}: ${error?.message ?? `exit ${status}`}\n${stdout}${stderr}`);
  return stdout;
}
