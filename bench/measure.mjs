// @ts-check
import { spawnSync } from "node:child_process";

/** @typedef {() => number | Promise<number>} Timed does the work once and answers with its milliseconds */

/**
 * Times one command from its start to its end, its output thrown away. Throws if it does not exit with 0.
 * @param {readonly [string, ...string[]]} argv @param {{cwd?: string, env?: NodeJS.ProcessEnv}} [options]
 */
export function timeCommand([command, ...args], options = {}) {
  const began = performance.now();
  const { status, signal, error, stderr } = spawnSync(command, args, {
    ...options,
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  const took = performance.now() - began;
  if (status !== 0)
    throw new Error(`${[command, ...args].join(" ")}: ${error?.message ?? signal ?? `exit ${status}`}\n${stderr}`);
  return took;
}

/** @param {readonly number[]} values at least one */
export function medianOf(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * Runs subject and baseline by turns, after one run of each that does not count, and compares the medians.
 * Prints one line; answers true if the ratio is within the bar.
 * @param {{name: string, subject: Timed, baseline: Timed, baselineName: string, rounds: number, bar: number, aim?: number}} options
 */
export async function compare({ name, subject, baseline, baselineName, rounds, bar, aim }) {
  await subject();
  await baseline();
  const subjects = [];
  const baselines = [];
  for (let round = 0; round < rounds; round += 1) {
    subjects.push(await subject());
    baselines.push(await baseline());
  }
  const [ours, theirs] = [medianOf(subjects), medianOf(baselines)];
  const ratio = ours / theirs;
  const goal = aim === undefined ? "" : `, aim ${aim}`;
  console.log(
    `${ratio <= bar ? "ok  " : "OVER"} ${name}: ${ours.toFixed(1)} ms, ${baselineName}: ${theirs.toFixed(1)} ms, ` +
      `ratio ${ratio.toFixed(2)} (bar ${bar}${goal}; medians of ${rounds})`,
  );
  return ratio <= bar;
}
