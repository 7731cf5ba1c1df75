import { liveEventSchema } from "@cto/evidence-interface";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLiveLog } from "./index.ts";

const stream = { id: "engine", kind: "terminal", transport: "ndjson", title: "fake" } as const;
const createLog = (previousCount = 0) => createLiveLog({ runId: "run-1", now: () => 0, previousCount });

describe("createLiveLog", () => {
  it("announces a stream and numbers its lines", () => {
    const log = createLog();
    expect(JSON.parse(log.open(stream))).toEqual({
      schema: "cto.live-event.v1",
      seq: 1,
      at: "1970-01-01T00:00:00.000Z",
      run_id: "run-1",
      stream: "engine",
      kind: "stream.opened",
      data: stream,
    });
    expect(JSON.parse(log.append("engine", "message", { text: "hello" }))).toMatchObject({
      seq: 2,
      data: { text: "hello" },
    });
    expect([log.count, log.streams]).toEqual([2, [stream]]);
    expect(JSON.parse(createLog(7).open(stream)).seq).toBe(8);
  });

  it("refuses a stream that is not open, or opened twice", () => {
    const log = createLog();
    const refused = expect.objectContaining({ code: "BUNDLE_LIVE_STREAM" });
    expect(() => log.append("engine", "message", {})).toThrowError(refused);
    log.open(stream);
    expect(() => log.open(stream)).toThrowError(refused);
    expect(log.count).toBe(1);
  });

  it("makes one valid, bounded, clean line of whatever an adapter emits", () => {
    const log = createLog();
    log.open(stream);
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.dictionary(
          fc.string({ unit: "binary" }),
          fc.anything({ withBigInt: true, withDate: true, withTypedArray: true }),
        ),
        (kind, data) => {
          const line = log.append("engine", kind, data);
          expect(line.indexOf("\n")).toBe(line.length - 1);
          expect(line).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
          expect(liveEventSchema.safeParse(JSON.parse(line)).error).toBeUndefined();
          expect(line.length).toBeLessThan(100_000);
        },
      ),
    );
  });

  it("turns what JSON cannot hold into something that it can", () => {
    const log = createLog();
    log.open(stream);
    const cyclic: Record<string, unknown> = { name: "loop" };
    cyclic.self = cyclic;
    const line = log.append("engine", "note", {
      none: undefined,
      list: [undefined, Number.NaN],
      big: 1n,
      bytes: new Uint8Array(3),
      call: () => 1,
      lone: "\ud800",
      cyclic,
      __proto__: null,
    });
    const { cyclic: nested, ...rest } = JSON.parse(line).data;
    expect(rest).toEqual({ list: [null, null], big: "1", bytes: "[3 bytes]", lone: "\ufffd" });
    expect(JSON.stringify(nested)).toContain("[cut: too deep]");
  });

  it("cuts long strings and large data", () => {
    const log = createLog();
    log.open(stream);
    expect(JSON.parse(log.append("engine", "note", { text: "x".repeat(10_000) })).data.text).toBe(
      `${"x".repeat(8192)}[cut: 1808 more characters]`,
    );
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`key-${index}`, "y".repeat(100)]));
    const data = JSON.parse(log.append("engine", "note", many)).data;
    expect(data.cut).toBe(true);
    expect(Object.keys(data).length).toBeLessThan(1000);
  });
});
