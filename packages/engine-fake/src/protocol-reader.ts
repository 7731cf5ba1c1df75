import * as z from "zod";
import { fakeActions } from "./fake-script.ts";

const eventSchema = z.discriminatedUnion("event", [
  z.object({ fake: z.literal("v1"), event: z.literal("step"), n: z.int().min(1), action: z.string() }),
  z.object({ fake: z.literal("v1"), event: z.literal("claim"), claims: fakeActions.claim }),
  z.object({ fake: z.literal("v1"), event: z.literal("done") }),
  z.object({
    fake: z.literal("v1"),
    event: z.literal("failed"),
    reason: fakeActions.fail.shape.reason,
    message: fakeActions.fail.shape.message,
  }),
]);

/** One line of the fake's protocol. `done` and `failed` are terminal. */
export type FakeEvent = z.infer<typeof eventSchema>;

/** Reads a protocol out of a stream of bytes; all other lines are noise. */
export interface ProtocolReader {
  push(chunk: Uint8Array): void;
  /** To be called once, when the stream has ended. */
  end(): void;
}

export interface ProtocolReaderOptions {
  readonly onEvent: (event: FakeEvent) => void;
  /** A line that begins like the protocol and is not a line of it. */
  readonly onFault: (message: string) => void;
}

const LF = 10;
const MAX_LINE_BYTES = 1024 * 1024;
const lineStart = Buffer.from('\n{"fake":');

/**
 * A reader of the fake's standard output: lines end in LF only, a protocol line begins with `{"fake":` and has at most 1 MiB, everything
 * else (noise, invalid UTF-8, endless lines) is passed over in constant memory and at the speed of a byte search.
 */
export function createProtocolReader(options: ProtocolReaderOptions): ProtocolReader {
  // A line may begin in one chunk and go on in the next: either the parts of an open protocol line are kept, or the end of the noise.
  let parts: Buffer[] = [];
  let heldBytes = 0;
  let noiseEnd = Buffer.from("\n");

  const drop = (): void => {
    parts = [];
    heldBytes = 0;
  };
  const hold = (part: Uint8Array): void => {
    // A copy: the owner of the chunk may use its memory again.
    parts.push(Buffer.from(part));
    heldBytes += part.length;
    if (heldBytes <= MAX_LINE_BYTES) return;
    options.onFault("a protocol line is longer than 1 MiB");
    drop();
    noiseEnd = Buffer.alloc(0);
  };
  const search = (chunk: Buffer): void => {
    let bytes = chunk;
    for (let start = bytes.indexOf(lineStart); start !== -1; start = bytes.indexOf(lineStart)) {
      const end = bytes.indexOf(LF, start + 1);
      if (end === -1) {
        hold(bytes.subarray(start + 1));
        return;
      }
      readLine(bytes.subarray(start + 1, end), options);
      bytes = bytes.subarray(end);
    }
    noiseEnd = Buffer.from(bytes.subarray(1 - lineStart.length));
  };

  return {
    push(chunk) {
      if (heldBytes === 0) {
        search(Buffer.concat([noiseEnd, chunk]));
        return;
      }
      const end = chunk.indexOf(LF);
      if (end === -1) {
        hold(chunk);
        return;
      }
      readLine(Buffer.concat([...parts, chunk.subarray(0, end)]), options);
      drop();
      search(Buffer.from(chunk.subarray(end)));
    },
    end() {
      if (heldBytes > 0) options.onFault("the last protocol line was cut off");
    },
  };
}

function readLine(line: Uint8Array, options: ProtocolReaderOptions): void {
  const parsed = eventSchema.safeParse(parseJson(new TextDecoder().decode(line)));
  if (parsed.success) options.onEvent(parsed.data);
  else options.onFault("a line begins like the protocol but is not a line of it");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
