/** One of the process's output streams. It may break under the writer: a closed pipe, a full disk, a terminal that is gone. */
export interface Output {
  /** Writes, as long as the stream takes it. Never throws. */
  write(text: string): void;
  /** Settles when all of it is written: null, or the system's code of what broke the stream, such as EPIPE. */
  settled(): Promise<string | null>;
}

/** Guards a stream of the process. Its errors end here, so that a reader who leaves does not end the work. */
export function createOutput(stream: NodeJS.WriteStream): Output {
  let broken: string | null = null;
  let last = Promise.resolve();
  const breakOff = (error: unknown) => {
    broken ??= (error as NodeJS.ErrnoException).code ?? "unknown reason";
  };
  stream.on("error", breakOff);
  return {
    write(text) {
      if (broken !== null) return;
      last = new Promise((resolve) => {
        const done = (error?: Error | null) => {
          if (error) breakOff(error);
          resolve();
        };
        // Some versions of Node throw what a file refuses.
        try {
          stream.write(text, done);
        } catch (error) {
          done(error as Error);
        }
      });
    },
    async settled() {
      await last;
      return broken;
    },
  };
}
