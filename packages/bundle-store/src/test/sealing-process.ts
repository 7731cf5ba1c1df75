import { openStore } from "../index.ts";
import { sealSampleRun } from "./sample-run.ts";

/** A process of its own that seals runs one after another: `<home> <prefix> <count>`. Prints the id of each sealed run. */
const [home = "", prefix = "", count = "1"] = process.argv.slice(2);
const store = openStore({ home });
for (let number = 0; number < Number(count); number += 1) {
  await sealSampleRun(store, `${prefix}-${number}`);
  process.stdout.write(`${prefix}-${number}\n`);
}
