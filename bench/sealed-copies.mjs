// @ts-check
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../packages/bundle-store/src/index.ts";
import { createEventChain } from "../packages/core-bundle/src/index.ts";

/** @param {string | Uint8Array} bytes */
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const atOnce = 16;

/**
 * Writes `count` sealed bundles beside the runs of `home`, each after one of these runs in turn and under a run id of its own: the same
 * content with the other id, events chained anew, digests and manifest of what is really there, written and sealed by the store's one writer.
 * @param {string} home @param {number} count
 */
export async function writeSealedCopies(home, count) {
  const store = openStore({ home });
  const originals = store.listRunDirectories();
  for (let from = 0; from < count; from += atOnce) {
    const numbers = Array.from({ length: Math.min(atOnce, count - from) }, (_, index) => from + index);
    await Promise.all(
      numbers.map((number) => writeCopy(store, originals[number % originals.length] ?? "", `copy-${number}`)),
    );
  }
}

/** @param {import("../packages/bundle-store/src/index.ts").Store} store @param {string} original @param {string} suffix */
async function writeCopy(store, original, suffix) {
  const originalId = /** @type {string} */ (JSON.parse(readFileSync(join(original, "run.json"), "utf8")).run_id);
  const runId = `${originalId}-${suffix}`;
  const read = (/** @type {string} */ path) => readFileSync(join(original, path), "utf8").replaceAll(originalId, runId);
  const run = JSON.parse(read("run.json"));
  const writer = await store.createRun({ runId, run: { ...run, lifecycle: "running" }, artifactBytes: 2 ** 30 });
  const seal = appendLines(writer, read);
  const own = ["events.ndjson", "events.normalized.jsonl", "trace.jsonl", "manifest.json", "report.json", "test.log"];
  const isLog = (/** @type {string} */ path) => path.startsWith("backend/") || path === "test.log";
  const paths = filesOf(original);
  for (const path of paths.filter(isLog)) {
    const log = writer.openLog(path);
    log.write(Buffer.from(read(path)));
    log.close();
  }
  if (paths.includes("patch.diff")) {
    const patch = join(store.root, "tmp", `${runId}.patch`);
    writeFileSync(patch, read("patch.diff"));
    await writer.adopt("patch.diff", patch);
  }
  const documents = paths.filter((path) => !own.includes(path) && !isLog(path) && path !== "patch.diff");
  await Promise.all(documents.map((path) => writer.writeDocument(path, read(path))));
  const report = JSON.parse(read("report.json"));
  const digests = new Map(writer.files().map((file) => [file.path, file.sha256]));
  for (const path of Object.keys(report.artifact_digests)) report.artifact_digests[path] = digests.get(path);
  await writer.writeDocument("report.json", report);
  await writer.seal(seal);
}

/** @param {import("../packages/bundle-store/src/index.ts").RunWriter} writer @param {(path: string) => string} read */
function appendLines(writer, read) {
  const lines = (/** @type {string} */ path) => read(path).split("\n").slice(0, -1);
  const events = lines("events.normalized.jsonl").map((line) => JSON.parse(line));
  const times = events.map(({ at }) => Date.parse(at));
  const chain = createEventChain({ runId: writer.runId, now: () => times.shift() ?? 0, sha256 });
  for (const { event, data } of events) writer.appendEvent(chain.append(event, data));
  for (const line of lines("events.ndjson")) writer.appendLive(`${line}\n`);
  for (const line of lines("trace.jsonl")) writer.appendTrace(`${line}\n`);
  return { eventCount: chain.count, chainHead: chain.head };
}

/** @param {string} directory */
function filesOf(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
}
