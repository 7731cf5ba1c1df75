import { createBubblewrapSandbox } from "../index.ts";

// A harness of its own, to be killed: `node driver.ts <workspace> <argv...>`. Says `begin` before the start, passes output on.
const [, , workspace = "", command = "", ...args] = process.argv;
const sandbox = createBubblewrapSandbox({ toolchains: [] });
await sandbox.probe();
process.stdout.write("begin\n");
const result = await sandbox.run({
  argv: [command, ...args],
  workspace,
  mounts: [],
  env: {},
  stdin: null,
  onStdout: (chunk) => void process.stdout.write(chunk),
  onStderr: (chunk) => void process.stderr.write(chunk),
  signal: new AbortController().signal,
  timeoutMs: 600_000,
  graceMs: 1_000,
});
process.stdout.write(`${JSON.stringify(result.end)}\n`);
