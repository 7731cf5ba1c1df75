import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunWriter, SealOptions, Store } from "@cto/bundle-store";
import { createEventChain } from "@cto/core-bundle";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const ownFiles = [
  "events.ndjson",
  "events.normalized.jsonl",
  "trace.jsonl",
  "manifest.json",
  "report.json",
  "patch.diff",
];

/** Seals a bundle that says of another run id all that a run says of its own, with events, digests and manifest made anew: what a forger would do. */
export async function copyRun(store: Store, originalId: string, runId: string): Promise<void> {
  const original = join(store.root, "runs", originalId);
  const read = (path: string): string => readFileSync(join(original, path), "utf8").replaceAll(originalId, runId);
  const run = { ...JSON.parse(read("run.json")), lifecycle: "running" };
  const writer = await store.createRun({ runId, run, artifactBytes: 2 ** 30 });
  const seal = appendLines(writer, read);
  const paths = filesOf(original);
  const isLog = (path: string): boolean => path.startsWith("backend/") || path === "test.log";
  for (const path of paths.filter(isLog)) {
    const log = writer.openLog(path);
    log.write(Buffer.from(read(path)));
    log.close();
  }
  const patch = join(store.root, "tmp", `${runId}.patch`);
  writeFileSync(patch, read("patch.diff"));
  await writer.adopt("patch.diff", patch);
  for (const path of paths) if (!isLog(path) && !ownFiles.includes(path)) await writer.writeDocument(path, read(path));
  const report = JSON.parse(read("report.json"));
  const digests = new Map(writer.files().map((file) => [file.path, file.sha256]));
  for (const path of Object.keys(report.artifact_digests)) report.artifact_digests[path] = digests.get(path);
  await writer.writeDocument("report.json", report);
  await writer.seal(seal);
}

function appendLines(writer: RunWriter, read: (path: string) => string): SealOptions {
  const linesOf = (path: string): readonly string[] => read(path).split("\n").slice(0, -1);
  const events = linesOf("events.normalized.jsonl").map((line) => JSON.parse(line));
  const times = events.map(({ at }) => Date.parse(at));
  const chain = createEventChain({ runId: writer.runId, now: () => times.shift() ?? 0, sha256 });
  for (const { event, data } of events) writer.appendEvent(chain.append(event, data));
  for (const line of linesOf("events.ndjson")) writer.appendLive(`${line}\n`);
  for (const line of linesOf("trace.jsonl")) writer.appendTrace(`${line}\n`);
  return { eventCount: chain.count, chainHead: chain.head };
}

function filesOf(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
}
