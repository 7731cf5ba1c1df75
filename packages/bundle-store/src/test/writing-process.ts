import { SCHEMAS } from "@cto/evidence-interface";
import { openStore } from "../index.ts";
import { appendSampleEvents, appendSampleLogs, startSampleRun, writeSampleFiles } from "./sample-run.ts";

/** A process of its own that writes one run and prints a line after each step, to be killed at any of them: `<home> <run id>`. */
const [home = "", runId = ""] = process.argv.slice(2);
const say = (step: string): void => void process.stdout.write(`${step}\n`);
const trace = (part: number): string => {
  const entry = { action: "sample", at: "2026-11-20T06:01:02.000Z", duration_ms: part, outcome: "ok", data: {} };
  return `${JSON.stringify({ schema: SCHEMAS.trace, ...entry })}\n`;
};
const store = openStore({ home });
say("ready");
const writer = await startSampleRun(store, runId);
say("started");
appendSampleLogs(writer);
const log = writer.openLog("backend/engine.stdout.log");
for (let part = 0; part < 20; part += 1) {
  log.write(Buffer.from("output ".repeat(200)));
  writer.appendTrace(trace(part));
}
log.close();
const seal = appendSampleEvents(writer);
say("events");
await writer.syncEvents();
await writeSampleFiles(writer, home);
say("files");
await writer.seal(seal);
say("sealed");
