import type { Readable } from "node:stream";
import type { ChunkSink } from "./process-contract.ts";

/** Reads one output stream to its end: hands every chunk on, keeps the first `maxBytes`. */
export class OutputPump {
  readonly #stream: Readable;
  readonly #onChunk: ChunkSink | undefined;
  readonly #kept: Uint8Array[] = [];
  #room: number;
  #truncated = false;
  #inSink = false;
  #bytes = 0;
  /** Settles when the stream has ended or was cut; rejects with what the sink threw. */
  readonly done: Promise<void>;

  constructor(stream: Readable, maxBytes: number, onChunk: ChunkSink | undefined) {
    this.#stream = stream;
    this.#room = maxBytes;
    this.#onChunk = onChunk;
    this.done = this.#read();
  }

  /** True while the sink is at work on a chunk. */
  get inSink(): boolean {
    return this.#inSink;
  }

  /** How much has been read. */
  get bytes(): number {
    return this.#bytes;
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  /** The beginning of the stream. */
  get kept(): Uint8Array {
    return Buffer.concat(this.#kept);
  }

  /** Stops reading: somebody outside of the process group still holds the other end. */
  cut(): void {
    if (!this.#stream.readableEnded) this.#truncated = true;
    this.#stream.destroy();
  }

  async #read(): Promise<void> {
    try {
      for await (const chunk of this.#stream as AsyncIterable<Uint8Array>) {
        this.#bytes += chunk.length;
        this.#keep(chunk);
        if (this.#onChunk === undefined) continue;
        this.#inSink = true;
        await this.#onChunk(chunk);
        this.#inSink = false;
      }
    } catch (thrown) {
      if (this.#inSink) {
        this.#inSink = false;
        throw thrown;
      }
      // A stream that is cut or breaks off ends early; the kernel gives no other read errors on a pipe.
      this.#truncated = true;
    }
  }

  #keep(chunk: Uint8Array): void {
    if (chunk.length > this.#room) this.#truncated = true;
    if (this.#room === 0) return;
    const part = chunk.length > this.#room ? chunk.slice(0, this.#room) : chunk;
    this.#kept.push(part);
    this.#room -= part.length;
  }
}
