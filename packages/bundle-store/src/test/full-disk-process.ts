import { CtoError } from "@cto/errors";
import { openStore, verifyRunDirectory } from "../index.ts";
import { appendSampleEvents, appendSampleLogs, startSampleRun, writeSampleFiles } from "./sample-run.ts";

/** Fills the disk (or a log up to the file-size limit) with a raw log, then ends the run: `<home> <reserve bytes>`. Prints what happened as JSON. */
const [home = "", reserveBytes = "0"] = process.argv.slice(2);
const store = openStore({ home });
const writer = await startSampleRun(store, "full", { artifactBytes: 1e12, reserveBytes: Number(reserveBytes) });
appendSampleLogs(writer);
const log = writer.openLog("backend/flood.log");

function refusal(thrown: unknown): unknown {
  return CtoError.is(thrown) ? { code: thrown.code, system: thrown.details.system } : String(thrown);
}

const seen: Record<string, unknown> = {};
try {
  for (;;) log.write(Buffer.alloc(10_000, 0x61));
} catch (error) {
  seen.write = refusal(error);
}
seen.truncated = log.truncated;
log.close();
try {
  const seal = appendSampleEvents(writer);
  await writeSampleFiles(writer, home);
  await writer.seal(seal);
} catch (error) {
  seen.seal = refusal(error);
  writer.abandon();
}
seen.verdict = verifyRunDirectory(writer.directory).verdict;
seen.status = store.listRuns()[0]?.status;
process.stdout.write(JSON.stringify(seen));
