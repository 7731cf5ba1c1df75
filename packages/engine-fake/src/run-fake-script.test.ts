import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSession, executable, spawnReplay } from "./__fixtures__/session.ts";
import { createFakeEngine } from "./index.ts";

const engine = createFakeEngine({ executable });
const done = '{"fake":"v1","event":"done"}\n';
const exited = (code: number) => ({ kind: "exited", code }) as const;

/** How a run of one step ends when these bytes arrive. */
function replay(chunks: readonly Uint8Array[], end: Parameters<typeof spawnReplay>[1] = exited(0)) {
  return engine.doRun(createSession([{ sleep: 0 }], spawnReplay(chunks, end)).session);
}
const replayText = (text: string, end?: Parameters<typeof spawnReplay>[1]) => replay([Buffer.from(text)], end);

describe("doRun on bytes of any kind", () => {
  it.each([
    ["JSON that is cut", `{"fake":"v1","event":"do\n${done}`],
    ["another version", `{"fake":"v2","event":"done"}\n`],
    ["an unknown event", `{"fake":"v1","event":"maybe"}\n${done}`],
    ["claims of another shape", `{"fake":"v1","event":"claim","claims":{"files":"all"}}\n${done}`],
    ["an unknown reason", `{"fake":"v1","event":"failed","reason":"tired","message":"m"}\n`],
    ["a step that is not in the script", `{"fake":"v1","event":"step","n":2,"action":"sleep"}\n${done}`],
    ["a step under another name", `{"fake":"v1","event":"step","n":1,"action":"write"}\n${done}`],
    ["a word after the terminal event", `${done}${done}`],
    ["a last line without its end", done.trim()],
    ["an endless line", `{"fake":"v1",${" ".repeat(2 ** 20)}\n${done}`],
  ])("is a protocol error on %s", async (_, text) => {
    expect(await replayText(text)).toMatchObject({ kind: "protocol-error", end: exited(0) });
  });

  it("trusts the process's end more than its words", async () => {
    expect(await replayText(done, exited(5))).toMatchObject({ kind: "crashed", terminal_event_seen: true });
    expect(await replayText(done, { kind: "signaled", signal: "SIGSEGV" })).toMatchObject({ kind: "crashed" });
    expect(await replayText(done, { kind: "timed-out" })).toMatchObject({
      kind: "timed-out",
      terminal_event_seen: true,
    });
    expect(await replayText("", { kind: "not-started", reason: "command-not-found" })).toMatchObject({
      kind: "crashed",
      message: "the fake did not start: command-not-found",
    });
  });

  it("reads the same out of a stream however it is cut into chunks", async () => {
    const claim = `{"fake":"v1","event":"claim","claims":{"summary":"\u2028ü"}}\n`;
    const whole = Buffer.concat([
      Buffer.from("noise\n"),
      Buffer.from([255, 10]),
      Buffer.from(`{"fak\n${claim}\n\n${done}`),
    ]);
    const cuts = fc.uniqueArray(fc.integer({ min: 0, max: whole.length }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(cuts, async (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), whole.length];
        const chunks = edges.slice(1).map((edge, index) => whole.subarray(edges[index], edge));
        const outcome = await replay(chunks);
        expect(outcome).toEqual({
          kind: "completed",
          end: exited(0),
          terminal_event_seen: true,
          claims: { summary: "\u2028ü" },
        });
      }),
    );
  });

  it("never throws, whatever arrives", async () => {
    const line = fc.oneof(
      fc.uint8Array(),
      fc
        .constantFrom(done, '{"fake":', '{"fake":"v1","event":"step","n":1,"action":"sleep"}\n', "\n")
        .map((text) => Buffer.from(text)),
      fc.json().map((text) => Buffer.from(`{"fake":"v1","event":${text}}\n`)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line), async (chunks) => {
        const outcome = await replay(chunks);
        expect(["completed", "protocol-error", "failed"]).toContain(outcome.kind);
      }),
    );
  });
});
