import { openStore } from "../index.ts";
import { sampleOutcomeFiles, sampleOutcomeRun } from "./sample-outcome.ts";

/**
 * A process of its own that prepares and discards a decision over and over, to be killed at any moment: `<home> <run id> <key>`. Prints `ready`
 * once it holds the lock.
 */
const [home = "", runId = "", key = ""] = process.argv.slice(2);
const store = openStore({ home });
const run = sampleOutcomeRun(runId);
await store.outcomes.decide(runId, async (draft) => {
  process.stdout.write("ready\n");
  for (let turn = 0; turn < 10_000; turn += 1) {
    await draft.prepare(sampleOutcomeFiles(run, store.keys.openSigner(key)));
    await draft.discard();
  }
});
