// @ts-check
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { compare, timeCommand } from "./measure.mjs";
import { env, findCli, node, withFolder } from "./place.mjs";
import { writeSealedCopies } from "./sealed-copies.mjs";

const realRuns = 8;

/**
 * `verify --all` over 1,000 bundles against `sha256sum` of the same files. The first eight come from real runs, the rest are these under other
 * run ids, sealed by the store. CTO_BENCH_BUNDLES sets another number.
 */
export function benchVerifyAll() {
  const count = Number(process.env.CTO_BENCH_BUNDLES ?? "1000");
  return withFolder(async (home) => {
    const cli = findCli();
    const runs = Math.min(count, realRuns);
    for (let made = 0; made < runs; made += 1)
      timeCommand([node, cli, "run", "r1-string-slugify", "--isolation", "none", "--json"], { cwd: home, env });
    await writeSealedCopies(home, count - runs);
    checkBundles(cli, home, count);
    const digests = "find . -type f -print0 | xargs -0 sha256sum";
    return compare({
      name: `cto verify --all, ${count} bundles`,
      subject: () => timeCommand([node, cli, "verify", "--all", "--json"], { cwd: home, env }),
      baselineName: "sha256sum",
      baseline: () => timeCommand(["sh", "-c", digests], { cwd: join(home, ".cto", "runs"), env }),
      rounds: 15,
      bar: 2,
      aim: 1.5,
    });
  });
}

/** A bundle that is refused early would make the program look fast. @param {string} cli @param {string} home @param {number} count */
function checkBundles(cli, home, count) {
  const options = { cwd: home, env, encoding: /** @type {const} */ ("utf8"), maxBuffer: 2 ** 30 };
  const { results } = JSON.parse(spawnSync(node, [cli, "verify", "--all", "--json"], options).stdout);
  const passed = results.filter(
    (/** @type {{verdict: string, status: string}} */ { verdict, status }) =>
      verdict === "unsigned" && status === "pass",
  );
  const ids = new Set(passed.map((/** @type {{run_id: string}} */ result) => result.run_id));
  if (ids.size !== count) throw new Error(`${ids.size} of ${count} bundles are sound and distinct`);
}
