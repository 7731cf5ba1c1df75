import { CtoError } from "@cto/errors";
import { openStore } from "../index.ts";
import { startSampleRun } from "./sample-run.ts";

/** Tries to start one run and prints the error as JSON: `<home>`. */
const [home = ""] = process.argv.slice(2);
try {
  await startSampleRun(openStore({ home }), "late");
} catch (error) {
  if (!CtoError.is(error)) throw error;
  const { code, message, hint, details } = error;
  process.stdout.write(JSON.stringify({ code, message, hint, details }));
}
