import { openStore } from "@cto/bundle-store";
import { decideOutcome } from "../../index.ts";

/** A process of its own that decides about one run, to be killed or raced: `<home> <target> <run id> <accepted|rejected>`. Prints `ready`, then the decision. */
const [home = "", targetDirectory = "", runId = "", word = ""] = process.argv.slice(2);
const store = openStore({ home });
const signer = store.keys.openSigner("ann");
const outcome = word === "rejected" ? "rejected" : "accepted";
process.stdout.write("ready\n");
const now = new Date();
const decision = await decideOutcome({ runId, outcome, reason: null, signer, store, targetDirectory, now });
process.stdout.write(`${JSON.stringify(decision)}\n`);
