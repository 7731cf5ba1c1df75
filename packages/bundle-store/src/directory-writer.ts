import fs from "node:fs";
import path from "node:path";
import { createManifest } from "@cto/core-bundle";
import type { JsonObject } from "@cto/errors";
import { RUN_FILES, toCanonicalJson } from "@cto/evidence-interface";
import { removeMarker } from "./active-marker.ts";
import { openFlags, sha256, syncDirectory } from "./disk.ts";
import { appendLedger, withLedger, writeLatest } from "./ledger.ts";
import { type LineLog, openLineLog } from "./line-log.ts";
import { createArtifactBudget, type OpenRawLog, openRawLog } from "./raw-log.ts";
import { adoptFile, type Draft, digestFile, listRunTree, placeFile, taken, writeDraft } from "./run-tree.ts";
import type { CreateRunOptions, RunFile, RunLog, RunWriter, SealOptions, SealResult } from "./run-writer.ts";
import { isNoRoom, storeError, writeFailed } from "./store-error.ts";
import type { StorePlaces } from "./store-root.ts";

export interface DirectoryWriterOptions extends Omit<CreateRunOptions, "run"> {
  readonly places: StorePlaces;
  /** The stage's name, for the ledger. */
  readonly mode: string;
  /** True to go on in a directory that a dead process left. */
  readonly resume: boolean;
}

const lineLogs: readonly string[] = [RUN_FILES.events, RUN_FILES.live, RUN_FILES.trace];
const conclusions: readonly string[] = [
  RUN_FILES.report,
  RUN_FILES.reportText,
  RUN_FILES.review,
  RUN_FILES.reviewText,
  RUN_FILES.observerData,
  RUN_FILES.observerPage,
];

/** The writer of a run directory that exists. Its three line logs are opened at once and stay open until the seal. */
export class DirectoryWriter implements RunWriter {
  readonly runId: string;
  readonly directory: string;
  readonly events: LineLog;
  readonly live: LineLog;
  readonly #trace: LineLog;
  readonly #options: DirectoryWriterOptions;
  readonly #budget;
  readonly #files = new Map<string, RunFile>();
  readonly #logs = new Map<string, OpenRawLog>();
  readonly #reserve: string;
  #open = true;

  constructor(options: DirectoryWriterOptions) {
    const { places, runId, resume } = options;
    this.#options = options;
    this.runId = runId;
    this.directory = places.runDirectory(runId);
    this.#reserve = path.join(places.folder("tmp"), `${runId}.reserve`);
    this.#budget = createArtifactBudget(options.artifactBytes, () => options.onBudgetExceeded?.());
    if (resume) this.#takeOver();
    reserve(this.#reserve, options.reserveBytes ?? 1024 * 1024);
    const openLog = (name: string): LineLog => openLineLog(path.join(this.directory, name), name, resume);
    this.events = openLog(RUN_FILES.events);
    this.live = openLog(RUN_FILES.live);
    this.#trace = openLog(RUN_FILES.trace);
  }

  get budgetExceeded(): boolean {
    return this.#budget.exceeded;
  }

  async writeDocument(pointer: string, content: JsonObject | string | Uint8Array): Promise<RunFile> {
    const file = this.#place(pointer);
    const bytes = toBytes(content);
    const draft = await this.#withRoom(() => writeDraft(file, pointer, bytes));
    return this.#keep(draft.commit());
  }

  openLog(pointer: string): RunLog {
    const file = this.#place(pointer);
    if (this.#files.has(pointer)) throw taken(pointer);
    const log = openRawLog(file, pointer, this.#budget);
    this.#logs.set(pointer, log);
    return {
      write: (chunk) => log.write(chunk),
      get bytes() {
        return log.bytes;
      },
      get truncated() {
        return log.truncated;
      },
      close: () => this.#keep(log.close()),
    };
  }

  appendEvent(line: string): void {
    try {
      this.events.append(line);
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      this.releaseReserve();
      this.events.append(line);
    }
  }

  appendLive(line: string): boolean {
    const bytes = Buffer.byteLength(line);
    if (this.#budget.take(bytes) < bytes) return false;
    this.live.append(line);
    return true;
  }

  appendTrace(line: string): void {
    this.#trace.append(line);
  }

  async syncEvents(): Promise<void> {
    await this.#attempt(() => Promise.all([this.events.sync(), this.live.sync(), this.#trace.sync()]));
  }

  async adopt(pointer: string, absolutePath: string): Promise<RunFile> {
    const file = this.#place(pointer);
    const adopted = await this.#withRoom(() => adoptFile(absolutePath, file, pointer));
    this.#budget.take(adopted.bytes);
    return this.#keep(adopted);
  }

  files(): readonly RunFile[] {
    return [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  releaseReserve(): void {
    fs.rmSync(this.#reserve, { force: true });
  }

  async seal(options: SealOptions): Promise<SealResult> {
    this.#assertOpen();
    this.#open = false;
    this.releaseReserve();
    try {
      const files = this.#finishLogs();
      const manifest = Buffer.from(createManifest({ runId: this.runId, files, ...options }));
      const draft = await this.#syncAll(manifest);
      draft.commit();
      await this.#attempt(() =>
        Promise.all([syncDirectory(this.directory), syncDirectory(this.#options.places.folder("runs"))]),
      );
      const manifestSha256 = sha256(manifest);
      return { manifestSha256, files, notes: await this.#publish(manifestSha256) };
    } finally {
      this.release();
    }
  }

  abandon(): void {
    this.release();
    removeMarker(this.#options.places, this.runId);
  }

  /** Closes what is open and leaves the marker: the run stays unfinished. Idempotent. */
  release(): void {
    this.#open = false;
    this.releaseReserve();
    for (const log of [this.events, this.live, this.#trace]) log.close();
    for (const log of this.#logs.values()) log.release();
  }

  #finishLogs(): readonly RunFile[] {
    for (const log of this.#logs.values()) this.#keep(log.close());
    const lines = [
      { path: RUN_FILES.events, ...this.events.finish() },
      { path: RUN_FILES.live, ...this.live.finish() },
      { path: RUN_FILES.trace, ...this.#trace.finish() },
    ];
    return [...this.files(), ...lines];
  }

  /** The manifest's bytes go to the disk together with all others, but under a temporary name: only its rename comes last. */
  async #syncAll(manifest: Uint8Array): Promise<Draft> {
    const file = path.join(this.directory, RUN_FILES.manifest);
    const folders = listRunTree(this.directory).folders.map((folder) => path.join(this.directory, folder));
    const [draft, ...others] = await Promise.allSettled([
      writeDraft(file, RUN_FILES.manifest, manifest),
      this.syncEvents(),
      ...[...this.#logs.values()].map((log) => log.sync()),
      ...[this.directory, ...folders].map(syncDirectory),
    ]);
    if (draft.status === "rejected") throw draft.reason;
    const failed = others.find((other) => other.status === "rejected");
    if (failed === undefined) return draft.value;
    draft.value.discard();
    throw writeFailed(`runs/${this.runId}`, failed.reason);
  }

  #publish(manifestSha256: string): Promise<readonly string[]> {
    const { places, mode } = this.#options;
    return withLedger(places, async () => {
      const notes = await appendLedger(places, {
        kind: "sealed",
        run_id: this.runId,
        mode,
        manifest_sha256: manifestSha256,
      });
      writeLatest(places, this.runId);
      removeMarker(places, this.runId);
      return notes;
    });
  }

  /** What a dead writer concluded was never sealed and does not count: only what it observed is kept. */
  #takeOver(): void {
    const found = listRunTree(this.directory);
    const dropped = found.files.filter((pointer) => conclusions.includes(pointer));
    for (const name of [...found.temporary, ...dropped]) fs.rmSync(path.join(this.directory, name));
    const kept = found.files.filter((pointer) => !conclusions.includes(pointer) && !lineLogs.includes(pointer));
    for (const pointer of kept) this.#keep(digestOf(this.directory, pointer));
  }

  #place(pointer: string): string {
    this.#assertOpen();
    if (this.#logs.has(pointer)) throw taken(pointer);
    return placeFile(this.directory, pointer);
  }

  #keep(file: RunFile): RunFile {
    this.#files.set(file.path, file);
    return file;
  }

  async #withRoom<Result>(write: () => Promise<Result>): Promise<Result> {
    try {
      return await write();
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      this.releaseReserve();
      return write();
    }
  }

  async #attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw writeFailed(`runs/${this.runId}`, error);
    }
  }

  #assertOpen(): void {
    if (this.#open) return;
    throw storeError(
      "STORE_WRITER_CLOSED",
      `The run ${this.runId} is not being written any more.`,
      "Write everything before seal or abandon.",
    );
  }
}

function toBytes(content: JsonObject | string | Uint8Array): Uint8Array {
  if (content instanceof Uint8Array) return content;
  if (typeof content === "string") return Buffer.from(content);
  return Buffer.from(`${toCanonicalJson(content)}\n`);
}

/** Real blocks, not a hole: a sparse file would reserve nothing. */
function reserve(file: string, bytes: number): void {
  try {
    fs.rmSync(file, { force: true });
    fs.writeFileSync(file, Buffer.alloc(bytes, 0x2e), { flag: "wx", mode: 0o600 });
  } catch (error) {
    fs.rmSync(file, { force: true });
    throw writeFailed(path.basename(file), error);
  }
}

function digestOf(directory: string, pointer: string): RunFile {
  const fd = fs.openSync(path.join(directory, pointer), openFlags.read);
  try {
    return { path: pointer, ...digestFile(fd) };
  } finally {
    fs.closeSync(fd);
  }
}
