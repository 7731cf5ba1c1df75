import fc from "fast-check";
import { expect, test } from "vitest";
import { createRecordSplitter } from "./index.ts";

test("gives the same records however the stream is cut into chunks", () => {
  const record = fc.uint8Array({ maxLength: 6 }).map((bytes) => bytes.map((byte) => (byte === 0 ? 1 : byte)));
  fc.assert(
    fc.property(fc.array(record), fc.array(fc.nat({ max: 5 })), (records, cuts) => {
      const stream = Buffer.concat(records.flatMap((bytes) => [bytes, new Uint8Array(1)]));
      const seen: string[] = [];
      const splitter = createRecordSplitter((bytes) => seen.push(Buffer.from(bytes).toString("hex")));
      let at = 0;
      for (const cut of cuts) {
        splitter.push(stream.subarray(at, at + cut));
        at += cut;
      }
      splitter.push(stream.subarray(at));
      splitter.end();
      expect(seen).toEqual(records.map((bytes) => Buffer.from(bytes).toString("hex")));
    }),
  );
});

test("hands out what stands after the last terminator", () => {
  const seen: string[] = [];
  const splitter = createRecordSplitter((bytes) => seen.push(Buffer.from(bytes).toString()), 10);
  splitter.push(Buffer.from("one\ntw"));
  splitter.push(Buffer.from("o"));
  splitter.end();
  expect(seen).toEqual(["one", "two"]);
});
