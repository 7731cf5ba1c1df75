#!/usr/bin/env node
// @ts-check
// Sets this repository up on a machine with git and Node >= 20 and nothing else, then does what was asked.
import { mkdirSync } from "node:fs";
import { buildCli, checkNode, installPackages, installPnpm } from "./install.mjs";
import { projectEnv, readPins, repository } from "./layout.mjs";
import { withLock } from "./lock.mjs";
import { runDemo } from "./run-demo.mjs";
import { runTests } from "./run-tests.mjs";
import { runSteps, SetupError } from "./steps.mjs";
import { installSystemPackages } from "./system-packages.mjs";

const usage = `usage: node tools/setup/setup.mjs demo|test|prepare
  demo     set up, then run a built-in case, verify it and show its report
  test     set up, then run the fast tests; further arguments go to the test runner
  prepare  set up only`;

const say = (/** @type {string} */ line) => console.log(line);

async function prepare() {
  mkdirSync(repository.logs, { recursive: true });
  await withLock(repository.lock, say, () =>
    runSteps(
      [
        { title: "system packages", run: () => installSystemPackages(repository, (line) => say(`      ${line}`)) },
        { title: "pnpm", run: () => installPnpm(repository) },
        { title: "packages", run: () => installPackages(repository) },
        { title: "Node", run: () => checkNode(repository.node, readPins().node) },
        { title: "cto", run: () => buildCli(repository) },
      ],
      say,
    ),
  );
}

/** @param {readonly string[]} args */
async function main([command, ...rest]) {
  if (command !== "demo" && command !== "test" && command !== "prepare") {
    console.error(usage);
    return 2;
  }
  if (Number(process.versions.node.split(".")[0]) < 20) {
    console.error(`Node ${process.versions.node} is too old: setting up needs Node 20 or newer.`);
    return 2;
  }
  try {
    await prepare();
  } catch (thrown) {
    if (!(thrown instanceof SetupError)) throw thrown;
    console.error(`\nset-up failed: ${thrown.message}`);
    if (thrown.log !== undefined) console.error(`the whole output: ${thrown.log}`);
    console.error(thrown.advice);
    return 1;
  }
  const program = { root: repository.root, node: repository.node, env: projectEnv(repository), say };
  if (command === "demo") return runDemo({ ...program, cli: repository.cli });
  if (command === "test") return runTests({ ...program, logs: repository.logs, project: "fast", args: rest });
  return 0;
}

// Whoever read the output has gone (`npm run demo | head`): there is nobody left to tell.
process.stdout.on("error", () => process.exit(1));
process.exitCode = await main(process.argv.slice(2));
