import path from "node:path";
import { createManifest } from "@cto/core-bundle";
import { type JsonObject, messageOf } from "@cto/errors";
import { RUN_FILES, toCanonicalJson } from "@cto/evidence-interface";
import { releaseMarker, removeMarker } from "./active-marker.ts";
import { sha256, syncDirectory } from "./disk.ts";
import { type LineLog, openLineLog } from "./line-log.ts";
import { publishRun } from "./publish-run.ts";
import { createArtifactBudget, type OpenRawLog, openRawLog } from "./raw-log.ts";
import { giveRoomBack, reserveRoom } from "./reserved-room.ts";
import { adoptFile, type Draft, listRunTree, placeFile, taken, writeDraft } from "./run-tree.ts";
import type { CreateRunOptions, RunFile, RunLog, RunWriter, SealOptions, SealResult } from "./run-writer.ts";
import { isNoRoom, storeError, writeFailed } from "./store-error.ts";
import type { StorePlaces } from "./store-root.ts";
import { setAside, takeOverDirectory } from "./take-over-directory.ts";

export interface DirectoryWriterOptions extends Omit<CreateRunOptions, "run"> {
  readonly places: StorePlaces;
  /** The stage's name, for the ledger. */
  readonly mode: string;
  /** True to go on in a directory that a dead process left. */
  readonly resume: boolean;
}

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
  readonly #left = new Set<string>();
  readonly #logs = new Map<string, OpenRawLog>();
  #open = true;
  #isSealed = false;

  constructor(options: DirectoryWriterOptions) {
    const { places, runId, resume } = options;
    this.#options = options;
    this.runId = runId;
    this.directory = places.runDirectory(runId);
    this.#budget = createArtifactBudget(options.artifactBytes, () => options.onBudgetExceeded?.());
    for (const file of resume ? takeOverDirectory(this.directory) : []) this.#left.add(this.#keep(file).path);
    reserveRoom(places.reserveFile(runId), options.reserveBytes ?? 1024 * 1024);
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
    const draft = await this.#withRoom(async () => {
      await this.#makeWay(pointer);
      return writeDraft(file, pointer, bytes);
    });
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
    if (this.#files.has(pointer)) throw taken(pointer);
    const adopted = await this.#withRoom(() => adoptFile(absolutePath, file, pointer));
    this.#budget.take(adopted.bytes);
    return this.#keep(adopted);
  }

  files(): readonly RunFile[] {
    return [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  releaseReserve(): void {
    giveRoomBack(this.#options.places.reserveFile(this.runId));
  }

  /** Everything that may throw comes before the commit. */
  async seal(options: SealOptions): Promise<SealResult> {
    this.#assertOpen();
    this.#open = false;
    this.releaseReserve();
    try {
      const files = this.#finishLogs();
      const manifest = Buffer.from(createManifest({ runId: this.runId, files, ...options }));
      const draft = await this.#syncAll(manifest);
      this.release();
      draft.commit();
      this.#isSealed = true;
      const manifestSha256 = sha256(manifest);
      return { manifestSha256, files, notes: await this.#publish(manifestSha256) };
    } finally {
      this.release();
    }
  }

  abandon(): void {
    this.release();
    if (!this.#isSealed) removeMarker(this.#options.places, this.runId);
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
    const folders = this.#folders();
    const [draft, ...others] = await Promise.allSettled([
      writeDraft(file, RUN_FILES.manifest, manifest),
      this.syncEvents(),
      ...[...this.#logs.values()].map((log) => log.sync()),
      ...folders.map(syncDirectory),
    ]);
    if (draft.status === "rejected") throw draft.reason;
    const failed = others.find((other) => other.status === "rejected");
    if (failed === undefined) return draft.value;
    draft.value.discard();
    throw writeFailed(`runs/${this.runId}`, failed.reason);
  }

  #folders(): readonly string[] {
    try {
      return ["", ...listRunTree(this.directory).folders].map((folder) => path.join(this.directory, folder));
    } catch (error) {
      throw writeFailed(`runs/${this.runId}`, error);
    }
  }

  /** From here on the run is sealed, whatever happens: a failure is told, and the marker stays for the next command. */
  async #publish(manifestSha256: string): Promise<readonly string[]> {
    const { places, mode, resume } = this.#options;
    try {
      const run = { runId: this.runId, mode, manifestSha256, mayBeListed: false, recovered: resume };
      return await publishRun(places, run);
    } catch (error) {
      releaseMarker(places, this.runId);
      return [
        `The run is sealed, but it could not be entered in ledger and latest.json: ${messageOf(error)} The next command that looks for unfinished runs tries again.`,
      ];
    }
  }

  /** What a dead writer observed is never overwritten; `run.json` says the same and more when it is written anew. */
  async #makeWay(pointer: string): Promise<void> {
    if (!this.#left.has(pointer) || pointer === RUN_FILES.run) return;
    await setAside(this.#options.places, this.runId, pointer);
    this.#left.delete(pointer);
    this.#files.delete(pointer);
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
