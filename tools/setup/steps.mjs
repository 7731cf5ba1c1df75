// @ts-check
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** A step that could not be done: what failed, where its output is, what to do. */
export class SetupError extends Error {
  /**
   * @param {string} message what failed
   * @param {{advice: string, log?: string}} options
   */
  constructor(message, { advice, log }) {
    super(message);
    this.name = "SetupError";
    this.advice = advice;
    this.log = log;
  }
}

/**
 * Runs named steps one after another and says which one takes long and how each ended.
 * The first one that throws ends the series.
 * @param {readonly {readonly title: string, run(): string | Promise<string>}[]} steps each answers with what it did, in a few words
 * @param {(line: string) => void} say
 */
export async function runSteps(steps, say) {
  for (const [index, step] of steps.entries()) {
    const began = performance.now();
    const place = `[${index + 1}/${steps.length}] ${step.title}`;
    const notice = setTimeout(() => say(`${place} ...`), 300);
    const heartbeat = setInterval(() => say(`${place}: still at it after ${seconds(began)}`), 10_000);
    try {
      say(`${place}: ${await step.run()} (${seconds(began)})`);
    } finally {
      clearTimeout(notice);
      clearInterval(heartbeat);
    }
  }
}

/** @param {number} began a `performance.now()` */
function seconds(began) {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}

/**
 * Runs a command with its output in a log file.
 * Throws SetupError with the last lines of the log unless the command exits with 0.
 * @param {{name: string, argv: readonly [string, ...string[]], cwd: string, env: NodeJS.ProcessEnv, logs: string, advice: string}} options
 */
export async function runLogged({ name, argv, cwd, env, logs, advice }) {
  mkdirSync(logs, { recursive: true });
  const log = join(logs, `${name}.log`);
  const output = openSync(log, "w");
  const [command, ...args] = argv;
  try {
    const end = await new Promise((resolve) => {
      const child = spawn(command, args, { cwd, env, stdio: ["ignore", output, output] });
      child.once("error", (cause) => resolve(cause.message));
      child.once("exit", (code, signal) => resolve(signal === null ? `exit ${code}` : `signal ${signal}`));
    });
    if (end === "exit 0") return;
    throw new SetupError(`${argv.join(" ")}: ${end}\n${tail(log)}`, { advice, log: relative(cwd, log) });
  } finally {
    closeSync(output);
  }
}

/** @param {string} file */
function tail(file) {
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .slice(-25)
    .map((line) => `    ${line}`)
    .join("\n");
}
