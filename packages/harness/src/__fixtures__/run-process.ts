import { openStore } from "@cto/bundle-store";
import { type GivenOptions, runGiven } from "./governed-run.ts";

/** A run in a process of its own, to be killed: `<task folder> <home> <options as JSON>`. */
const [folder = "", home = "", options = "{}"] = process.argv.slice(2);
await runGiven(folder, openStore({ home }), JSON.parse(options) as GivenOptions);
