#!/usr/bin/env node
// The entry stays tiny: `cto --version` must not pay for what `cto run` needs.
const [first, ...rest] = process.argv.slice(2);
if (rest.length === 0 && (first === "--version" || first === "-V")) {
  process.stdout.write(`${__CTO_VERSION__}\n`);
} else {
  const { main } = await import("./main.ts");
  process.exitCode = await main(process.argv.slice(2));
}
