// @ts-check
import { compare, timeCommand } from "./measure.mjs";
import { env, findCli, node } from "./place.mjs";

/** The start of the program against the start of its interpreter. */
export function benchVersion() {
  const cli = findCli();
  return compare({
    name: "cto --version",
    subject: () => timeCommand([node, cli, "--version"], { env }),
    baselineName: "node -e 0",
    baseline: () => timeCommand([node, "-e", "0"], { env }),
    rounds: 41,
    bar: 1.5,
  });
}
