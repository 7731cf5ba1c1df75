import fc from "fast-check";
import { expect, it } from "vitest";
import { createLogCleaner } from "./log-cleaner.ts";
import { createPlaceHider } from "./place-hider.ts";

function clean(chunks: readonly Uint8Array[]): string {
  const parts: Uint8Array[] = [];
  const cleaner = createLogCleaner({
    write: (chunk) => parts.push(Uint8Array.from(chunk)),
    hide: createPlaceHider().bytes,
  });
  for (const chunk of chunks) cleaner.write(chunk);
  cleaner.end();
  return Buffer.concat(parts).toString("latin1");
}

it("control bytes go, line ends stay, other bytes are untouched", () => {
  expect(clean([Buffer.from("a\u001b[2Jb\r\nc\rd\te\u0085\n")])).toBe("a?[2Jb\nc\nd\te?\n");
  expect(clean([Buffer.from([0xff, 0x41, 0xc3, 0xa4])])).toBe(Buffer.from([0xff, 0x41, 0xc3, 0xa4]).toString("latin1"));
});

it("the result does not depend on where the chunks are cut, also within a secret and within a line end", () => {
  const secret = ["gh", "p_", "b".repeat(36)].join("");
  const text = Buffer.from(`start ${secret} \u001b]0;x\u0007 end\r\nnext ${"y".repeat(300)} ${secret}\r\r\nlast`);
  const whole = clean([text]);
  expect(whole).not.toContain(secret);
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), text.length];
      expect(clean(at.slice(1).map((end, index) => text.subarray(at[index], end)))).toBe(whole);
    }),
  );
});
