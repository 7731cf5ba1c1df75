import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createOutputTail } from "./output-tail.ts";

describe("createOutputTail", () => {
  it("is empty before anything came", () => {
    expect(createOutputTail(10).text()).toBe("");
  });

  it("keeps all of a short stream", () => {
    const tail = createOutputTail(100);
    for (const part of ["one\n", "", "zwei ü\n"]) tail.add(Buffer.from(part));
    expect(tail.text()).toBe("one\nzwei ü\n");
  });

  it("keeps the end of a long stream: enough, and at most one chunk more", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{0,30}$/)), fc.integer({ min: 1, max: 80 }), (parts, bytes) => {
        const tail = createOutputTail(bytes);
        for (const part of parts) tail.add(Buffer.from(part));
        const whole = parts.join("");
        const kept = tail.text();
        expect(whole.endsWith(kept)).toBe(true);
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(bytes, whole.length));
        expect(kept.length).toBeLessThan(bytes + 30);
      }),
    );
  });

  it("keeps its own copy: the reader may use its buffer again", () => {
    const tail = createOutputTail(10);
    const buffer = Buffer.from("abc");
    tail.add(buffer);
    buffer.fill("x");
    expect(tail.text()).toBe("abc");
  });
});
