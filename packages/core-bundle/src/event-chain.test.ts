import crypto from "node:crypto";
import { EVENT_ORDER, type EventName, governedEventSchema } from "@cto/evidence-interface";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventChain } from "./index.ts";

const sha256 = (text: string): string => crypto.createHash("sha256").update(text).digest("hex");
const start = Date.parse("2026-11-20T06:01:00.000Z");
const createChain = (previous: readonly string[] = [], now = () => start) =>
  createEventChain({ runId: "run-1", now, sha256, previous });
const refused = (code: string) => expect.objectContaining({ code });

describe("createEventChain", () => {
  it("writes canonical lines that are numbered and chained", () => {
    const chain = createChain();
    expect([chain.count, chain.head, chain.last]).toEqual([0, "0".repeat(64), null]);
    const first = chain.append("run.started", { b: 1, a: "x" });
    expect(first).toBe(
      `{"at":"2026-11-20T06:01:00.000Z","data":{"a":"x","b":1},"event":"run.started","prev":"${"0".repeat(64)}","run_id":"run-1","schema":"cto.event.v1","seq":1}\n`,
    );
    const second = JSON.parse(chain.append("run.completed", {}));
    expect(second).toMatchObject({ seq: 2, prev: sha256(first.trimEnd()) });
    expect([chain.count, chain.last]).toEqual([2, "run.completed"]);
  });

  it("holds the last time stamp while the clock goes back", () => {
    const times = [start + 5, start, start + 4, start + 9];
    const chain = createChain([], () => times.shift() ?? 0);
    const events: readonly EventName[] = [
      "run.started",
      "task.contract.created",
      "eligibility.decided",
      "run.completed",
    ];
    const stamps = events.map((event) => JSON.parse(chain.append(event, {})).at);
    expect(stamps.map((at) => Date.parse(at) - start)).toEqual([5, 5, 5, 9]);
  });

  it("accepts any rising sequence that begins with run.started, and nothing else", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENT_ORDER), { maxLength: 6 }), (events) => {
        const chain = createChain();
        let last = -1;
        for (const event of events) {
          const rank = EVENT_ORDER.indexOf(event);
          const again = rank === last && event === "backend.gate.blocked";
          const isBoth = event === "approval.denied" && EVENT_ORDER[last] === "approval.granted";
          const isAllowed = last === -1 ? rank === 0 : (rank > last || again) && !isBoth;
          if (isAllowed) {
            expect(governedEventSchema.safeParse(JSON.parse(chain.append(event, {}))).success).toBe(true);
            last = rank;
          } else expect(() => chain.append(event, {})).toThrowError(refused("BUNDLE_EVENT_ORDER"));
        }
      }),
    );
  });

  it("goes on behind the lines of a dead process exactly as if it had not died", () => {
    const whole = createChain();
    const events: readonly EventName[] = ["run.started", "plan.updated", "engine.started", "run.completed"];
    const lines = events.map((event) => whole.append(event, { event }));
    for (let cut = 0; cut <= 3; cut += 1) {
      const resumed = createChain(lines.slice(0, cut), () => 0);
      const rest = events.slice(cut).map((event) => resumed.append(event, { event }));
      if (cut > 0) expect(rest).toEqual(lines.slice(cut));
      expect(resumed.count).toBe(4);
    }
  });

  it("refuses to go on behind a line that is not the last event of this run", () => {
    const line = createChain().append("run.started", {});
    for (const wrong of ["rubbish\n", "{}\n", line.replace("run-1", "run-2"), line.replace('"seq":1', '"seq":2')]) {
      expect(() => createChain([wrong])).toThrowError(refused("BUNDLE_EVENT_LINE"));
    }
    expect(() => createChain([line, line])).toThrowError(refused("BUNDLE_EVENT_LINE"));
  });

  it("cleans what an engine may have put into the data, and keeps a line below 1 MiB", () => {
    const chain = createChain();
    const line = chain.append("run.started", {
      text: "a\u001b[31m\u202eb",
      token: `x ghp_${"a".repeat(36)} y`,
      long: "z".repeat(9000),
    });
    expect(JSON.parse(line).data).toEqual({
      text: "a\ufffd[31m\ufffdb",
      token: "x [redacted:github-token] y",
      long: `${"z".repeat(8192)}[cut: 808 more characters]`,
    });
    const flood = createChain().append("run.started", {
      list: Array.from({ length: 100_000 }, () => '\u{10ffff}"\\'.repeat(50)),
    });
    expect(Buffer.byteLength(flood)).toBeLessThan(1024 * 1024);
    expect(JSON.parse(flood).data.list.at(-1)).toMatch(/^\[cut: \d+ more\]$/);
  });
});
