// @ts-check
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compare, timeCommand } from "./measure.mjs";
import { env, findCase, findCli, node, withFolder } from "./place.mjs";

const id = "r1-string-slugify";

/** One whole governed run, sandbox included, against the same work by hand: the same change, the same verification, the same Node. */
export function benchGovernedRun() {
  return withFolder((home) => {
    const argv = /** @type {const} */ ([node, findCli(), "run", id, "--json"]);
    const { run_dir } = JSON.parse(
      execFileSync(argv[0], argv.slice(1), {
        cwd: home,
        env,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }),
    );
    const report = JSON.parse(readFileSync(join(home, run_dir, "report.json"), "utf8"));
    const floor = fileURLToPath(new URL("./floor.sh", import.meta.url));
    const byHand = [
      "sh",
      floor,
      join(findCase(id), "fixture"),
      join(home, run_dir, "patch.diff"),
      ...report.verification[0].command,
    ];
    return compare({
      name: `cto run ${id} --json`,
      subject: () => timeCommand(argv, { cwd: home, env }),
      baselineName: "by hand",
      baseline: () => timeCommand(/** @type {[string, ...string[]]} */ (byHand), { cwd: home, env }),
      rounds: 15,
      bar: 2,
      aim: 1.5,
    });
  });
}
