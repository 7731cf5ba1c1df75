#!/usr/bin/env node
import * as nodeModule from "node:module";
import { homedir } from "node:os";
import { createOutput } from "./output.ts";

/** The entry stays tiny: `cto --version` must not pay for what `cto run` needs. False if standard output refuses it. */
async function printVersion(): Promise<boolean> {
  const out = createOutput(process.stdout);
  out.write(`${__CTO_VERSION__}\n`);
  return (await out.settled()) === null;
}

const [first, ...rest] = process.argv.slice(2);
const isVersion = rest.length === 0 && (first === "--version" || first === "-V");
if (!(isVersion && (await printVersion()))) {
  // Compiled code is kept in the user's own cache, never in a shared temporary folder where somebody else could put other code.
  const cache = process.env.XDG_CACHE_HOME || (homedir() === "/" ? "" : `${homedir()}/.cache`);
  if (cache.startsWith("/") && "enableCompileCache" in nodeModule)
    nodeModule.enableCompileCache(`${cache}/cto/compile`);
  const { main } = await import("./main.ts");
  process.exitCode = await main(process.argv.slice(2));
}
