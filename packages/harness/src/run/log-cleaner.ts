const carryLimit = 8 * 1024;
// In a latin1 view of UTF-8: C0 controls but tab and newline, DEL, and the two-byte C1 controls.
const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f]|\u00c2[\u0080-\u009f]/g;
const carriageReturns = /\r\n?/g;

export interface LogCleanerOptions {
  readonly write: (chunk: Uint8Array) => void;
  /** Redacts secrets and places in a latin1 view of the bytes. */
  readonly hide: (latin1: string) => string;
}

/**
 * Cleans raw output on its way into a log: terminal escapes and other control bytes become `?`, carriage returns become line ends, and `hide`
 * sees whole lines, also across chunk borders (up to 8 KiB without a line end). All other bytes stay as they are.
 */
export function createLogCleaner({ write, hide }: LogCleanerOptions): { write(chunk: Uint8Array): void; end(): void } {
  let carry = "";
  const flush = (text: string): void => {
    if (text !== "") write(Buffer.from(hide(text.replace(carriageReturns, "\n").replace(unsafe, "?")), "latin1"));
  };
  return {
    write(chunk) {
      const text = carry + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
      const lineEnd = text.lastIndexOf("\n") + 1;
      const cut = Math.max(lineEnd, text.length - carryLimit);
      carry = text.slice(cut);
      flush(text.slice(0, cut));
    },
    end() {
      flush(carry);
      carry = "";
    },
  };
}
