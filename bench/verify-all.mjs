// @ts-check
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { compare, timeCommand } from "./measure.mjs";
import { env, findCli, node, withFolder } from "./place.mjs";

const run = promisify(execFile);

/**
 * `verify --all` over 1,000 bundles against `sha256sum` of the same files. The bundles are real: each is a run of its own.
 * CTO_BENCH_BUNDLES sets another number.
 */
export function benchVerifyAll() {
  const count = Number(process.env.CTO_BENCH_BUNDLES ?? "1000");
  return withFolder(async (home) => {
    const cli = findCli();
    await makeBundles(cli, home, count);
    const digests = "find . -type f -print0 | xargs -0 sha256sum";
    return compare({
      name: `cto verify --all, ${count} bundles`,
      subject: () => timeCommand([node, cli, "verify", "--all", "--json"], { cwd: home, env }),
      baselineName: "sha256sum",
      baseline: () => timeCommand(["sh", "-c", digests], { cwd: join(home, ".cto", "runs"), env }),
      rounds: 7,
      bar: 2,
      aim: 1.5,
    });
  });
}

/**
 * Two at a time, without isolation: what a bundle holds does not depend on it. Runs the whole program each time, a few minutes in all.
 * @param {string} cli @param {string} home @param {number} count
 */
async function makeBundles(cli, home, count) {
  let begun = 0;
  const worker = async () => {
    while (begun < count) {
      begun += 1;
      if (begun % 100 === 0) console.error(`     making bundles: ${begun} of ${count}`);
      await run(node, [cli, "run", "r1-string-slugify", "--isolation", "none", "--json"], { cwd: home, env });
    }
  };
  await Promise.all([worker(), worker()]);
}
