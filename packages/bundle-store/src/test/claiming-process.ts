import fs from "node:fs";
import { openStore } from "../index.ts";
import { sampleClaim } from "./sample-approval.ts";

/** A process of its own that claims one approval as soon as the file `<home>/go` is there: `<home> <packet> <run id>`. Prints the answer. */
const [home = "", packet = "", runId = ""] = process.argv.slice(2);
const { approvals } = openStore({ home });
process.stdout.write("ready\n");
while (!fs.existsSync(`${home}/go`)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
process.stdout.write(`${approvals.claim(packet, sampleClaim(packet, runId))}\n`);
