// @ts-check
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { medianOf, timeCommand } from "./measure.mjs";
import { env, findCli, node, withFolder } from "./place.mjs";
import { writeSealedCopies } from "./sealed-copies.mjs";

const failureCases = ["no-diff", "disallowed-file", "failed-tests", "missing-test-command", "missing-event"];
const rounds = 9;
const barMs = 1000;

/**
 * `cto ladder` over 1,000 bundles with a warm index, against the same with a cold one: under a second, and the same answer. The first seven come from real
 * runs that prove stage 2, the rest are these under other run ids, sealed by the store. CTO_BENCH_BUNDLES sets another number.
 */
export function benchLadder() {
  const count = Number(process.env.CTO_BENCH_BUNDLES ?? "1000");
  return withFolder(async (home) => {
    const argv = /** @type {const} */ ([node, findCli(), "ladder", "--json"]);
    const index = join(home, ".cto", "index", "ladder.json");
    const run = (/** @type {string[]} */ ...args) =>
      spawnSync(node, [findCli(), "run", ...args, "--json"], { cwd: home, env });
    run("r1-string-slugify", "--stage", "1");
    for (const name of failureCases) run(`failure-${name}`);
    run("r1-string-slugify");
    await writeSealedCopies(home, count - failureCases.length - 2);
    // Bundles that changed within the last two seconds are not kept.
    await setTimeout(2_100);
    const cold = answerOf(argv, home);
    checkAnswer(cold);
    if (answerOf(argv, home) !== cold) throw new Error("a warm index gives another answer than a cold one");
    const times = { cold: /** @type {number[]} */ ([]), warm: /** @type {number[]} */ ([]) };
    for (let round = 0; round < rounds; round += 1) {
      times.warm.push(timeCommand(argv, { cwd: home, env }));
      rmSync(index);
      times.cold.push(timeCommand(argv, { cwd: home, env }));
    }
    const [warm, slow] = [medianOf(times.warm), medianOf(times.cold)];
    console.log(
      `${warm <= barMs ? "ok  " : "OVER"} cto ladder, ${count} bundles, warm index: ${warm.toFixed(1)} ms (bar ${barMs}), ` +
        `cold, same answer: ${slow.toFixed(1)} ms, ratio ${(warm / slow).toFixed(2)} (medians of ${rounds})`,
    );
    return warm <= barMs;
  });
}

/** @param {readonly [string, ...string[]]} argv @param {string} cwd */
function answerOf([command, ...args], cwd) {
  return spawnSync(command, args, { cwd, env, encoding: "utf8", maxBuffer: 2 ** 30 }).stdout;
}

/** Bundles that count for nobody would make the program look fast. @param {string} answer */
function checkAnswer(answer) {
  const { items, left_out } = JSON.parse(answer);
  if (items[0]?.proven_stage !== 2 || left_out.length > 0)
    throw new Error(`stage ${items[0]?.proven_stage} is proven, ${left_out.length} bundles are left out`);
}
