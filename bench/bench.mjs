#!/usr/bin/env node
// @ts-check
// `pnpm bench [NAME...]`: measures against a baseline in the same run, prints ratios, and fails if one is over its bar.
import { availableParallelism, release } from "node:os";
import { benchGateDecision } from "./gate-decision.mjs";
import { benchGitState } from "./git-state.mjs";
import { benchGovernedRun } from "./governed-run.mjs";
import { benchLadder } from "./ladder.mjs";
import { benchMemory } from "./memory.mjs";
import { benchVerifyAll } from "./verify-all.mjs";
import { benchVersion } from "./version.mjs";

/** @type {Record<string, () => Promise<boolean>>} */
const benches = {
  version: benchVersion,
  "governed-run": benchGovernedRun,
  "gate-decision": benchGateDecision,
  "git-state": benchGitState,
  ladder: benchLadder,
  memory: benchMemory,
  "verify-all": benchVerifyAll,
};

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(benches);
const unknown = names.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}`);
  process.exit(2);
}

console.log(
  `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, Linux ${release()}, ${availableParallelism()} cores`,
);
let within = true;
for (const name of names) {
  within = ((await benches[name]?.()) ?? false) && within;
}
process.exitCode = within ? 0 : 1;
